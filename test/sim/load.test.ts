/** Code that is loaded when it is needed: how long that takes the host must not show in a run. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { Simulation } from "../../src/sim/simulation.ts"
import { Task } from "../../src/sim/task.ts"

/** So many turns of the host's event loop, 0 for code that is there already. */
async function slowly<T>(value: T, turns: number): Promise<T> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
  return value
}

/** Two programs that load twice each among sleeps, events at the same instant, a handler and a caller from outside that load. */
async function story(turns: readonly number[]): Promise<string[]> {
  const sim = new Simulation()
  const lines: string[] = []
  const say = (text: string): void => void lines.push(`${sim.now} ${sim.events} ${text}`)
  const program = async (name: string, first: number): Promise<void> => {
    const task = new Task(sim)
    say(`${name} starts`)
    say(await task.load(() => slowly(`${name} has code`, turns[first] ?? 0)))
    await task.sleep(10)
    say(await task.load(() => slowly(`${name} has more`, turns[first + 1] ?? 0)))
  }
  sim.schedule(0, { fire: () => say("an event before") }, 0)
  const programs = Promise.all([sim.spawn(() => program("a", 0)), sim.spawn(() => program("b", 2))])
  sim.schedule(0, { fire: () => say("an event after") }, 0)
  sim.schedule(10, { fire: () => say("an event later") }, 0)
  void sim.spawn(async () => say(await new Task(sim).load(() => slowly("a handler has code", turns[5] ?? 0))))
  const outside = sim.load(() => slowly("the caller has code", turns[4] ?? 0)).then(say)
  await Promise.all([programs, outside, sim.advance(20)])
  return lines
}

test("a run does not depend on what was loaded before it, nor on how long loading takes", async () => {
  const loaded = await story([])
  expect(loaded.filter((line) => line.endsWith("code"))).toHaveLength(4)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(6), { minLength: 6, maxLength: 6 }), async (turns) => {
      expect(await story(turns)).toEqual(loaded)
    }),
    { seed: 20251018, numRuns: 100 },
  )
})

test("a load takes one event and no time", async () => {
  const sim = new Simulation()
  const before = sim.events
  expect(await sim.load(() => Promise.resolve("code"))).toBe("code")
  expect([sim.now, sim.events - before]).toEqual([0, 1])
})

test("what cannot be loaded is thrown where it was asked for", async () => {
  const sim = new Simulation()
  await expect(sim.load(() => Promise.reject(new Error("no network")))).rejects.toThrow("no network")
  await expect(sim.advance(1)).resolves.toBeUndefined()
})

test("nothing happens while something is loading", async () => {
  const sim = new Simulation()
  const seen: string[] = []
  sim.schedule(0, { fire: () => seen.push("event") }, 0)
  void sim.hold(slowly("", 5)).then(() => seen.push("loaded"))
  await sim.advance(1)
  expect(seen).toEqual(["loaded", "event"])
})
