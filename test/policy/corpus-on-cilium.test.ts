/** The Kubernetes suites on Cilium's engine: the same cells, but where the corpus says that Cilium differs (addresses of pods). */
import { expect, test } from "vitest"
import type { Case } from "../../src/cluster/verify/case.ts"
import { CaseWorld } from "../../src/cluster/verify/world.ts"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { IPPROTO } from "../../src/policy/rule.ts"
import { corpusCases } from "../support/corpus.ts"

/** The engine does not know node identities (README, ambiguity 14), and np-guard's tables were not run through it. */
const SUITES = { "k8s-e2e": 34, cyclonus: 161, "network-policy-api": 31 } as const

test.each(Object.entries(SUITES))("%s", (suite, count) => {
  const cases = corpusCases(suite)
  expect(cases).toHaveLength(count)
  const wrong = cases.filter((one) => !hasHostPods(one)).flatMap(wrongCells)
  expect(wrong.slice(0, 20)).toEqual([])
})

function hasHostPods(one: Case): boolean {
  return one.cluster.pods.some(({ hostNetwork }) => hostNetwork === true)
}

function wrongCells(one: Case): string[] {
  const world = new CaseWorld(one)
  const wrong: string[] = []
  for (const { name, actions, expect: wanted } of one.steps) {
    for (const action of actions) world.apply(action)
    const cilium = new CiliumEvaluator()
    cilium.repository.upsert(world.rules())
    for (const tier of world.tiers()) cilium.repository.upsertTier(tier)
    for (const { protocol, port, direction, rows, rowsByEngine, from = wanted.from, to = wanted.to } of wanted.tables ??
      [])
      for (const [row, cells] of (rowsByEngine?.cilium ?? rows).entries())
        for (const [column, cell] of [...cells].entries()) {
          if (cell === "-") continue
          const [a, b] = [from?.[row] as string, to?.[column] as string]
          const verdict = cilium.lookup(world.peer(a), world.peer(b), { protocol: IPPROTO[protocol], port })
          const denied = (direction === undefined ? verdict : verdict[direction])?.verdict === "deny"
          if ((denied ? "X" : ".") !== cell)
            wrong.push(`${one.id} ${name}: ${a} -> ${b} ${protocol}/${port} not ${cell}`)
        }
  }
  return wrong
}
