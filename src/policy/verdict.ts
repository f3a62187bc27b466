/** Answers to "may this peer reach that one?", with the rules that decided. Models pkg/policy/lookup.go LookupFlow. */
import type { MatchType } from "./api.ts"
import type { HttpVerdict } from "./l7/http.ts"
import type { Direction, RuleRef } from "./rule.ts"

export interface Verdict {
  /** `redirect`: allowed as far as addresses and ports go, and handed to a proxy. */
  readonly verdict: "allow" | "deny" | "redirect"
  /** The side that denied, or that redirects. */
  readonly direction?: Direction
  /** Cilium's drop reason: 133 no rule allowed it, 181 a rule denied it, 189 authentication is missing, 0 none. */
  readonly reason: 0 | 133 | 181 | 189
  /** Absent when that end is no endpoint: nothing is asked there. */
  readonly egress?: SideVerdict
  readonly ingress?: SideVerdict
  /** With a request: what the proxies of both sides made of it. */
  readonly http?: FlowHttp
  /** With a query: whether the DNS proxy answers it; else REFUSED. */
  readonly dns?: FlowDns
}

/** A question put to a resolver. */
export interface DnsQuery {
  readonly query: string
}

export interface FlowDns {
  readonly allowed: boolean
  readonly direction?: Direction
  readonly rules: readonly RuleRef[]
}

export interface FlowHttp extends HttpVerdict {
  /** The side whose proxy refused, or the last that had a say; absent when none restricts. */
  readonly direction?: Direction
  /** The policies' rules that were applied there. */
  readonly rules: readonly RuleRef[]
}

export interface SideVerdict {
  readonly direction: Direction
  /** Whether any policy isolates this end in this direction. */
  readonly enforced: boolean
  readonly verdict: "allow" | "deny" | "redirect"
  readonly reason: 0 | 133 | 181 | 189
  /** How specific the deciding entry is. */
  readonly match: MatchType
  /** The rules that decided; empty for a default deny, and for what no policy asked for. */
  readonly rules: readonly RuleRef[]
  /** The rules that switched this end to default deny in this direction. */
  readonly isolating: readonly RuleRef[]
  /** After a default deny: rules of this end that came near, and what of them did not match. */
  readonly missed: readonly MissedRule[]
}

/** A rule of the endpoint that would have allowed it, had peer and port both matched. */
export interface MissedRule {
  readonly rule: RuleRef
  readonly peer: boolean
  readonly port: boolean
  /** Why it did not match although a reader may think that it does. */
  readonly note?: string
}

export interface FlowPort {
  /** IP protocol number. */
  readonly protocol: number
  /** Destination port; for ICMP its type. */
  readonly port: number
}

/** Both ends must allow; the first to deny in the packet's order decides. */
export function combine(egress: SideVerdict | undefined, ingress: SideVerdict | undefined): Verdict {
  const sides = { ...(egress === undefined ? {} : { egress }), ...(ingress === undefined ? {} : { ingress }) }
  const denied = [egress, ingress].find((side) => side?.verdict === "deny")
  if (denied !== undefined) return { verdict: "deny", direction: denied.direction, reason: denied.reason, ...sides }
  const redirected = [egress, ingress].find((side) => side?.verdict === "redirect")
  if (redirected !== undefined) return { verdict: "redirect", direction: redirected.direction, reason: 0, ...sides }
  return { verdict: "allow", reason: 0, ...sides }
}
