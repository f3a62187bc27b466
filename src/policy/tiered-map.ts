/**
 * A policy map with ordered tiers before and after it (ClusterNetworkPolicy, which Cilium 1.18 does not know and later releases enforce).
 * What the tiers pass on, and what they say nothing of, is the map's.
 */
import {
  DROP_POLICY,
  DROP_POLICY_AUTH_REQUIRED,
  DROP_POLICY_DENY,
  type PolicyEntry,
  type PolicyMap,
  type Subject,
} from "./api.ts"
import type { MapState } from "./map-state.ts"
import { portsMatch } from "./port-match.ts"
import type { Direction } from "./rule.ts"
import type { KnownIdentity, SelectorCache } from "./selector-cache.ts"
import { namespacesAgree, type TierAction, type TierEntry, type TierPeer, type TierPolicy, tierOrder } from "./tiers.ts"

interface Ordered {
  readonly tier: TierEntry
  readonly action: TierAction
  /** What a lookup answers, made once. */
  readonly entry: PolicyEntry
}

export class TieredMap implements PolicyMap {
  readonly #base: MapState
  readonly #subject: Subject
  readonly #cache: SelectorCache
  readonly #isolated: Readonly<Record<Direction, boolean>>
  readonly #admin: readonly Ordered[]
  readonly #baseline: readonly Ordered[]

  /** `isolated`: the map itself denies what it does not allow, so no baseline follows. */
  constructor(
    base: MapState,
    policies: readonly TierPolicy[],
    isolated: Readonly<Record<Direction, boolean>>,
    subject: Subject,
    cache: SelectorCache,
  ) {
    this.#base = base
    this.#subject = subject
    this.#cache = cache
    this.#isolated = isolated
    this.#admin = ordered(policies, "admin")
    this.#baseline = ordered(policies, "baseline")
  }

  get size(): number {
    return this.#base.size
  }

  /** Tiers ask for labels: an identity can change their answer without an entry in the map. */
  get generation(): number {
    return this.#base.generation + this.#cache.generation
  }

  [Symbol.iterator](): Iterator<PolicyEntry> {
    return this.#base[Symbol.iterator]()
  }

  lookup(identity: number, direction: Direction, protocol: number, port: number): PolicyEntry | undefined {
    const base = this.#base.lookup(identity, direction, protocol, port)
    const peer = this.#cache.identities.get(identity)
    // The local host's exception stands before every tier.
    if (peer === undefined || (direction === "ingress" && peer.labels.has("reserved", "host"))) return base
    const admin = this.#first(this.#admin, peer, direction, protocol, port)
    if (admin !== undefined && admin.action !== "pass") return admin.entry
    if (this.#isolated[direction]) return base
    return this.#first(this.#baseline, peer, direction, protocol, port)?.entry ?? base
  }

  canAccess(identity: number, direction: Direction, protocol: number, port: number): number {
    const entry = this.lookup(identity, direction, protocol, port)
    if (entry === undefined) return -DROP_POLICY
    if (entry.deny) return -DROP_POLICY_DENY
    return entry.auth === "disabled" ? entry.proxyPort : -DROP_POLICY_AUTH_REQUIRED
  }

  #first(
    list: readonly Ordered[],
    peer: KnownIdentity,
    direction: Direction,
    protocol: number,
    port: number,
  ): Ordered | undefined {
    const server = direction === "ingress" ? this.#subject.namedPorts : peer.namedPorts
    return list.find(
      ({ tier }) =>
        tier.direction === direction &&
        portsMatch(tier.ports, server, protocol, port) &&
        tier.peers.some((wanted) => this.#matches(wanted, peer)),
    )
  }

  /** Nodes have labels of their own only where the agent gives them identities by label. */
  #matches(wanted: TierPeer, { labels }: KnownIdentity): boolean {
    if (wanted.nodes === true && !labels.has("reserved", "remote-node") && !labels.has("reserved", "host")) return false
    return wanted.selector.matches(labels) && namespacesAgree(wanted, this.#subject.labels, labels)
  }
}

function ordered(policies: readonly TierPolicy[], tier: TierPolicy["tier"]): Ordered[] {
  return tierOrder(policies, tier).flatMap((policy) =>
    policy.entries.map((entry) => ({ tier: entry, action: entry.action, entry: policyEntry(policy, entry) })),
  )
}

function policyEntry(policy: TierPolicy, { direction, action, path }: TierEntry): PolicyEntry {
  return {
    identity: 0,
    direction,
    protocol: 0,
    port: 0,
    prefixLength: 0,
    deny: action === "deny",
    proxyPort: 0,
    proxyPriority: 0,
    auth: "disabled",
    rules: [{ origin: policy.ref.origin, path }],
    labels: [],
    packets: 0,
    bytes: 0,
  }
}
