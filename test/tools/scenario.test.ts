/** The scenarios recorded on a real kernel (test/record/kernel.sh), given to podwire's programs word by word. */
import { describe, expect, test } from "vitest"
import { normalise } from "../support/normalise.ts"
import { readScenarios, type ScenarioStep, ScenarioWorld } from "../support/scenario.ts"

const FILES = [
  "link",
  "addr",
  "route",
  "neigh",
  "bridge",
  "bridge-rows",
  "guards",
  "vxlan",
  "ping",
  "flags",
  "curl",
  "curl-files",
  "tc",
  "vxlan-external",
  "rule",
  "ss",
]

/** What podwire does not do and says so, by name, with a non-zero exit: the recording shows what the real tool would have done. */
const REFUSED: ReadonlySet<string> = new Set([
  "ip link xstats",
  "ip link afstats",
  "ip link property add dev v1 altname x",
  "ip link set br0 type bridge ageing_time 500 stp_state 0",
  "ip -h -s link show v0",
  "ip addr add 10.0.0.1/24 valid_lft 10 preferred_lft 5 dev v0",
  "ip -s route get 8.8.8.8",
  "ip route show cache",
  "ip neigh add proxy 10.0.0.77 dev v0",
  "ip neigh show proxy",
  "bridge vlan",
  "bridge mdb",
  "bridge link set dev p1 cost 100",
  "ping -c 1 -A 10.0.1.1",
  "ping -c 2 -l 2 10.0.1.1",
  "ping -f -c 5 -q 10.0.1.1",
  "ping -c 1 -m 5 10.0.1.1",
  "ping -c 1 -r 10.0.1.1",
  "ping -c 1 -l 70000 10.0.1.1",
  "ping -c 1 -l 0 10.0.1.1",
  "ping -c 1 -m abc 10.0.1.1",
  "ping -c 1 -R 10.0.1.1",
  "ping -c 1 -T tsonly 10.0.1.1",
  "ping -c 1 -T nosuch 10.0.1.1",
  "ping -c 1 -S 0 10.0.1.1",
  "ping -c 1 10.0.1.1 10.0.0.254",
])

/** A device that was given no address draws one: only those with the scenarios' own beginnings are compared. */
const withoutDrawnMacs = (text: string): string =>
  text.replace(/\b(?!02:00:00|00:|ff:|01:|33:33)[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, "MAC")

const comparable = (text: string): string => withoutDrawnMacs(normalise(text))

const refusal = (step: ScenarioStep): RegExp =>
  new RegExp(`^${step.command.split(" ")[0]}: podwire does not support .+\n$`)

describe.each(FILES)("%s", (file) => {
  describe.each(readScenarios(`test/golden/kernel/${file}.txt`))("$title", (scenario) => {
    const world = new ScenarioWorld(scenario)
    test.each(scenario.steps)("$where $ $command", async (step) => {
      const result = await world.step(step)
      expect(world.kernel.processes.crashes).toEqual([])
      // The scenario of all flags: each is answered as the real tool does, or refused by name; none is passed over.
      if (REFUSED.has(step.command) || (file === "flags" && refusal(step).test(result.output))) {
        expect(result.output).toMatch(refusal(step))
        expect(result.code).not.toBe(0)
        return
      }
      expect(comparable(result.output)).toBe(comparable(step.output))
      expect(result.code).toBe(step.code)
    })
    test("no packet is left over", () => {
      world.sim.runFor(200e9)
      expect(world.arena.inUse).toBe(0)
    })
  })
})
