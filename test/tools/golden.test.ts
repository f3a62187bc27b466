/** Every recorded command of the twin, given to podwire's programs in the same world, in the same order. */
import { beforeAll, describe, expect, test } from "vitest"
import { readGolden, readText } from "../support/golden.ts"
import { normalise } from "../support/normalise.ts"
import { type Topology, Twin } from "../support/twin.ts"

const topology = JSON.parse(readText("test/golden/topology.json")) as Topology
const html = { "index.html": readText("test/record/html/index.html"), "big.txt": readText("test/record/html/big.txt") }

describe.each(["node", "pod", "errors", "traffic"])("%s", (group) => {
  let twin: Twin
  beforeAll(async () => {
    twin = await Twin.create({ topology, html })
  })
  test.each(readGolden(`test/golden/${group}.txt`))("$where $ $command", async ({ where, command, code, output }) => {
    const result = await twin.run(where, command.split(" "))
    expect(normalise(result.output)).toBe(normalise(output))
    expect(result.code).toBe(code)
    expect(twin.kernels.flatMap((kernel) => kernel.processes.crashes)).toEqual([])
  })
})
