/** What the real plugins bridge, host-local and portmap answered (test/record/kernel-cni.py), beside podwire's. */
import { describe, expect, test } from "vitest"
import { CniWorld, readCniConfigs, readCniScenarios } from "../support/cni-calls.ts"

const configs = readCniConfigs("test/record/kernel-cni.txt")

/** MAC addresses and the node's end of a pair are drawn. */
const comparable = (text: string): string =>
  text.replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, "MAC").replace(/veth[0-9a-f]{8}/g, "vethX")

describe.each(readCniScenarios("test/golden/kernel/cni.txt"))("$title", ({ calls }) => {
  const world = new CniWorld(configs)
  test.each(calls)("$line", async ({ line, code, output }) => {
    const result = await world.call(line)
    expect(world.kernel.processes.crashes).toEqual([])
    expect(comparable(result.output)).toBe(comparable(output))
    expect(result.code).toBe(code)
  })
})
