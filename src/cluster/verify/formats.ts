/** The sorts of tests there are beside those of pairs, each known by its keys. */
import { type CaseReport, type Method, skippedReport } from "./answer.ts"
import { type FileCase, verifyFile } from "./file-case.ts"
import { type NameCase, verifyNames } from "./name-case.ts"
import { askNames } from "./name-cluster.ts"
import { type ObjectCase, verifyObject } from "./object-case.ts"
import { applyObject } from "./object-cluster.ts"
import { type ProxyCase, verifyProxy } from "./proxy-case.ts"
import type { JsonObject } from "./read.ts"
import type { FindFiles } from "./short-form.ts"

interface Format {
  /** Keys that only this sort has. */
  readonly keys: readonly string[]
  run(value: JsonObject, method: Method, find: FindFiles): CaseReport | Promise<CaseReport>
}

const FORMATS: readonly Format[] = [
  {
    keys: ["object", "expect"],
    run: (value, method) => {
      const test = value as unknown as ObjectCase
      return method === "verdict" ? verifyObject(test) : applyObject(test)
    },
  },
  {
    keys: ["selector", "expect"],
    run: (value, method) => {
      const test = value as unknown as NameCase
      return method === "verdict" ? verifyNames(test) : askNames(test)
    },
  },
  { keys: ["npds", "checks"], run: runProxy },
  { keys: ["sniPattern", "expect"], run: runProxy },
  {
    keys: ["file", "documents"],
    run: (value, method, find) => verifyFile(value as unknown as FileCase, method, find),
  },
]

function runProxy(value: JsonObject, method: Method): CaseReport {
  const test = value as unknown as ProxyCase
  return method === "verdict"
    ? verifyProxy(test)
    : skippedReport(test, "packets", "the proxy's own policies, which no agent here writes")
}

/** The format of a test; undefined for one about pairs. */
export const formatOf = (value: JsonObject): Format | undefined =>
  FORMATS.find(({ keys }) => keys.every((key) => key in value))
