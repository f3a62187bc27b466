/**
 * The policy of one endpoint: its map and its redirects, kept up to date as identities come and go.
 * Models pkg/policy/resolve.go EndpointPolicy and l4.go toMapState.
 */
import type { PolicyMap, Redirect, ResolvedPolicy, SelectorL7, Subject } from "./api.ts"
import type { Prefix } from "./cidr.ts"
import { filterPorts, isImplied, isPerPeer, mapEntries, redirectId, redirectKey } from "./filter-entries.ts"
import type { L4Filter, PerSelector } from "./l4-filter.ts"
import { type L7Verdict, mergedRules } from "./l7/merged.ts"
import { LabelSet } from "./labels.ts"
import { insertEntries } from "./map-insert.ts"
import { type MapEntry, MapState } from "./map-state.ts"
import { peerNote, portNote } from "./missed-note.ts"
import { portMatches } from "./port-match.ts"
import type { ResolvedFilters } from "./resolve.ts"
import { type Direction, originKey, type PortSpec, type RuleRef } from "./rule.ts"
import type { KnownIdentity, SelectorCache } from "./selector-cache.ts"
import { TieredMap } from "./tiered-map.ts"
import type { MissedRule } from "./verdict.ts"

export class EndpointPolicy implements ResolvedPolicy {
  readonly revision: number
  readonly enforced: Readonly<Record<Direction, boolean>>
  /** The rules that switched a direction to default deny. */
  readonly isolating: Readonly<Record<Direction, readonly RuleRef[]>>
  readonly #map = new MapState()
  readonly #filters: readonly L4Filter[]
  readonly #subject: Subject
  readonly #cache: SelectorCache
  readonly #redirects = new Map<string, Redirect>()
  readonly #tiered: TieredMap | undefined

  constructor(revision: number, resolved: ResolvedFilters, subject: Subject, cache: SelectorCache) {
    this.revision = revision
    this.enforced = resolved.enforced
    this.isolating = resolved.isolating
    this.#filters = [...resolved.filters.filters]
    this.#subject = subject
    this.#cache = cache
    this.#findRedirects()
    this.#insertAll()
    if (resolved.tiers.length > 0)
      this.#tiered = new TieredMap(this.#map, resolved.tiers, resolved.isolated, subject, cache)
  }

  get map(): PolicyMap {
    return this.#tiered ?? this.#map
  }

