/** The event queue: hold model (take the next, put one back) and timers that are mostly cancelled, beside a plain heap of objects. */
import { type EventHandler, EventQueue } from "../src/sim/event-queue.ts"
import { compare, type Result, rate } from "./measure.ts"

const HOLDS = 300_000
const TIMERS = 300_000
/** A timer's turn comes every 102,400 ns on average; a tenth of them has to wait longer than this. */
const PATIENCE = 235_000

export const conditions =
  "hold model: N events pending, each that fires schedules one more, delays uniform; timers: 1,024 pending, nine of ten are moved before they " +
  "fire, as retransmission timers are; object heap: a binary heap of {time, sequence, handler} with a comparator"

/** Delays without a generator's own time in the measurement: drawn once, uniform up to 1 ms. */
const delays = Float64Array.from({ length: 1 << 16 }, (_, i) => 1 + ((Math.imul(i + 1, 0x9e3779b1) >>> 0) % 1_000_000))

interface Queue {
  push(time: number, handler: EventHandler, arg: number): number
  /** Cancels `id` and pushes. */
  renew(id: number, time: number, handler: EventHandler, arg: number): number
  nextTime(): number
  fireNext(): void
}

export async function run(): Promise<Result[]> {
  const results: Result[] = []
  for (const pending of [64, 4096, 262_144])
    results.push(
      ...(await compare("events", "events/s", [
        hold(`queue hold ${pending}`, pending, new EventQueue()),
        hold(`object heap hold ${pending}`, pending, new ObjectHeap()),
      ])),
    )
  results.push(
    ...(await compare("events", "timers/s", [
      timers("queue timers", new EventQueue()),
      timers("object heap timers", new ObjectHeap()),
    ])),
  )
  return results
}

function hold(name: string, pending: number, queue: Queue): { name: string; measure(): number } {
  let now = 0
  let drawn = 0
  const handler: EventHandler = {
    fire: (arg) => void queue.push(now + (delays[drawn++ & 0xffff] as number), handler, arg),
  }
  for (let i = 0; i < pending; i++) handler.fire(i)
  const work = (): void => {
    for (let i = 0; i < HOLDS; i++) {
      now = queue.nextTime()
      queue.fireNext()
    }
  }
  return { name, measure: () => rate(HOLDS, work) }
}

function timers(name: string, queue: Queue): { name: string; measure(): number } {
  let now = 0
  let fired = 0
  const ids = new Float64Array(1024).fill(-1)
  const handler: EventHandler = {
    fire: (arg) => {
      fired++
      ids[arg] = -1
    },
  }
  const work = (): void => {
    for (let i = 0; i < TIMERS; i++) {
      const timer = (delays[i & 0xffff] as number) & 1023
      ids[timer] = queue.renew(ids[timer] as number, now + PATIENCE, handler, timer)
      now += 100
      while (queue.nextTime() <= now) queue.fireNext()
    }
    if (fired === 0) throw new Error("no timer fired: this is no mix")
  }
  return { name, measure: () => rate(TIMERS, work) }
}

interface Entry {
  time: number
  sequence: number
  handler: EventHandler | undefined
  arg: number
}

/** What one writes first. */
class ObjectHeap implements Queue {
  readonly #heap: Entry[] = []
  readonly #byId = new Map<number, Entry>()
  #sequence = 0

  push(time: number, handler: EventHandler, arg: number): number {
    const entry = { time, sequence: ++this.#sequence, handler, arg }
    this.#byId.set(entry.sequence, entry)
    this.#heap.push(entry)
    this.#up(this.#heap.length - 1)
    return entry.sequence
  }

  renew(id: number, time: number, handler: EventHandler, arg: number): number {
    const entry = this.#byId.get(id)
    if (entry !== undefined) entry.handler = undefined
    return this.push(time, handler, arg)
  }

  nextTime(): number {
    while (this.#heap[0]?.handler === undefined && this.#heap.length > 0) this.#pop()
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY
  }

  fireNext(): void {
    const { handler, arg } = this.#pop()
    handler?.fire(arg)
  }

  #pop(): Entry {
    const top = this.#heap[0] as Entry
    const last = this.#heap.pop() as Entry
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#down(0)
    }
    this.#byId.delete(top.sequence)
    return top
  }

  #up(start: number): void {
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1
      if (compareEntries(this.#heap[parent] as Entry, this.#heap[at] as Entry) <= 0) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(start: number): void {
    for (let at = start; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < this.#heap.length && compareEntries(this.#heap[child] as Entry, this.#heap[least] as Entry) < 0)
          least = child
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const entry = this.#heap[a] as Entry
    this.#heap[a] = this.#heap[b] as Entry
    this.#heap[b] = entry
  }
}

const compareEntries = (a: Entry, b: Entry): number => a.time - b.time || a.sequence - b.sequence
