import { cruise, type IReporterOutput } from "dependency-cruiser"
import { describe, expect, test } from "vitest"
import { layerRules } from "./layers.ts"

/** Every broken rule as "rule: from -> to". */
async function violations(root: string): Promise<string[]> {
  const result: IReporterOutput = await cruise(
    [root],
    {
      ruleSet: { forbidden: layerRules(root) },
      validate: true,
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
    },
    { extensions: [".ts", ".d.ts", ".js"] },
  )
  if (typeof result.output === "string") throw new Error(result.output)
  if (result.output.summary.totalCruised === 0) throw new Error(`nothing was read below ${root}`)
  return result.output.summary.violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}`)
}

describe("the law of imports", () => {
  test("holds in src", async () => {
    expect(await violations("src")).toEqual([])
  })

  test("notices a type import against the direction, a Node module and a cycle", async () => {
    const found = await violations("test/tidy/lawbreaker")
    expect(found.map((line) => line.split(":")[0]).sort()).toEqual([
      "linux-imports-only-itself-wire-sim",
      "no-run-time-cycles",
      "node-modules-only-in-node",
      "wire-imports-only-itself",
    ])
  })
})
