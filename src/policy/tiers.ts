/** Ordered rules before and after NetworkPolicy: the first that matches decides. (network-policy-api, tiers Admin and Baseline.) */
import type { LabelSet } from "./labels.ts"
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
  /** The selector is about nodes, by the labels of the Node object. */
  readonly nodes?: boolean
  /** The peer is whoever has one of these names; a leading `*.` is any number of labels. */
  readonly domainNames?: readonly string[]
}

/** All policies of one tier, first to last. */
export function tierOrder(policies: readonly TierPolicy[], tier: TierPolicy["tier"]): TierPolicy[] {
  return policies
    .filter((policy) => policy.tier === tier)
    .sort((a, b) => a.priority - b.priority || (a.ref.origin.name < b.ref.origin.name ? -1 : 1))
}

/** Whether namespaces agree, for the peers that ask. Pods carry their namespace's labels. */
export function namespacesAgree({ same, notSame }: TierPeer, subject: LabelSet, peer: LabelSet): boolean {
  const agree = (keys: readonly string[]): boolean =>
    keys.every((name) => {
      const key = `io.cilium.k8s.namespace.labels.${name}`
      const value = subject.get("k8s", key)
      return value !== undefined && value === peer.get("k8s", key)
    })
  if (same !== undefined) return agree(same)
  return notSame === undefined || !agree(notSame)
}

export function domainMatches(wanted: readonly string[], names: readonly string[]): boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/[.]$/, "")
  return names
    .map(plain)
    .some((name) =>
      wanted
        .map(plain)
        .some((one) =>
          one.startsWith("*.") ? name.endsWith(one.slice(1)) && name.length > one.length - 1 : name === one,
        ),
    )
}
