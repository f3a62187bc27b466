/** All rules of a cluster, by the object they came from, and the identities they select. Models pkg/policy/repository.go. */
import type { EnforcementMode, NamedPorts, Repository, Subject } from "./api.ts"
import { formatPrefix } from "./cidr.ts"
import { EndpointPolicy } from "./endpoint-policy.ts"
import type { DnsRule } from "./l7/rules.ts"
import { compareBytes, type LabelSet } from "./labels.ts"
import { type ResolveOptions, resolveFilters } from "./resolve.ts"
import { originKey, type Rule } from "./rule.ts"
import { NAMESPACE_KEY, type Selector } from "./selector.ts"
import { SelectorCache } from "./selector-cache.ts"
import type { TierPolicy } from "./tiers.ts"

export interface RepositoryOptions {
  /** policy-enforcement-mode (default). */
  readonly enforcement?: EnforcementMode
  /** allow-localhost; in Kubernetes the agent turns "auto" into "always" (true). */
  readonly allowLocalhost?: boolean
}

export class PolicyRepository implements Repository {
  readonly selectors: SelectorCache = new SelectorCache()
  #options: ResolveOptions
  readonly #rules = new Map<string, readonly Rule[]>()
  readonly #tiers = new Map<string, TierPolicy>()
  readonly #policies = new Set<EndpointPolicy>()
  #revision = 1
  /** What is worked out of all rules, until they change. */
  #derived: Derived | undefined

  constructor({ enforcement = "default", allowLocalhost = true }: RepositoryOptions = {}) {
    this.#options = { enforcement, allowLocalhost }
  }

  /**
   * From now on as the engine of 1.20, which computed the conformance corpus: in mode always, an endpoint that no rule of ingress selects does
   * not let its own host in. Agents of 1.18 always do (spec 5.3).
   */
  followCorpusRelease(): void {
    this.#options = { ...this.#options, localhostNeedsRules: true }
    this.#changed()
  }

  get revision(): number {
    return this.#revision
  }

  /** Ordered by their objects' names, so that nothing depends on the order of application. */
  get rules(): readonly Rule[] {
    return this.#all().rules
  }

  upsert(rules: readonly Rule[]): void {
    const byObject = Map.groupBy(rules, (rule) => originKey(rule.ref.origin))
    for (const [key, list] of byObject) this.#rules.set(key, list)
    this.#changed()
  }

  /** ClusterNetworkPolicy and its forerunners: ordered rules around all others. */
  upsertTier(policy: TierPolicy): void {
    this.#tiers.set(originKey(policy.ref.origin), policy)
    this.#changed()
  }

  delete(key: string): boolean {
    const known = this.#rules.delete(key) || this.#tiers.delete(key)
    if (!known) return false
    this.#changed()
    this.selectors.retain(new Set(this.#all().peers.map(({ text }) => text)))
    return true
  }

  addIdentity(id: number, labels: LabelSet, namedPorts?: NamedPorts): void {
    if (this.selectors.identities.has(id)) this.removeIdentity(id)
    const identity = { id, labels, namedPorts }
    this.selectors.addIdentity(identity)
    for (const policy of this.#policies) policy.addIdentity(identity)
  }

  removeIdentity(id: number): void {
    if (!this.selectors.removeIdentity(id)) return
    for (const policy of this.#policies) policy.removeIdentity(id)
  }

  /** The policy follows identities from now on, until `close`. Rules that change do not reach it: resolve again. */
  resolve(subject: Subject): EndpointPolicy {
    const host = subject.labels.has("reserved", "host")
    const rules = this.#rulesNear(subject.labels).filter(
      (rule) => rule.node === host && rule.subject.matches(subject.labels),
    )
    const tiers = [...this.#tiers.values()].filter((tier) => !host && tier.subject.matches(subject.labels))
    // The local host's exception is about its pods, not about itself.
    const options = host ? { ...this.#options, allowLocalhost: false } : this.#options
    const resolved = resolveFilters(rules, tiers, subject.labels, options)
    const policy = new EndpointPolicy(this.#revision, resolved, subject, this.selectors)
    this.#policies.add(policy)
    return policy
  }

  /** An endpoint is gone, or has a newer policy. */
  close(policy: EndpointPolicy): void {
    this.#policies.delete(policy)
  }

  /** Prefixes that rules mention, exceptions too: each needs an identity of its own. */
  get prefixes(): readonly string[] {
    return this.#all().prefixes
  }

  /** Names that rules mention: addresses learned for one carry its `fqdn:` label (`fqdnLabel`). */
  get fqdnSelectors(): readonly DnsRule[] {
    return this.#all().fqdnSelectors
  }

  /** Rules of the namespace, and those of none. */
  #rulesNear(labels: LabelSet): readonly Rule[] {
    const { rules, byNamespace } = this.#all()
    const namespace = labels.get("k8s", NAMESPACE_KEY) ?? ""
    let near = byNamespace.get(namespace)
    if (near === undefined) {
      near = rules.filter(({ subject }) => subject.namespace === undefined || subject.namespace === namespace)
      byNamespace.set(namespace, near)
    }
    return near
  }

  #changed(): void {
    this.#revision++
    this.#derived = undefined
  }

  #all(): Derived {
    this.#derived ??= derive(this.#rules)
    return this.#derived
  }
}

interface Derived {
  readonly rules: readonly Rule[]
  /** Filled as namespaces are asked for. */
  readonly byNamespace: Map<string, readonly Rule[]>
  readonly peers: readonly Selector[]
  readonly prefixes: readonly string[]
  readonly fqdnSelectors: readonly DnsRule[]
}

function derive(objects: ReadonlyMap<string, readonly Rule[]>): Derived {
  const rules = [...objects].sort(([a], [b]) => compareBytes(a, b)).flatMap(([, list]) => list)
  const texts = new Map<string, Selector>()
  for (const { entries } of rules)
    for (const { peers = [] } of entries) for (const selector of peers) texts.set(selector.text, selector)
  const peers = [...texts.values()]
  const ranges = peers.flatMap(({ cidr }) => cidr ?? [])
  return {
    rules,
    byNamespace: new Map(),
    peers,
    prefixes: [...new Set(ranges.flatMap(({ prefix, except }) => [prefix, ...except].map(formatPrefix)))].sort(),
    fqdnSelectors: peers.flatMap(({ fqdn }) => fqdn ?? []),
  }
}
