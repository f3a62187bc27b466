/**
 * Which identities a selector selects, kept up to date as identities come and go. Selectors are shared by their text.
 * Models pkg/policy/selectorcache.go.
 */
import type { NamedPorts } from "./api.ts"
import type { LabelSet } from "./labels.ts"
import type { Selector } from "./selector.ts"

export interface KnownIdentity {
  readonly id: number
  readonly labels: LabelSet
  readonly namedPorts: NamedPorts | undefined
}

/** A selector and its selections. The wildcard has none of its own: it is identity 0. */
export interface CachedSelector {
  readonly selector: Selector
  readonly identities: ReadonlySet<number>
}

export class SelectorCache {
  readonly #identities = new Map<number, KnownIdentity>()
  readonly #selectors = new Map<string, { selector: Selector; identities: Set<number> }>()

  #generation = 0

  /** Counts identities that came or went. */
  get generation(): number {
    return this.#generation
  }

  get identities(): ReadonlyMap<number, KnownIdentity> {
    return this.#identities
  }

  /** In the order they were first asked for. */
  get selectors(): Iterable<CachedSelector> {
    return this.#selectors.values()
  }

  get(selector: Selector): CachedSelector {
    let cached = this.#selectors.get(selector.text)
    if (cached === undefined) {
      cached = { selector, identities: new Set() }
      if (!selector.wildcard)
        for (const { id, labels } of this.#identities.values()) if (selector.matches(labels)) cached.identities.add(id)
      this.#selectors.set(selector.text, cached)
    }
    return cached
  }

  addIdentity(identity: KnownIdentity): void {
    this.#generation++
    this.#identities.set(identity.id, identity)
    for (const { selector, identities } of this.#selectors.values())
      if (!selector.wildcard && selector.matches(identity.labels)) identities.add(identity.id)
  }

  removeIdentity(id: number): boolean {
    this.#generation++
    for (const { identities } of this.#selectors.values()) identities.delete(id)
    return this.#identities.delete(id)
  }

  /** Forgets selectors that no rule uses any more. */
  retain(used: ReadonlySet<string>): void {
    for (const text of this.#selectors.keys()) if (!used.has(text)) this.#selectors.delete(text)
  }
}
