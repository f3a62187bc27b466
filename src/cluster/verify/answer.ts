/** What was found, beside what was expected. */
import type { Case } from "./case.ts"
import type { Question } from "./question.ts"

/** What can be asked: cells of tables, flows written out, requests over them, merged L7 rules of a side; and single checks, of objects and matchers. */
export interface Counts {
  cells: number
  flows: number
  requests: number
  l7: number
  checks: number
}

/** By the policy engine alone, or by packets through a simulated cluster. */
export type Method = "verdict" | "packets"

/** One checked thing: what was expected and what was found. */
export interface Answer {
  /** The pair and port; a check of an object or a matcher has none. */
  readonly question?: Question
  /** What was checked, where that is no pair: `the API server's answer`. */
  readonly subject?: string
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

/** What a report is about: a case of pairs, or of objects and matchers. */
export type TestCase = Pick<Case, "id" | "suite"> & Partial<Case>

/** All answers of a case by one method. */
export interface CaseReport {
  readonly case: TestCase
  readonly method: Method
  /** How many of each sort were checked. */
  readonly counts: Counts
  readonly failures: readonly Answer[]
  /** Every answer, for matrices. */
  readonly answers: readonly Answer[]
  /** The case was not run this way, and why. */
  readonly skipped?: string
  /** Things to know that are no failure: policies without effect. */
  readonly notes: readonly string[]
  /** What implementations differ in: how many cells or checks of the case each number of the list concerns. */
  readonly ambiguous: Readonly<Record<number, number>>
}

export const noCounts = (): Counts => ({ cells: 0, flows: 0, requests: 0, l7: 0, checks: 0 })

/** A case that was not run this way. */
export const skippedReport = (test: TestCase, method: Method, skipped: string): CaseReport => ({
  case: test,
  method,
  counts: noCounts(),
  failures: [],
  answers: [],
  notes: [],
  ambiguous: {},
  skipped,
})
