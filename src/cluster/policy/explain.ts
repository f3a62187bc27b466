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
export const explain = (verdict: Verdict, locate: Locate, codes: boolean): string =>
  explainParts(verdict, locate, codes)
    .map((side) => side.reduce((text, more) => `${text}${more.startsWith("by ") ? "" : ","} ${more}`))
    .join("; ")

/** The same for a narrow page: for each side what it says, and then who. */
export function explainParts(verdict: Verdict, locate: Locate, codes: boolean): readonly (readonly string[])[] {
  const sides = [verdict.egress, verdict.ingress].filter((side) => side !== undefined)
  const relevant =
    verdict.direction === undefined ? sides : sides.filter(({ direction }) => direction === verdict.direction)
  const parts =
    relevant.length === 0
      ? [["neither end is an endpoint with a policy"]]
      : relevant.map((side) => sideText(side, locate, codes))
  if (verdict.http === undefined) return parts
  const request = verdict.http.allowed
    ? "one of its rules lets the request pass"
    : "none of its rules lets the request pass: 403"
  return [...parts, [request]]
}

function sideText(side: SideVerdict, locate: Locate, codes: boolean): string[] {
  const { direction, verdict, reason, rules, missed, enforced, isolating } = side
  if (verdict !== "deny") {
    if (!enforced) return [`${direction}: no policy isolates this end`]
    if (rules.length === 0) return [`${direction}: allowed by default`]
    return [`${direction}: ${verdict === "redirect" ? "handed to the proxy" : "allowed"}`, `by ${list(rules, locate)}`]
  }
  const why = `${direction}: ${codes ? `${reason} ` : ""}${REASONS[reason]}`
  if (rules.length > 0) return [why, `by ${list(rules, locate)}`]
  const what = missed.length === 0 ? "no rule allows anything here" : "no rule matches"
  return [
    `${why}: ${what}`,
    ...(isolating.length === 0 ? [] : [`isolated by ${list(isolating, locate)}`]),
    ...(missed.length === 0 ? [] : [`nearest: ${missed.map((one) => missedText(one, locate)).join(", ")}`]),
  ]
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
