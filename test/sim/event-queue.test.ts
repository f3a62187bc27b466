/** The event queue beside the obvious one: a list that is sorted before every look. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { EventQueue } from "../../src/sim/event-queue.ts"
import { Prng } from "../../src/sim/prng.ts"

interface Pending {
  time: number
  order: number
  label: number
  id: number
}

type Step = { kind: "push"; delay: number } | { kind: "cancel"; which: number } | { kind: "fire" }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("push" as const), delay: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "fire" as const }) },
)

test("fires by time, then by order of arrival, and never what was cancelled", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 400 }), (steps) => {
      const queue = new EventQueue()
      const fired: number[] = []
      const handler = { fire: (arg: number): void => void fired.push(arg) }
      const expected: number[] = []
      let pending: Pending[] = []
      const every: Pending[] = []
      let now = 0
      for (const [order, action] of steps.entries()) {
        if (action.kind === "push") {
          const time = now + action.delay
          const entry = { time, order, label: order, id: queue.push(time, handler, order) }
          pending.push(entry)
          every.push(entry)
        } else if (action.kind === "cancel") {
          // Ids of events long gone are among them: they must cancel nothing else.
          const victim = every[action.which]
          if (victim !== undefined) {
            queue.cancel(victim.id)
            pending = pending.filter((entry) => entry !== victim)
          }
        } else {
          pending.sort((a, b) => a.time - b.time || a.order - b.order)
          const next = pending.shift()
          expect(queue.nextTime()).toBe(next?.time ?? Number.POSITIVE_INFINITY)
          if (next !== undefined) {
            now = next.time
            expected.push(next.label)
          }
          queue.fireNext()
        }
        expect(queue.size).toBe(pending.length)
        expect(fired).toEqual(expected)
      }
    }),
    { seed: 20251018, numRuns: 300 },
  )
})

test("an event may add and cancel events while it fires", () => {
  const queue = new EventQueue()
  const fired: string[] = []
  const say = (text: string): { fire: () => void } => ({ fire: () => void fired.push(text) })
  const doomed = queue.push(5, say("doomed"), 0)
  queue.push(
    5,
    {
      fire: () => {
        fired.push("first")
        queue.push(5, say("added"), 0)
      },
    },
    0,
  )
  queue.cancel(doomed)
  queue.push(5, say("second"), 0)
  while (queue.nextTime() !== Number.POSITIVE_INFINITY) queue.fireNext()
  expect(fired).toEqual(["first", "second", "added"])
})

test("a fork depends on its name and its parent's seed, not on who forked or drew before", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 8 }),
      fc.nat(5),
      (seed, names, draws) => {
        const draw = (prng: Prng): number[] => Array.from({ length: 4 }, () => prng.uint32())
        const forward = new Prng(seed)
        const inOrder = new Map(names.map((name) => [name, draw(forward.fork(name))]))
        const backward = new Prng(seed)
        for (const name of [...names].reverse()) {
          for (let i = 0; i < draws; i++) backward.uint32()
          expect(draw(backward.fork(name))).toEqual(inOrder.get(name))
        }
        // Different names give different streams.
        expect(new Set([...inOrder.values()].map(String)).size).toBe(names.length)
      },
    ),
    { seed: 20251018, numRuns: 200 },
  )
})
