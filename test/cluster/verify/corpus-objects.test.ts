/** What of the corpus is not about pairs: objects and the words about them, files, names, the proxy's policies; both ways, as podwire verify does. */
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { answerText } from "../../../src/cluster/verify/report.ts"
import { runVerify } from "../../../src/cluster/verify/run.ts"
import type { CaseReport } from "../../../src/index.ts"

const CORPUS = new URL("../../corpus/", import.meta.url)

function corpusReports(file: string): Promise<CaseReport[]> {
  const folder = new URL(file, CORPUS)
  const find = (name: string) => [{ file: name, text: readFileSync(new URL(name, folder), "utf8") }]
  return runVerify(readFileSync(folder, "utf8"), { file, find })
}

/** Cases that are run, checks, and the cases that are not run. */
const FILES: Readonly<Record<string, Record<"verdict" | "packets", readonly [number, number, number]>>> = {
  "k8s-validation/cases.jsonl": { verdict: [69, 121, 0], packets: [69, 134, 0] },
  "cilium-validation/cases.jsonl": { verdict: [143, 286, 0], packets: [143, 369, 0] },
  "cilium-examples/parse.jsonl": { verdict: [42, 84, 0], packets: [42, 83, 0] },
  "cilium-fqdn-match/cases.jsonl": { verdict: [26, 976, 0], packets: [25, 900, 1] },
  "cilium-proxy/cases.jsonl": { verdict: [49, 363, 0], packets: [0, 0, 49] },
}

describe.each(Object.entries(FILES))("%s", (file, wanted) => {
  test("as the corpus says, by verdict and on a cluster", async () => {
    const reports = await corpusReports(file)
    expect(reports.flatMap(({ failures }) => failures.map(answerText))).toEqual([])
    for (const method of ["verdict", "packets"] as const) {
      const own = reports.filter((report) => report.method === method)
      const run = own.filter(({ skipped }) => skipped === undefined)
      const checks = run.reduce((sum, { counts }) => sum + counts.checks, 0)
      expect([method, run.length, checks, own.length - run.length]).toEqual([method, ...wanted[method]])
    }
  })
})

test("what is wrong is found: every object's expectation turned round", async () => {
  const text = readFileSync(new URL("k8s-validation/cases.jsonl", CORPUS), "utf8")
  const turned = text
    .trim()
    .split("\n")
    .map((line) => {
      const one = JSON.parse(line) as { expect: { valid: boolean; apiServerMessage?: string } }
      const { valid } = one.expect
      return JSON.stringify({ ...one, expect: valid ? { valid: false, apiServerMessage: "no" } : { valid: true } })
    })
  const reports = await runVerify(turned.join("\n"), { file: "turned.jsonl" })
  const held = reports.filter(({ failures }) => failures.length === 0)
  expect(held.map(({ case: { id } }) => id)).toEqual([])
  expect(reports).toHaveLength(2 * 69)
})

test("the ambiguities that a case has are counted in its report", async () => {
  const reports = await corpusReports("cilium-validation/cases.jsonl")
  const found = reports.filter(({ ambiguous }) => ambiguous[12] !== undefined)
  expect(found.map(({ case: { id }, method }) => `${id} ${method}`)).toEqual([
    "cilium-validation/hand-fromrequires verdict",
    "cilium-validation/hand-fromrequires packets",
    "cilium-validation/hand-torequires verdict",
    "cilium-validation/hand-torequires packets",
  ])
})
