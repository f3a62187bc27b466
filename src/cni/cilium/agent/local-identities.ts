/** Identities of prefixes outside the cluster: numbered by each node for itself. Models pkg/identity/cache/local.go and pkg/ipcache/metadata.go. */
import { type Prefix, parsePrefix, prefixCovers } from "../../../policy/cidr.ts"
import { LabelSet } from "../../../policy/labels.ts"
import type { PolicyRepository } from "../../../policy/repository.ts"
import type { Ipcache } from "./ipcache.ts"

/** IdentityScopeLocal: 1 << 24; the first one that is given out is the next. */
const FIRST = 16777217
const WORLD = 2

interface LocalIdentity {
  readonly id: number
  readonly labels: LabelSet
  users: number
}

export class LocalIdentities {
  readonly #repository: PolicyRepository
  readonly #ipcache: Ipcache
  /** Labels by prefix and who asked for them. */
  readonly #wanted = new Map<string, Map<string, readonly string[]>>()
  readonly #current = new Map<string, LocalIdentity>()
  readonly #bySet = new Map<string, LocalIdentity>()
  #next = FIRST

  constructor(repository: PolicyRepository, ipcache: Ipcache) {
    this.#repository = repository
    this.#ipcache = ipcache
  }

  /** In order of their numbers. */
  get list(): readonly LocalIdentity[] {
    return [...this.#bySet.values()].sort((a, b) => a.id - b.id)
  }

  labels(id: number): LabelSet | undefined {
    return this.list.find((identity) => identity.id === id)?.labels
  }

  /** These prefixes, and no others, are mentioned by policies. */
  setPolicyPrefixes(prefixes: readonly string[]): void {
    const wanted = new Set(prefixes)
    for (const [prefix, owners] of [...this.#wanted])
      if (owners.has("policy") && !wanted.has(prefix)) this.delete("policy", prefix)
    for (const prefix of wanted)
      if (this.#wanted.get(prefix)?.has("policy") !== true) this.set("policy", prefix, [`cidr:${prefix}`])
  }

  /** `owner` says that a prefix has these labels (`cidr:…`, `fqdn:…`); it is of the world in any case. */
  set(owner: string, prefix: string, labels: readonly string[]): void {
    const owners = this.#wanted.get(prefix) ?? new Map<string, readonly string[]>()
    owners.set(owner, labels)
    this.#wanted.set(prefix, owners)
    this.#refresh(prefix)
  }

  delete(owner: string, prefix: string): void {
    const owners = this.#wanted.get(prefix)
    if (owners?.delete(owner) !== true) return
    if (owners.size === 0) this.#wanted.delete(prefix)
    this.#refresh(prefix)
  }

  /** A prefix's labels say something of the narrower prefixes within it, too. */
  #refresh(changed: string): void {
    const outer = parsePrefix(changed)
    if (outer === undefined) return
    this.#update(changed)
    for (const prefix of this.#wanted.keys()) {
      const inner = parsePrefix(prefix)
      if (prefix !== changed && inner !== undefined && prefixCovers(outer, inner)) this.#update(prefix)
    }
  }

  #update(prefix: string): void {
    const old = this.#current.get(prefix)
    const labels = this.#labelsOf(prefix)
    if (old?.labels.text === labels?.text) return
    const identity = labels === undefined ? undefined : this.#take(labels)
    if (identity === undefined) {
      this.#current.delete(prefix)
      this.#ipcache.delete(prefix, "generated")
    } else {
      this.#current.set(prefix, identity)
      this.#ipcache.upsert(prefix, "generated", { identity: identity.id, origin: "a policy's CIDR or FQDN" })
    }
    if (old !== undefined) this.#release(old)
  }

  #labelsOf(prefix: string): LabelSet | undefined {
    const owners = this.#wanted.get(prefix)
    if (owners === undefined) return undefined
    const own = [...owners.values()].flat()
    const parsed = parsePrefix(prefix)
    const labels = own.some((label) => label.startsWith("cidr:")) ? own : [...own, ...this.#inherited(parsed)]
    // The prefix of everything is the world itself.
    return new LabelSet([...labels.filter((label) => !label.endsWith("/0")), "reserved:world"])
  }

  /** The label of the narrowest prefix around. */
  #inherited(inner: Prefix | undefined): string[] {
    let narrowest: Prefix | undefined
    let label: string[] = []
    for (const [text, owners] of this.#wanted) {
      const outer = parsePrefix(text)
      if (inner === undefined || outer === undefined || !owners.has("policy") || !prefixCovers(outer, inner)) continue
      if (narrowest !== undefined && outer.bits <= narrowest.bits) continue
      narrowest = outer
      label = [`cidr:${text}`]
    }
    return label
  }

  #take(labels: LabelSet): LocalIdentity {
    const known = this.#bySet.get(labels.text)
    if (known !== undefined) {
      known.users++
      return known
    }
    const world = labels.labels.length === 1
    const identity = { id: world ? WORLD : this.#next++, labels, users: 1 }
    this.#bySet.set(labels.text, identity)
    if (!world) this.#repository.addIdentity(identity.id, labels)
    return identity
  }

  #release(identity: LocalIdentity): void {
    if (--identity.users > 0) return
    this.#bySet.delete(identity.labels.text)
    if (identity.id !== WORLD) this.#repository.removeIdentity(identity.id)
  }
}
