/** Ordered rules before and after NetworkPolicy: the first that matches decides. (network-policy-api, tiers Admin and Baseline.) */
import type { Peer } from "./peer.ts"
import type { Direction, PortSpec, RuleRef } from "./rule.ts"
import type { Selector } from "./selector.ts"

export type TierAction = "accept" | "deny" | "pass"

export interface TierPolicy {
  readonly ref: RuleRef
  readonly tier: "admin" | "baseline"
  /** The lower number comes first. */
  readonly priority: number
  readonly subject: Selector
  readonly entries: readonly TierEntry[]
}

export interface TierEntry {
  readonly path: string
  readonly direction: Direction
  readonly action: TierAction
  readonly peers: readonly TierPeer[]
  /** Undefined: every port. */
  readonly ports: readonly PortSpec[] | undefined
}

/** A selector, and label keys on which the namespaces of both ends must agree (`same`) or not. */
export interface TierPeer {
  readonly selector: Selector
  readonly same?: readonly string[]
  readonly notSame?: readonly string[]
}

/** All policies of one tier, first to last. */
export function tierOrder(policies: readonly TierPolicy[], tier: TierPolicy["tier"]): TierPolicy[] {
  return policies
    .filter((policy) => policy.tier === tier)
    .sort((a, b) => a.priority - b.priority || (a.ref.origin.name < b.ref.origin.name ? -1 : 1))
}

/** Whether namespaces agree, for the peers that ask. */
export function namespacesAgree({ same, notSame }: TierPeer, subject: Peer, peer: Peer): boolean {
  const value = (of: Peer, key: string): string | undefined =>
    of.podLabels?.get("k8s", `io.cilium.k8s.namespace.labels.${key}`)
  const agree = (keys: readonly string[]): boolean =>
    keys.every((key) => value(subject, key) !== undefined && value(subject, key) === value(peer, key))
  if (same !== undefined) return agree(same)
  return notSame === undefined || !agree(notSame)
}
