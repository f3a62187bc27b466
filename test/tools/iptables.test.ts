/** Commands recorded by test/record/netfilter.sh, given to podwire's iptables and conntrack in the same world, in the same order. */
import { describe, expect, test } from "vitest"
import { readScenarios, ScenarioWorld } from "../support/scenario.ts"

/** The recorder's day is not the simulation's. */
const withoutDates = (text: string): string =>
  text.replace(/ on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/gm, " on DATE")

describe.each(["rules", "errors", "commands", "nat", "filter", "tcp", "bridge", "node"])("%s", (file) => {
  describe.each(readScenarios(`test/golden/netfilter/${file}.txt`))("$title", (scenario) => {
    const world = new ScenarioWorld(scenario, true, "pwn-")
    test.each(scenario.steps)("$where $ $command", async (step) => {
      const result = await world.step(step)
      expect(world.kernel.processes.crashes).toEqual([])
      expect(withoutDates(result.output)).toBe(withoutDates(step.output))
      expect(result.code).toBe(step.code)
    })
  })
})

describe.each(readScenarios("test/golden/netfilter/refused.txt"))("$title", (scenario) => {
  const world = new ScenarioWorld(scenario, true, "pwn-")
  test.each(scenario.steps)("$where $ $command", async (step) => {
    const result = await world.step(step)
    expect(result.output).toMatch(/^iptables v1\.8\.9 \(nf_tables\): podwire does not support (match|target|').+\n/)
    expect(result.code).toBe(2)
  })
})
