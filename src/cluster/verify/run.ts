/** Runs the cases of a file, each by every method asked for. */
import type { VerifyOptions } from "../verify.ts"
import type { CaseReport, Method } from "./answer.ts"
import { verifyByPackets } from "./by-packets.ts"
import { verifyByVerdict } from "./by-verdict.ts"
import type { Case } from "./case.ts"
import { readJson } from "./read.ts"
import { readShortForm } from "./short-form.ts"

const METHODS: readonly Method[] = ["verdict", "packets"]

export async function runVerify(text: string, options: VerifyOptions): Promise<CaseReport[]> {
  const reports: CaseReport[] = []
  for (const test of readCases(text, options))
    for (const method of options.by ?? METHODS) {
      const report = method === "verdict" ? verifyByVerdict(test) : await verifyByPackets(test)
      reports.push(report)
      options.onReport?.(report)
    }
  return reports
}

function readCases(text: string, { file = "tests", find = () => [] }: VerifyOptions): Case[] {
  return /\.ya?ml$/.test(file) ? [readShortForm(text, file, find)] : readJson(text, file)
}
