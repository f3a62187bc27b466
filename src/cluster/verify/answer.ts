/** What was found, beside what was expected. */
import type { Case } from "./case.ts"
import type { Question } from "./question.ts"

/** What can be asked: cells of tables, flows written out, requests over them, merged L7 rules of a side. */
export interface Counts {
  cells: number
  flows: number
  requests: number
  l7: number
}

/** By the policy engine alone, or by packets through a simulated cluster. */
export type Method = "verdict" | "packets"

/** One checked thing: what was expected and what was found. */
export interface Answer {
  readonly question: Question
  readonly method: Method
  /** `.`, `X`, `7`, or what a request got: `200`. */
  readonly got: string
  readonly ok: boolean
  /** What decided, for people: the rule with its line, or why none matched. Only where it was asked for. */
  readonly why?: string
  /** The request, when one was judged. */
  readonly request?: string
  readonly expected: string
}

/** All answers of a case by one method. */
export interface CaseReport {
  readonly case: Case
  readonly method: Method
  /** How many of each sort were checked. */
  readonly counts: Counts
  readonly failures: readonly Answer[]
  /** Every answer, for matrices; only for small cases. */
  readonly answers: readonly Answer[]
  /** The case was not run this way, and why. */
  readonly skipped?: string
  /** Things to know that are no failure: policies without effect. */
  readonly notes: readonly string[]
}
