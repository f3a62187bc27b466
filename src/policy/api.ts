/**
 * The engine's surface, for those who build on it. Who calls what:
 *
 *  agent       parseNetworkPolicy / parseCiliumPolicy (parse/): object -> Rules, or the text of the Valid condition
 *              PolicyRepository: rules in, identities in; `resolve(subject)` -> EndpointPolicy; `prefixes`, `fqdnSelectors` say which
 *              local identities the rules need
 *  data path   EndpointPolicy.map (MapState) is the endpoint's policy map: `lookup` and `canAccess`
 *  proxy       EndpointPolicy.redirects: what each listener enforces; l7/http.ts and l7/dns.ts judge one request
 *  people      CiliumEvaluator (cilium-evaluator.ts), KubernetesEvaluator (kubernetes.ts): `.lookup(from, to, port, request?)` -> Verdict
 */
import type { L7Verdict } from "./l7/merged.ts"
import type { HttpRule, L7Parser } from "./l7/rules.ts"
import type { LabelSet } from "./labels.ts"
import type { AuthMode, Direction, Rule, RuleRef } from "./rule.ts"
import type { Selector } from "./selector.ts"

/** policy-enforcement-mode of the agent. */
export type EnforcementMode = "default" | "always" | "never"

/** Named ports of an identity's pods: `name/protocol number` -> the ports that go by it. */
export type NamedPorts = ReadonlyMap<string, readonly number[]>

/** An entry of a policy map. `packets` and `bytes` are the data path's to count. */
export interface PolicyEntry {
  /** Remote identity; 0 is any. */
  readonly identity: number
  readonly direction: Direction
  /** 0 is any protocol. */
  readonly protocol: number
  /** First port of the block the prefix covers. */
  readonly port: number
  /** How many bits of protocol and port count: 0 any, 8 the protocol, 9-23 a block of ports, 24 one port (PREFIX of `bpf policy get`). */
  readonly prefixLength: number
  readonly deny: boolean
  /** 0: no proxy. */
  readonly proxyPort: number
  /** The higher wins over other allows. 0 without proxy; 127 minus the listener's priority (101 http, 116 tls, 121 dns, 126 crd). */
  readonly proxyPriority: number
  readonly auth: AuthMode
  /** The rules this entry came from; empty for entries no policy asked for (see `labels`). */
  readonly rules: readonly RuleRef[]
  /** Rule labels, also of derived entries (`reserved:io.cilium.policy.derived-from=…`). */
  readonly labels: readonly string[]
  packets: number
  bytes: number
}

/** Match type of a verdict, as Hubble names it. */
export type MatchType = "L3-Only" | "L3-L4" | "L4-Only" | "L3-Proto" | "Proto-Only" | "all" | "none"

/** A policy map. Models bpf/lib/policy.h: no lookup allocates. */
export interface PolicyMap extends Iterable<PolicyEntry> {
  readonly size: number
  /** Counts writes, for caches of verdicts. */
  readonly generation: number
  /** The entry that decides (deny, then proxy priority, then the longer prefix, then the identity's own), or undefined: policy denied. */
  lookup(identity: number, direction: Direction, protocol: number, port: number): PolicyEntry | undefined
  /** policy_can_access: a proxy port, 0 (pass) or a negative drop reason: -133, -181, -189. */
  canAccess(identity: number, direction: Direction, protocol: number, port: number): number
}

/** Who a policy is resolved for. */
export interface Subject {
  readonly labels: LabelSet
  /** For named ports of ingress rules. */
  readonly namedPorts?: NamedPorts
  /** Proxy port of a redirect (the agent's allocation); without it every redirect has port 1. */
  readonly proxyPort?: (redirect: RedirectId) => number
}

export interface RedirectId {
  readonly direction: Direction
  readonly parser: L7Parser
  readonly protocol: number
  readonly port: number
  readonly endPort: number
  /** Name of a CRD listener. */
  readonly listener?: string
  /** Name of a named port; on egress `port` is then 0: every peer has a number of its own. */
  readonly name?: string
}

/** What one listener enforces for one endpoint and port. */
export interface Redirect extends RedirectId {
  readonly proxyPort: number
  readonly perSelector: readonly SelectorL7[]
}

/** Rules for the peers of one selector. */
export interface SelectorL7 {
  readonly selector: Selector
  /** Undefined: every request of these peers passes. */
  readonly http?: readonly HttpRule[]
  readonly dns?: readonly { readonly matchName?: string; readonly matchPattern?: string }[]
  readonly serverNames?: readonly string[]
  readonly rules: readonly RuleRef[]
}

export interface ResolvedPolicy {
  readonly revision: number
  /** Enforcement of a direction, as `endpoint list` prints it. */
  readonly enforced: Readonly<Record<Direction, boolean>>
  readonly map: PolicyMap
  readonly redirects: readonly Redirect[]
  /** All that the proxy asks of the requests of an identity on a port, from every filter that covers it. */
  l7(identity: number, direction: Direction, protocol: number, port: number): L7Verdict
}

export interface Repository {
  /** Counts changes of rules. */
  readonly revision: number
  /** Replaces all rules of one object. */
  upsert(rules: readonly Rule[]): void
  /** Removes all rules of an object (`originKey`); whether there were any. */
  delete(key: string): boolean
  /**
   * An identity and its labels are known from now on: every resolved policy that is not closed gains its entries. The reserved ones too:
   * a pod lets its own host in by the entry of identity 1.
   */
  addIdentity(id: number, labels: LabelSet, namedPorts?: NamedPorts): void
  removeIdentity(id: number): void
  /** The policy of an endpoint. Throws PolicyConflict when rules cannot be merged: the endpoint keeps its old policy. */
  resolve(subject: Subject): ResolvedPolicy
}

/** Drop reasons of bpf/lib/common.h that policy gives. */
export const DROP_POLICY = 133
export const DROP_POLICY_DENY = 181
export const DROP_POLICY_AUTH_REQUIRED = 189
