/** A verdict in words: what decided, and where it stands. */
import type { RuleRef } from "../../policy/rule.ts"
import type { MissedRule, SideVerdict, Verdict } from "../../policy/verdict.ts"

/** `deny.yaml:12`, when it is known where an object was written. */
export type Locate = (ref: RuleRef) => string | undefined

/** Drop reasons that policy gives, in Cilium's words. */
export const REASONS: Readonly<Record<number, string>> = {
  133: "Policy denied",
  181: "Policy denied by denylist",
  189: "Authentication required",
}

/** One sentence for each side that had something to say; `codes`: with the numbers of Cilium's drop reasons. */
export function explain(verdict: Verdict, locate: Locate, codes: boolean): string {
  const sides = [verdict.egress, verdict.ingress].filter((side) => side !== undefined)
  const relevant =
    verdict.direction === undefined ? sides : sides.filter(({ direction }) => direction === verdict.direction)
  const words =
    relevant.map((side) => sideText(side, locate, codes)).join("; ") || "neither end is an endpoint with a policy"
  if (verdict.http === undefined) return words
  return `${words}; ${verdict.http.allowed ? "one of its rules lets the request pass" : "none of its rules lets the request pass: 403"}`
}

function sideText(side: SideVerdict, locate: Locate, codes: boolean): string {
  const { direction, verdict, reason, rules, missed, enforced, isolating } = side
  if (verdict !== "deny") {
    if (!enforced) return `${direction}: no policy isolates this end`
    return rules.length === 0
      ? `${direction}: allowed by default`
      : `${direction}: ${verdict === "redirect" ? "handed to the proxy" : "allowed"} by ${list(rules, locate)}`
  }
  const why = `${direction}: ${codes ? `${reason} ` : ""}${REASONS[reason]}`
  if (rules.length > 0) return `${why}, by ${list(rules, locate)}`
  const by = isolating.length === 0 ? "" : `, isolated by ${list(isolating, locate)}`
  return missed.length === 0
    ? `${why}: no rule allows anything here${by}`
    : `${why}: no rule matches${by}; nearest: ${missed.map((one) => missedText(one, locate)).join(", ")}`
}

function missedText({ rule, peer, port, note }: MissedRule, locate: Locate): string {
  const what = peer
    ? port
      ? ""
      : " (the peer matches, the port does not)"
    : port
      ? " (the port matches, the peer does not)"
      : " (neither peer nor port matches)"
  return `${name(rule, locate)}${what}${note === undefined ? "" : `: ${note}`}`
}

const list = (rules: readonly RuleRef[], locate: Locate): string =>
  rules.map((rule) => name(rule, locate)).join(" and ")

function name(ref: RuleRef, locate: Locate): string {
  const { origin, path } = ref
  const place = locate(ref)
  return `${origin.kind} ${origin.namespace === undefined ? "" : `${origin.namespace}/`}${origin.name} ${path}${place === undefined ? "" : ` (${place})`}`
}
