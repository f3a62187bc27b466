/** What the real kernel's TCP sends in twenty timelines, segment by segment, beside podwire's. */
import { describe, expect, test } from "vitest"
import { readTimelines, type Timeline, TimelineWorld } from "../support/tcp-timeline.ts"

const TIMELINES = readTimelines("test/golden/kernel/tcp.txt")

/** Full-size segments: how much the receiver's buffer and the sender's grow by them is not modelled, nor is the PSH of a writer that waits. */
const BULK: ReadonlySet<string> = new Set([
  "the first flight has ten segments, and then it waits",
  "small writes in a row: one waits for the acknowledgement",
])

/** Where podwire differs, and why. A test that passes here is out of date. */
const DIFFERS: Readonly<Record<string, string>> = {
  "a closed window: probes, and the way out": "the receive buffer does not grow, so the window closes earlier",
  "one segment of four is lost": "loss is found by three duplicates, not by the order in time of what arrived (RACK)",
}

const comparable = (text: string, bulk: boolean): string =>
  bulk ? text.replace(/ win \d+/, "").replace(/^([<>]) P/, "$1 ") : text

/** Timers tick coarsely, and the farther they are the coarser; the recorder's threads wake some milliseconds late. */
const tolerance = (at: number): number => 0.06 + 0.05 * at

async function compare(timeline: Timeline): Promise<void> {
  const world = new TimelineWorld()
  await world.run(timeline.actions)
  expect(world.kernel.processes.crashes).toEqual([])
  const bulk = BULK.has(timeline.title)
  expect(world.segments.map(({ text }) => comparable(text, bulk))).toEqual(
    timeline.segments.map(({ text }) => comparable(text, bulk)),
  )
  for (const [i, { at, text }] of timeline.segments.entries())
    expect(Math.abs((world.segments[i]?.at ?? 0) - at), `${at} ${text}`).toBeLessThan(tolerance(at))
}

describe("TCP beside the real kernel", () => {
  for (const timeline of TIMELINES) {
    const reason = DIFFERS[timeline.title]
    if (reason === undefined) test(timeline.title, () => compare(timeline))
    else test.fails(`${timeline.title} (differs: ${reason})`, () => compare(timeline))
  }

  test("leaves no packet behind, whatever was lost", async () => {
    for (const timeline of TIMELINES) {
      const world = new TimelineWorld()
      await world.run(timeline.actions)
      await world.sim.advance(2000e9)
      expect(world.arena.inUse, timeline.title).toBe(0)
    }
  })
})
