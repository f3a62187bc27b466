import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { EventQueue } from "../../src/sim/event-queue.ts"

const step = fc.oneof(
  fc.record({ do: fc.constant("push" as const), at: fc.nat(20), timer: fc.nat(5) }),
  fc.record({ do: fc.constant("renew" as const), at: fc.nat(20), timer: fc.nat(5) }),
  fc.record({ do: fc.constant("cancel" as const), timer: fc.nat(5) }),
  fc.record({ do: fc.constant("fire" as const), count: fc.nat(3) }),
)

/** Runs the steps on a queue and notes what fired when. `renew` is either the queue's own, or cancel and push. */
function record(
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  inEffect: boolean,
): string[] {
  const queue = new EventQueue()
  const ids = new Map<number, number>()
  const fired: string[] = []
  let now = 0
  let label = 0
  const handler = { fire: (arg: number) => void fired.push(`${now}:${arg}`) }
  for (const s of steps) {
    if (s.do === "push") ids.set(s.timer, queue.push(now + s.at, handler, ++label))
    else if (s.do === "cancel") queue.cancel(ids.get(s.timer) ?? -1)
    else if (s.do === "renew") {
      const id = ids.get(s.timer) ?? -1
      if (inEffect) queue.cancel(id)
      ids.set(
        s.timer,
        inEffect ? queue.push(now + s.at, handler, ++label) : queue.renew(id, now + s.at, handler, ++label),
      )
    } else
      for (let i = 0; i < s.count && queue.size > 0; i++) {
        now = queue.nextTime()
        queue.fireNext()
      }
    fired.push(`size ${queue.size}`)
  }
  while (queue.size > 0) {
    now = queue.nextTime()
    queue.fireNext()
  }
  return [...fired, String(queue.nextTime())]
}

describe("EventQueue.renew", () => {
  test("is cancel and push: the same events, in the same order, at the same times", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        expect(record(steps, false)).toEqual(record(steps, true))
      }),
      { seed: 20251018, numRuns: 400 },
    )
  })

  test("an event put off a thousand times stays one event in the heap and fires once", () => {
    const queue = new EventQueue()
    let fired = 0
    const handler = { fire: () => void fired++ }
    let id = -1
    for (let i = 0; i < 1000; i++) id = queue.renew(id, 10 + i, handler, 0)
    expect(queue.size).toBe(1)
    expect(queue.nextTime()).toBe(1009)
    queue.fireNext()
    expect([fired, queue.size, queue.nextTime()]).toEqual([1, 0, Number.POSITIVE_INFINITY])
  })
})
