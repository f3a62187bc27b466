/**
 * The common form of every policy kind: NetworkPolicy, CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy become `Rule`s, which the
 * Cilium compiler (repository.ts) and the plain Kubernetes evaluator (kubernetes.ts) both read. Models pkg/policy/api/rule.go Rule.
 */
import type { L7Rules } from "./l7/rules.ts"
import type { Selector } from "./selector.ts"

export type Direction = "ingress" | "egress"

/** The object a rule was made from. One object is replaced as a whole: `originKey` is its identity in the repository. */
export interface Origin {
  readonly kind: string
  /** Absent for cluster-wide kinds. */
  readonly namespace?: string
  readonly name: string
  readonly uid: string
}

/** Where a part of a rule stands inside its object: `spec.ingress[0].toPorts[0]`. */
export interface RuleRef {
  readonly origin: Origin
  readonly path: string
}

export function originKey(origin: Origin): string {
  return `${origin.kind}/${origin.namespace ?? ""}/${origin.name}`
}

/** One `spec` of a policy object. */
export interface Rule {
  readonly ref: RuleRef
  /** Which endpoints (or, with `node`, which hosts) the rule is about. */
  readonly subject: Selector
  readonly node: boolean
  /** Allow and deny entries of both directions, in the order of the object. */
  readonly entries: readonly RuleEntry[]
  /** Whether the rule switches a direction of its subjects to default deny. */
  readonly enableDefaultDeny: Readonly<Record<Direction, boolean>>
  /** Cilium's rule labels: `k8s:io.cilium.k8s.policy.name=…` and so on. */
  readonly labels: readonly string[]
}

/** One element of ingress, ingressDeny, egress or egressDeny. */
export interface RuleEntry {
  readonly path: string
  readonly direction: Direction
  readonly deny: boolean
  /** Any of these; undefined is every peer (the list is absent), an empty array none (it is there and empty). */
  readonly peers: readonly Selector[] | undefined
  /** The peers are endpoints, chosen by label. */
  readonly byEndpoints: boolean
  /** Folded into the endpoints of every entry of every rule with the same subject (fromRequires, toRequires). */
  readonly requires: readonly Selector[]
  /** Any of these; undefined is every port of every protocol. */
  readonly ports: readonly PortRule[] | undefined
  readonly authentication?: AuthMode
}

export type AuthMode = "disabled" | "required" | "test-always-fail"

/** One element of toPorts (or of icmps, whose type is matched like a port). */
export interface PortRule {
  readonly path: string
  readonly ports: readonly PortSpec[]
  readonly l7?: L7Rules
  readonly serverNames?: readonly string[]
  readonly listener?: { readonly name: string; readonly priority: number }
  /** terminatingTLS or originatingTLS is set. */
  readonly tls?: boolean
}

/** A protocol with a port, a range of ports, a port's name, or all of its ports. */
export interface PortSpec {
  /** IP protocol number; 0 is every protocol. */
  readonly protocol: number
  /** 0 is every port. */
  readonly port: number
  /** Last port of a range; equal to `port` for a single one. */
  readonly endPort: number
  /** A named port, resolved against the pod that serves it. `port` is then 0. */
  readonly name?: string
}

export const IPPROTO = {
  ANY: 0,
  ICMP: 1,
  IGMP: 2,
  IPIP: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  VRRP: 112,
  SCTP: 132,
} as const

/** `reserved:io.cilium.policy.derived-from`: entries no policy asked for. */
export const DERIVED_FROM = {
  allowAnyIngress: "reserved:io.cilium.policy.derived-from=allow-any-ingress",
  allowAnyEgress: "reserved:io.cilium.policy.derived-from=allow-any-egress",
  allowLocalhostIngress: "reserved:io.cilium.policy.derived-from=allow-localhost-ingress",
} as const
