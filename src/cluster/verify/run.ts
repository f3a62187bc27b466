/** Runs the cases of a file, each by every method asked for. */
import { loadDefinitions } from "../../kube/api/crd/load.ts"
import type { VerifyOptions } from "../verify.ts"
import type { CaseReport, Method } from "./answer.ts"
import { verifyByPackets } from "./by-packets.ts"
import { verifyByVerdict } from "./by-verdict.ts"
import type { Case } from "./case.ts"
import { formatOf } from "./formats.ts"
import { checkCase, readJson } from "./read.ts"
import { readShortForm } from "./short-form.ts"

const METHODS: readonly Method[] = ["verdict", "packets"]

export async function runVerify(text: string, options: VerifyOptions): Promise<CaseReport[]> {
  // Manifests may be of kinds that have definitions.
  await loadDefinitions()
  const reports: CaseReport[] = []
  for (const test of readTests(text, options))
    for (const method of options.by ?? METHODS) {
      const report = await test(method)
      reports.push(report)
      options.onReport?.(report)
    }
  return reports
}

type Test = (method: Method) => CaseReport | Promise<CaseReport>

/** All of the file is read before the first test runs. */
function readTests(text: string, { file = "tests", find = () => [] }: VerifyOptions): Test[] {
  if (/\.ya?ml$/.test(file)) return [pairs(readShortForm(text, file, find))]
  return readJson(text, file).map((given) => {
    const format = formatOf(given.value)
    return format === undefined ? pairs(checkCase(given)) : (method) => format.run(given.value, method, find)
  })
}

const pairs =
  (test: Case): Test =>
  (method) =>
    method === "verdict" ? verifyByVerdict(test) : verifyByPackets(test)
