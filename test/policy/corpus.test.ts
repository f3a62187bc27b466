/** The conformance corpus by lookup: every asserted cell, flow, request and merged rule of every reachability suite, as `podwire verify` asks. */
import { describe, expect, test } from "vitest"
import { verifyByVerdict } from "../../src/cluster/verify/by-verdict.ts"
import type { Case } from "../../src/cluster/verify/case.ts"
import { answerText } from "../../src/cluster/verify/report.ts"
import { corpusCases, SUITES } from "../support/corpus.ts"

describe.each(Object.entries(SUITES))("%s", (suite, wanted) => {
  const seen = { cases: 0, cells: 0, flows: 0, requests: 0, l7: 0 }
  test.each(corpusCases(suite).map((one): [string, Case] => [one.id, one]))("%s", (_, one) => {
    const { counts, failures, skipped } = verifyByVerdict(one)
    seen.cases++
    for (const key of ["cells", "flows", "requests", "l7"] as const) seen[key] += counts[key]
    expect(skipped).toBeUndefined()
    expect(failures.slice(0, 20).map(answerText), `${failures.length} wrong`).toEqual([])
  })
  test("every case, cell, flow and request was asked", () => {
    expect(seen).toEqual(wanted)
  })
})
