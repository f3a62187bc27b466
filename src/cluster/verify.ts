/** Policy tests: files in, answers out. The code behind it is loaded when it is first used. */
import type { CaseReport, Method } from "./verify/answer.ts"
import type { FindFiles } from "./verify/short-form.ts"

/** How {@link verify} goes about it. */
export interface VerifyOptions {
  /** The file's name, for messages (`tests`). A name that ends in .yaml or .yml is read as the short form. */
  readonly file?: string
  /** By the policy engine, by packets through a simulated cluster, or both (both). */
  readonly by?: readonly Method[]
  /** Finds the manifests a short form names: a pattern relative to the file, the files' names and texts. */
  readonly find?: FindFiles
  /** Called with each report as it is ready. */
  readonly onReport?: (report: CaseReport) => void
}

/**
 * Runs policy tests: the corpus's JSON lines, one case as JSON, or the short form in YAML.
 *
 * @returns a report for each case and method; failures are in it, with the rule that decided
 * @throws Error for text that is no test, with its place
 * @example const reports = await verify(text, { file: "policies.test.yaml", find })
 */
export async function verify(text: string, options: VerifyOptions = {}): Promise<CaseReport[]> {
  const { runVerify } = await import("./verify/run.ts")
  return runVerify(text, options)
}

/**
 * Reports as text: `summary` for people (`matrix` adds the grids), `counts` of all, `junit` as XML, `json` as data; `ambiguous` says where
 * implementations differ, of these reports or, without any, everywhere.
 *
 * @example console.log(await verifyReport(reports, "junit"))
 */
export async function verifyReport(
  reports: readonly CaseReport[],
  format: "summary" | "matrix" | "counts" | "ambiguous" | "junit" | "json",
): Promise<string> {
  const { ambiguousText, countsText, failureText, junit, matrixText, reportJson, summaryText } = await import(
    "./verify/report.ts"
  )
  if (format === "counts") return countsText(reports)
  if (format === "ambiguous") return ambiguousText(reports)
  if (format === "junit") return junit(reports)
  if (format === "json") return `${JSON.stringify(reportJson(reports), undefined, 2)}\n`
  const failures = reports.map((report) => summaryText(report, failureText(report)))
  const grids = format === "matrix" ? reports.map(matrixText) : []
  return reports.map((_, i) => `${failures[i]}${grids[i] ?? ""}`).join("")
}
