/**
 * The policy of one endpoint: its map and its redirects, kept up to date as identities come and go.
 * Models pkg/policy/resolve.go EndpointPolicy and l4.go toMapState.
 */
import type { NamedPorts, PolicyMap, Redirect, RedirectId, ResolvedPolicy, SelectorL7, Subject } from "./api.ts"
import { type L4Filter, type PerSelector, proxyPriority } from "./l4-filter.ts"
import { type L7Verdict, mergedRules } from "./l7/merged.ts"
import { insertEntries } from "./map-insert.ts"
import { type MapEntry, MapState } from "./map-state.ts"
import { portBlocks } from "./policy-key.ts"
import { portMatches } from "./port-match.ts"
import type { ResolvedFilters } from "./resolve.ts"
import type { Direction, PortSpec } from "./rule.ts"
import type { KnownIdentity, SelectorCache } from "./selector-cache.ts"
import { TieredMap } from "./tiered-map.ts"
import type { MissedRule } from "./verdict.ts"

export class EndpointPolicy implements ResolvedPolicy {
  readonly revision: number
  readonly enforced: Readonly<Record<Direction, boolean>>
  readonly #map = new MapState()
  readonly #filters: readonly L4Filter[]
  readonly #subject: Subject
  readonly #cache: SelectorCache
  readonly #redirects = new Map<string, Redirect>()
  readonly #tiered: TieredMap | undefined

  constructor(revision: number, resolved: ResolvedFilters, subject: Subject, cache: SelectorCache) {
    this.revision = revision
    this.enforced = resolved.enforced
    this.#filters = [...resolved.filters.filters]
    this.#subject = subject
    this.#cache = cache
    this.#findRedirects()
    this.#insertAny()
    for (const identity of cache.identities.values()) this.#insertIdentity(identity, true)
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
    this.#insertIdentity(identity, false)
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
  missed(identity: number, direction: Direction, protocol: number, port: number): MissedRule[] {
    const known = this.#cache.identities.get(identity)
    const result: MissedRule[] = []
    for (const filter of this.#filters) {
      if (filter.direction !== direction) continue
      const server = direction === "ingress" ? this.#subject.namedPorts : known?.namedPorts
      const covers = portMatches(filter.spec, server, protocol, port)
      for (const { deny, selector, rules } of filter.perSelector.values())
        if (!deny)
          for (const rule of rules)
            result.push({ rule, peer: known !== undefined && selector.matches(known.labels), port: covers })
    }
    return result
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

  #insertAny(): void {
    const entries: MapEntry[] = []
    for (const filter of this.#filters)
      for (const policy of filter.perSelector.values())
        if (policy.selector.wildcard && !perPeer(filter))
          for (const spec of this.#ports(filter, undefined)) entries.push(...this.#entries(0, filter, policy, spec))
    insertEntries(this.#map, entries)
  }

  /** `fresh`: every selector's selections are known already, so they are asked instead of the labels. */
  #insertIdentity(identity: KnownIdentity, fresh: boolean): void {
    const entries: MapEntry[] = []
    for (const filter of this.#filters) {
      const specs = this.#ports(filter, identity.namedPorts)
      if (specs.length === 0) continue
      for (const policy of filter.perSelector.values()) {
        if (policy.selector.wildcard ? !perPeer(filter) : !this.#selects(policy, identity, fresh)) continue
        for (const spec of specs) entries.push(...this.#entries(identity.id, filter, policy, spec))
      }
    }
    insertEntries(this.#map, entries)
  }

  #selects({ selector }: PerSelector, { id, labels }: KnownIdentity, fresh: boolean): boolean {
    return fresh ? this.#cache.get(selector).identities.has(id) : selector.matches(labels)
  }

  *#entries(identity: number, filter: L4Filter, policy: PerSelector, spec: PortSpec): Generator<MapEntry> {
    const redirect =
      policy.parser === undefined ? undefined : this.#redirects.get(redirectKey(redirectId(filter, policy, spec)))
    for (const block of portBlocks(spec.protocol, spec.port, spec.endPort))
      yield {
        identity,
        direction: filter.direction,
        ...block,
        deny: policy.deny,
        proxyPort: redirect?.proxyPort ?? 0,
        proxyPriority: proxyPriority(policy),
        auth: policy.auth ?? "disabled",
        explicitAuth: policy.auth !== undefined,
        rules: policy.rules,
        labels: policy.labels,
        packets: 0,
        bytes: 0,
      }
  }

  /** Ports a proxy is asked for; where they differ from peer to peer, the name alone. */
  #listening(filter: L4Filter): readonly PortSpec[] {
    return perPeer(filter) ? [filter.spec] : this.#ports(filter, undefined)
  }

  /** A named port is the subject's own on ingress, the peer's on egress. */
  #ports({ direction, spec }: L4Filter, peer: NamedPorts | undefined): PortSpec[] {
    if (spec.name === undefined) return [spec]
    const ports = (direction === "ingress" ? this.#subject.namedPorts : peer)?.get(`${spec.name}/${spec.protocol}`)
    return (ports ?? []).map((port) => ({ protocol: spec.protocol, port, endPort: port }))
  }
}

/** Filters whose port depends on who the peer is have no entry for any identity. */
function perPeer({ direction, spec }: L4Filter): boolean {
  return spec.name !== undefined && direction === "egress"
}

function redirectId(
  { direction, spec: { name } }: L4Filter,
  { parser, listener }: PerSelector,
  spec: PortSpec,
): RedirectId {
  return {
    direction,
    parser: parser ?? "http",
    protocol: spec.protocol,
    port: spec.port,
    endPort: spec.endPort,
    ...(listener === undefined ? {} : { listener }),
    ...(name === undefined ? {} : { name }),
  }
}

function redirectKey({ direction, parser, protocol, port, endPort, listener, name }: RedirectId): string {
  // A named port of egress is one redirect, whatever number a peer gives it.
  const ports = name !== undefined && direction === "egress" ? name : `${port}-${endPort}`
  return `${direction} ${protocol} ${ports} ${parser} ${listener ?? ""}`
}

function selectorL7({ selector, http, dns, serverNames, rules }: PerSelector): SelectorL7 {
  return {
    selector,
    ...(http.length === 0 ? {} : { http }),
    ...(dns.length === 0 ? {} : { dns }),
    ...(serverNames.length === 0 ? {} : { serverNames }),
    rules,
  }
}
