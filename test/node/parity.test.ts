/** Cells mean in a page what they mean in tslab: one corpus through both. */
import { format, inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { compileCell } from "../../site/kernel/compile.ts"
import { runNotebook } from "../../src/node/run-notebook.ts"
import type { Cell, Output } from "../../src/notebook/ipynb.ts"
import { Kernel } from "../../src/notebook/kernel/kernel.ts"
import { PARITY } from "../notebook/parity-cells.ts"

async function inTslab(sources: readonly string[]): Promise<(readonly Output[])[]> {
  const cells = sources.map(
    (source, i): Cell => ({ cell_type: "code", id: `c${i}`, source, metadata: {}, outputs: [], executionCount: null }),
  )
  const { notebook } = await runNotebook({ cells, metadata: {} }, { cwd: process.cwd() })
  return notebook.cells.map(({ outputs }) => outputs)
}

async function inPage(sources: readonly string[]): Promise<(readonly Output[])[]> {
  const kernel = new Kernel({
    inspect: Object.assign((value: unknown, options?: object) => inspect(value, options), { format }),
    load: async () => undefined,
    modules: [],
  })
  const all: (readonly Output[])[] = []
  for (const [i, source] of sources.entries()) all.push((await kernel.run(compileCell(`c${i}`, source))).outputs)
  return all
}

test("the corpus has at least 150 cells", () => {
  expect(Object.values(PARITY).flat().length).toBeGreaterThanOrEqual(150)
})

describe.each(Object.entries(PARITY))("%s", (_, sources) => {
  test("the same outputs in tslab and in the page's kernel", async () => {
    const [tslab, page] = await Promise.all([inTslab(sources), inPage(sources)])
    const shown = (outputs: readonly (readonly Output[])[]) =>
      sources.map((source, i) => ({ source, outputs: outputs[i] }))
    expect(shown(page)).toEqual(shown(tslab))
  })
})
