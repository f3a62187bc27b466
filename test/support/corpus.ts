/** Reads test/corpus (a copy of the conformance corpus; its README has the sources and licences). */
import { readFileSync } from "node:fs"
import type { Case } from "../../src/cluster/verify/case.ts"
import { checkCase, readJson } from "../../src/cluster/verify/read.ts"

const textOf = (path: string): string => readFileSync(new URL(`../corpus/${path}`, import.meta.url), "utf8")

export const corpusCases = (suite: string): Case[] =>
  readJson(textOf(`${suite}/cases.jsonl`), `${suite}/cases.jsonl`).map(checkCase)

/** What a suite holds, without the cells that its README leaves open; a case that vanishes changes a number here. */
export const SUITES = {
  "k8s-e2e": { cases: 34, cells: 17_712, flows: 0, requests: 0, l7: 0 },
  cyclonus: { cases: 161, cells: 78_408, flows: 0, requests: 0, l7: 0 },
  "network-policy-api": { cases: 31, cells: 26_400, flows: 233, requests: 0, l7: 0 },
  recipes: { cases: 12, cells: 200, flows: 25, requests: 0, l7: 0 },
  "np-guard": { cases: 58, cells: 30_564, flows: 0, requests: 0, l7: 0 },
  "cilium-knp": { cases: 10, cells: 830, flows: 49, requests: 0, l7: 0 },
  "cilium-connectivity": { cases: 48, cells: 38_136, flows: 320, requests: 31, l7: 376 },
  "cilium-examples": { cases: 33, cells: 5_776, flows: 0, requests: 84, l7: 26 },
  "cilium-unit": { cases: 209, cells: 63_578, flows: 46, requests: 1864, l7: 461 },
  "cilium-semantics": { cases: 124, cells: 170_128, flows: 0, requests: 1544, l7: 286 },
} as const
