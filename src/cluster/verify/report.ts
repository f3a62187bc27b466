/** Reports of a verification: for people, as JUnit XML, as JSON. */
import { escapeXml } from "../../view/xml.ts"
import { AMBIGUITIES } from "./ambiguities.ts"
import type { Answer, CaseReport, Counts, Method } from "./answer.ts"
import type { Question } from "./question.ts"

/** Failures of a case that are written out one by one. */
const MOST_FAILURES = 20
/** A matrix wider than this says less than its failures. */
const MOST_COLUMNS = 24

export interface Totals {
  readonly cases: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly checked: number
}

/** All that was checked. */
export const checkedIn = ({ cells, flows, requests, l7, checks }: Counts): number =>
  cells + flows + requests + l7 + checks

export function totalsOf(reports: readonly CaseReport[]): Totals {
  const skipped = reports.filter((report) => report.skipped !== undefined).length
  const failed = reports.filter((report) => report.failures.length > 0).length
  return {
    cases: reports.length,
    failed,
    skipped,
    passed: reports.length - failed - skipped,
    checked: reports.reduce((sum, report) => sum + checkedIn(report.counts), 0),
  }
}

/** `deny default/visitor -> default/db:5432/TCP`. */
export function answerText({ question, subject, expected, got, request }: Answer): string {
  const what = question === undefined ? subject : pairText(question, request)
  return `${what}: expected ${word(expected)}, got ${word(got)}`
}

const pairText = ({ from, to, port, protocol }: Question, request: string | undefined): string =>
  `${from} -> ${to}:${port}/${protocol}${request === undefined ? "" : ` ${request}`}`

const word = (mark: string): string => ({ ".": "allow", X: "deny", "7": "allow, by request" })[mark] ?? mark

/** What went wrong in a case, with the rule that decided. */
export function failureText(report: CaseReport): string {
  const shown = report.failures.slice(0, MOST_FAILURES)
  const lines = shown.flatMap((answer) => {
    const { question } = answer
    const line = question?.line === undefined ? "" : ` (line ${question.line})`
    const step = question !== undefined && severalSteps(report) ? ` [${question.step}]` : ""
    return [`  FAIL${step} ${answerText(answer)}${line}`, ...(answer.why === undefined ? [] : [`       ${answer.why}`])]
  })
  const rest = report.failures.length - shown.length
  return `${lines.join("\n")}\n${rest > 0 ? `  … and ${rest} more\n` : ""}`
}

/** One line for a case, its failures below. */
export function summaryText(report: CaseReport, failures: string): string {
  const { case: test, method, skipped, notes } = report
  const state = skipped !== undefined ? "skip" : report.failures.length > 0 ? "FAIL" : "ok"
  const what =
    skipped ??
    `${checkedIn(report.counts)} checked${report.failures.length > 0 ? `, ${report.failures.length} wrong` : ""}`
  const said = notes.map((note) => `  note ${note}\n`).join("")
  return `${state.padEnd(4)} ${test.id} by ${method}: ${what}\n${said}${report.failures.length > 0 ? failures : ""}`
}

type PairAnswer = Answer & { readonly question: Question }

const severalSteps = ({ case: { steps = [] } }: CaseReport): boolean => steps.length > 1

const pairJson = ({ step, from, to, protocol, port }: Question): object => ({ step, from, to, protocol, port })

/** A grid for each step and port: `.` allowed, `X` denied, `7` by request; `!` marks what was expected otherwise. */
export function matrixText(report: CaseReport): string {
  const groups = new Map<string, PairAnswer[]>()
  for (const answer of report.answers) {
    if (answer.question === undefined || answer.request !== undefined) continue
    const { step, port, protocol, direction } = answer.question
    const key = `${severalSteps(report) ? `${step}, ` : ""}${port}/${protocol}${direction === undefined ? "" : ` (${direction} only)`}`
    groups.set(key, [...(groups.get(key) ?? []), answer as PairAnswer])
  }
  return [...groups].map(([title, answers]) => grid(title, answers)).join("\n")
}

