/** Which cells of a notebook send packets: the notebook is run when the site is built, as a reader's page runs it. */
import { format, inspect } from "node:util"
import type { Cell, Notebook } from "../../src/notebook/ipynb.ts"
import { Kernel } from "../../src/notebook/kernel/kernel.ts"
import { compileCell } from "../kernel/compile.ts"
import type { PacketList } from "../packets/protocol.ts"
import { Recorder } from "../packets/recorder.ts"

type Counts = ReadonlyMap<string, number>

const known = new Map<string, Promise<Counts>>()

/** How many packets pass while each cell runs, by cell; cells without are left out. A notebook is run once, whatever the languages of its pages. */
export function packetsOf({ cells }: Notebook): Promise<Counts> {
  const code = cells.filter(({ cell_type }) => cell_type === "code")
  const text = JSON.stringify(code.map(({ source }) => source))
  const counts = known.get(text) ?? counted(code)
  known.set(text, counts)
  return counts
}

async function counted(cells: readonly Cell[]): Promise<Counts> {
  const recorder = new Recorder(await import("podwire"))
  const modules: Readonly<Record<string, () => Promise<object>>> = {
    podwire: async () => recorder.module,
    "@observablehq/plot": () => import("@observablehq/plot"),
    linkedom: () => import("linkedom"),
  }
  const kernel = new Kernel({
    inspect: Object.assign((value: unknown, options?: object) => inspect(value, options), { format }),
    load: async (name) => modules[name]?.(),
    modules: Object.keys(modules),
  })
  const counts = new Map<string, number>()
  for (const { id, source } of cells) {
    await recorder.during(id, () => kernel.run(compileCell(id, source)))
    const packets = await countOf(recorder, id)
    if (packets > 0) counts.set(id, packets)
  }
  return counts
}

async function countOf(recorder: Recorder, cell: string): Promise<number> {
  const { clusters } = (await recorder.answer({ cell, cluster: 0, kind: "list", filter: "" })) as PacketList
  return clusters.reduce((sum, packets) => sum + packets, 0)
}