  get redirects(): readonly Redirect[] {
    return [...this.#redirects.values()]
  }

  /** Called by the repository, after the selector cache knows the identity. */
  addIdentity(identity: KnownIdentity): void {
    const entries: MapEntry[] = []
    for (const filter of this.#filters)
      for (const policy of filter.perSelector.values()) entries.push(...this.#entriesFor(identity, filter, policy))
    insertEntries(this.#map, entries)
  }

  removeIdentity(id: number): void {
    this.#map.remove((entry) => entry.identity === id)
  }

  /** What the proxy asks of the requests of an identity: every filter that covers the port has a say. */
  l7(identity: number, direction: Direction, protocol: number, port: number): L7Verdict {
    const labels = this.#cache.identities.get(identity)?.labels
    return mergedRules(
      this.#covering(identity, direction, protocol, port),
      (policy) => policy.selector.wildcard || (labels !== undefined && policy.selector.matches(labels)),
    )
  }

  /** Rules that would allow the flow if peer and port both matched: what a default deny lacked. */
  missed(
    identity: number,
    direction: Direction,
    protocol: number,
    port: number,
    addresses: readonly Prefix[] = [],
  ): MissedRule[] {
    const { labels = NO_LABELS, namedPorts } = this.#cache.identities.get(identity) ?? {}
    const server = direction === "ingress" ? this.#subject.namedPorts : namedPorts
    const result = new Map<string, MissedRule>()
    for (const filter of this.#filters) {
      if (filter.direction !== direction) continue
      const covers = portMatches(filter.spec, server, protocol, port)
      for (const { deny, selector, rules } of filter.perSelector.values()) {
        if (deny) continue
        const peer = selector.matches(labels)
        const note = peer ? portNote(filter.spec, protocol) : peerNote(selector, labels, addresses)
        for (const rule of rules) {
          const key = `${originKey(rule.origin)} ${rule.path}`
          const missed = { rule, peer, port: covers, ...(note === undefined ? {} : { note }) }
          result.set(key, nearer(result.get(key), missed))
        }
      }
    }
    return [...result.values()]
  }

  *#covering(identity: number, direction: Direction, protocol: number, port: number): Generator<PerSelector> {
    for (const filter of this.#filters) {
      if (filter.direction !== direction) continue
      const server =
        direction === "ingress" ? this.#subject.namedPorts : this.#cache.identities.get(identity)?.namedPorts
      if (portMatches(filter.spec, server, protocol, port)) yield* filter.perSelector.values()
    }
  }

  #findRedirects(): void {
    for (const filter of this.#filters)
      for (const policy of filter.perSelector.values())
        for (const spec of policy.parser === undefined ? [] : this.#listening(filter)) {
          const id = redirectId(filter, policy, spec)
          const key = redirectKey(id)
          const known = this.#redirects.get(key)
          this.#redirects.set(key, {
            ...id,
            proxyPort: known?.proxyPort ?? this.#subject.proxyPort?.(id) ?? 1,
            perSelector: [...(known?.perSelector ?? []), selectorL7(policy)],
          })
        }
  }

  /** Ports a proxy is asked for; where they differ from peer to peer, the name alone. */
  #listening(filter: L4Filter): readonly PortSpec[] {
    return isPerPeer(filter) ? [filter.spec] : filterPorts(filter, this.#subject.namedPorts, undefined)
  }

  /** All entries at once: the selector cache knows what every selector selects. */
  #insertAll(): void {
    const entries: MapEntry[] = []
    for (const filter of this.#filters)
      for (const policy of filter.perSelector.values()) {
        if (isImplied(filter, policy)) continue
        if (isPerPeer(filter))
          for (const identity of this.#cache.identities.values())
            entries.push(...this.#entriesFor(identity, filter, policy))
        else {
          const identities = policy.selector.wildcard ? ANY_IDENTITY : this.#cache.get(policy.selector).identities
          for (const spec of filterPorts(filter, this.#subject.namedPorts, undefined))
            entries.push(...mapEntries(identities, filter, policy, spec, this.#proxyPort(filter, policy, spec)))
        }
      }
    insertEntries(this.#map, entries)
  }

  *#entriesFor(identity: KnownIdentity, filter: L4Filter, policy: PerSelector): Generator<MapEntry> {
    const { id, labels, namedPorts } = identity
    if (policy.selector.wildcard ? !isPerPeer(filter) : !policy.selector.matches(labels)) return
    if (isImplied(filter, policy)) return
    for (const spec of filterPorts(filter, this.#subject.namedPorts, namedPorts))
      yield* mapEntries([id], filter, policy, spec, this.#proxyPort(filter, policy, spec))
  }

  #proxyPort(filter: L4Filter, policy: PerSelector, spec: PortSpec): number {
    if (policy.parser === undefined) return 0
    return this.#redirects.get(redirectKey(redirectId(filter, policy, spec)))?.proxyPort ?? 0
  }
}

const NO_LABELS = new LabelSet([])

/** As a policy map's key: every identity. */
const ANY_IDENTITY = [0]

function selectorL7({ selector, http, dns, serverNames, rules }: PerSelector): SelectorL7 {
  return {
    selector,
    ...(http.length === 0 ? {} : { http }),
    ...(dns.length === 0 ? {} : { dns }),
    ...(serverNames.length === 0 ? {} : { serverNames }),
    rules,
  }
}

/** A rule with several ports or peers is one rule: what any of them matches. */
function nearer(a: MissedRule | undefined, b: MissedRule): MissedRule {
  if (a === undefined) return b
  const said = a.peer !== b.peer ? (a.peer ? a : b) : a.note === undefined ? b : a
  const { rule, note } = said
  return { rule, peer: a.peer || b.peer, port: a.port || b.port, ...(note === undefined ? {} : { note }) }
}