function grid(title: string, answers: readonly PairAnswer[]): string {
  const rows = [...new Set(answers.map(({ question }) => question.from))]
  const columns = [...new Set(answers.map(({ question }) => question.to))]
  if (columns.length > MOST_COLUMNS) return `  ${title}: ${rows.length} × ${columns.length} pairs\n`
  const left = Math.max(title.length, ...rows.map((name) => name.length))
  const widths = columns.map((name) => Math.max(name.length, 2))
  const marks = new Map(
    answers.map((answer) => [`${answer.question.from} ${answer.question.to}`, `${answer.got}${answer.ok ? "" : "!"}`]),
  )
  const line = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(left)}  ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join("  ")}`.trimEnd()
  return `${[
    line(title, columns),
    ...rows.map((from) =>
      line(
        from,
        columns.map((to) => marks.get(`${from} ${to}`) ?? "-"),
      ),
    ),
  ].join("\n")}\n`
}

/** Totals by method, and why cases were not run. */
export function countsText(reports: readonly CaseReport[]): string {
  const lines = [...Map.groupBy(reports, ({ method }) => method)].map(([method, list]) => {
    const { cases, passed, failed, skipped, checked } = totalsOf(list)
    const left = skipped === 0 ? "" : `, ${skipped} not run`
    const first = `by ${method}: ${passed} of ${cases} cases as expected, ${failed} not${left}; ${checked} checks\n`
    return first + reasonsText(list)
  })
  return lines.join("")
}

function reasonsText(reports: readonly CaseReport[]): string {
  const reasons = new Map<string, number>()
  for (const { skipped } of reports) if (skipped !== undefined) reasons.set(skipped, (reasons.get(skipped) ?? 0) + 1)
  return [...reasons].map(([reason, count]) => `  ${count} not run: ${reason}\n`).join("")
}

/** Where implementations differ: what podwire does and why. Of these reports, or the whole list without any. */
export function ambiguousText(reports: readonly CaseReport[]): string {
  return AMBIGUITIES.flatMap(({ topic, podwire }, i) => {
    const number = i + 1
    const about = reports.filter(({ ambiguous }) => ambiguous[number] !== undefined)
    if (reports.length > 0 && about.length === 0) return []
    const [method] = about.map((report): Method => report.method)
    const counted = about.filter((report) => report.method === method)
    const sum = counted.reduce((total, { ambiguous }) => total + (ambiguous[number] ?? 0), 0)
    const where =
      counted.length === 0
        ? ""
        : `, ${plural(sum, OPEN.has(number) ? "open cell" : "check")} in ${plural(counted.length, "case")}`
    return [`${String(number).padStart(2)}. ${topic}${where}\n    ${podwire}\n`]
  }).join("")
}

/** What the corpus leaves open in its grids; of the others it says one of the answers. */
const OPEN: ReadonlySet<number> = new Set([1, 2, 3])

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`

/** JUnit XML as CI servers read it: a suite a file or corpus suite, a test a case and method. */
export function junit(reports: readonly CaseReport[]): string {
  const suites = Map.groupBy(reports, ({ case: test }) => test.suite || "podwire verify")
  const body = [...suites].map(([name, list]) => {
    const { failed, skipped } = totalsOf(list)
    const cases = list.map((report) => {
      const head = `    <testcase classname="${escapeXml(name)}" name="${escapeXml(`${report.case.id} (${report.method})`)}"`
      if (report.skipped !== undefined) return `${head}><skipped message="${escapeXml(report.skipped)}"/></testcase>`
      if (report.failures.length === 0) return `${head}/>`
      const [first] = report.failures as [Answer, ...Answer[]]
      return `${head}><failure message="${escapeXml(answerText(first))}">${escapeXml(failureText(report))}</failure></testcase>`
    })
    return `  <testsuite name="${escapeXml(name)}" tests="${list.length}" failures="${failed}" skipped="${skipped}">\n${cases.join("\n")}\n  </testsuite>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${body.join("\n")}\n</testsuites>\n`
}

/** The same as data. */
export function reportJson(reports: readonly CaseReport[]): object {
  return {
    totals: totalsOf(reports),
    cases: reports.map(({ case: test, method, counts, failures, skipped, notes, ambiguous }) => ({
      id: test.id,
      suite: test.suite,
      method,
      ...counts,
      ...(skipped === undefined ? {} : { skipped }),
      ambiguous,
      failures: failures.map(({ question, subject, expected, got, why, request }) => ({
        ...(subject === undefined ? {} : { subject }),
        ...(question === undefined ? {} : pairJson(question)),
        ...(request === undefined ? {} : { request }),
        expected: word(expected),
        got: word(got),
        ...(why === undefined ? {} : { why }),
      })),
      notes,
    })),
  }
}
