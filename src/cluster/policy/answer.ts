/** What policy says of one flow. */
import type { RuleRef } from "../../policy/rule.ts"
import type { Verdict } from "../../policy/verdict.ts"
import { printable } from "../../shell/exec-result.ts"
import { explain, explainParts, type Locate, REASONS } from "./explain.ts"

/** A part of a policy that decided. */
export interface DecidingRule {
  /** `NetworkPolicy default/default-deny-ingress`. */
  readonly policy: string
  /** Where in the object: `spec.ingress[0].toPorts[0]`. */
  readonly path: string
  /** Where in the manifest it was written: `deny.yaml:6`. Absent when nobody said which file it came from. */
  readonly line?: string
}

const IGNORED = "but nothing here enforces policies: the packet arrives"

/** The answer of `cluster.lookup`. Prints in a few lines; {@link PolicyAnswer.explain} says more. */
export class PolicyAnswer {
  /** `deny` also for a request that the proxy refuses; `redirect`: allowed so far, and each request is judged. */
  readonly verdict: "allow" | "deny" | "redirect"
  /** The side that decided: `egress` of the sender or `ingress` of the receiver. */
  readonly direction: "ingress" | "egress" | undefined
  /** Cilium's drop reason: `Policy denied`, `Policy denied by denylist`, `Authentication required`. */
  readonly reason: string | undefined
  /** HTTP status of a request that was asked about: 200 or 403. */
  readonly status: number | undefined
  /** What allowed or denied; after a default deny, what isolates the end. */
  readonly rules: readonly DecidingRule[]
  /** False on a cluster whose network plugin enforces no policy: the packet arrives all the same. */
  readonly enforced: boolean
  readonly #flow: string
  readonly #verdict: Verdict
  readonly #locate: Locate

  constructor(flow: string, verdict: Verdict, locate: Locate, enforced: boolean) {
    const refused = verdict.http !== undefined && !verdict.http.allowed
    this.#flow = flow
    this.#verdict = verdict
    this.#locate = locate
    this.enforced = enforced
    this.verdict = refused ? "deny" : verdict.http !== undefined ? "allow" : verdict.verdict
    this.direction = verdict.direction
    this.reason = verdict.reason === 0 ? undefined : REASONS[verdict.reason]
    this.status = verdict.http === undefined ? undefined : refused ? 403 : 200
    this.rules = decidingRules(verdict).map((ref) => describe(ref, locate))
  }

  /** What decided, in words, with the lines of the manifests. */
  explain(): string {
    const words = explain(this.#verdict, this.#locate, this.enforced)
    return this.#ignored ? `${words} (${IGNORED})` : words
  }

  get #ignored(): boolean {
    return !this.enforced && this.verdict !== "allow"
  }

  toString(): string {
    const status = this.status === undefined ? "" : ` (${this.status})`
    const sides = explainParts(this.#verdict, this.#locate, this.enforced).map((side) => `  ${side.join("\n    ")}`)
    return [`${this.#flow}: ${this.verdict}${status}`, ...sides, ...(this.#ignored ? [`  ${IGNORED}`] : [])].join("\n")
  }
}

printable(PolicyAnswer, (answer) => answer.toString())

function decidingRules(verdict: Verdict): readonly RuleRef[] {
  const sides = [verdict.egress, verdict.ingress].filter((side) => side !== undefined)
  const relevant =
    verdict.direction === undefined ? sides : sides.filter(({ direction }) => direction === verdict.direction)
  return relevant.flatMap((side) => (side.rules.length > 0 ? side.rules : side.reason === 0 ? [] : side.isolating))
}

function describe(ref: RuleRef, locate: Locate): DecidingRule {
  const { origin, path } = ref
  const line = locate(ref)
  const policy = `${origin.kind} ${origin.namespace === undefined ? "" : `${origin.namespace}/`}${origin.name}`
  return { policy, path, ...(line === undefined ? {} : { line }) }
}
