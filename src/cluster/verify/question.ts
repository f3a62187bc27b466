/** What a step asks, one pair and port at a time, whatever form it was written in. */
import type { CaseFlow, CaseL7, CaseProtocol, CaseStep, CaseTable, CellMark } from "./case.ts"

/** A pair and a port, and the expected verdict. */
export interface Question {
  readonly step: string
  readonly from: string
  readonly to: string
  readonly protocol: CaseProtocol
  readonly port: number
  /** Only this side's verdict is meant. */
  readonly direction?: "ingress" | "egress"
  readonly expected: Exclude<CellMark, "-">
  /** Written out as a flow, with what it says beside the verdict. */
  readonly flow?: CaseFlow
  /** The merged L7 rules of this pair's sides, with requests judged by them: no question about the pair itself. */
  readonly l7?: CaseL7
  /** Of the test file, in the short form. */
  readonly line?: number
}

/** Whose rows count: the API's own, or those of Cilium where it differs. */
export type Engine = "api" | "cilium"

export function questionsOf(step: CaseStep, engine: Engine): Question[] {
  const { expect } = step
  return [
    ...(expect.tables ?? []).flatMap((table) => tableQuestions(step, table, engine)),
    ...(expect.flows ?? []).map((flow) => flowQuestion(step, flow)),
    ...(expect.l7 ?? []).flatMap((l7) =>
      l7.pairs.map(
        ([from, to]): Question => ({
          step: step.name,
          from,
          to,
          protocol: l7.protocol,
          port: l7.port,
          expected: "7",
          l7,
        }),
      ),
    ),
  ]
}

function flowQuestion(step: CaseStep, flow: CaseFlow): Question {
  const { from, to, protocol, port, verdict, line } = flow
  const expected = verdict === "allow" ? "." : "X"
  return { step: step.name, from, to, protocol, port, expected, flow, ...(line === undefined ? {} : { line }) }
}

function tableQuestions(step: CaseStep, table: CaseTable, engine: Engine): Question[] {
  const from = table.from ?? step.expect.from ?? []
  const to = table.to ?? step.expect.to ?? []
  const rows = (engine === "cilium" ? table.rowsByEngine?.cilium : undefined) ?? table.rows
  const { protocol, port, direction } = table
  return rows.flatMap((row, i) =>
    [...row].flatMap((mark, j) =>
      mark === "-"
        ? []
        : [
            {
              step: step.name,
              from: from[i] as string,
              to: to[j] as string,
              protocol,
              port,
              ...(direction === undefined ? {} : { direction }),
              expected: mark as Question["expected"],
            },
          ],
    ),
  )
}
