/** One virtual world: its clock, its pending events, its seed, its programs. */
import { type EventHandler, EventQueue } from "./event-queue.ts"
import { Prng } from "./prng.ts"
import { Task } from "./task.ts"
import { Trace } from "./trace.ts"

export const MICROSECOND = 1_000
export const MILLISECOND = 1_000_000
export const SECOND = 1_000_000_000

export interface SimulationOptions {
  /** Everything random follows from it (1). */
  seed?: number
  /** Virtual time zero, in seconds since 1970 (2025-10-18T06:17:00Z). */
  epoch?: number
}

/** 2025-10-18T06:17:00Z: the day of the article, shortly before its capture. */
export const DEFAULT_EPOCH = 1_760_768_220

/** Microtask turns granted to programs before the host gets a turn of its own: only a program that awaits something foreign needs them. */
const SPIN_LIMIT = 4096
/** Events between two turns of the host, so that a page or a kernel stays responsive. */
const EVENTS_PER_TURN = 50_000

interface Goal {
  done: () => boolean
  resolve: () => void
  reject: (reason: unknown) => void
}

export class Simulation {
  /** Nanoseconds since virtual time zero. */
  now = 0
  readonly epoch: number
  readonly prng: Prng
  readonly trace: Trace
  /** Programs that can run now. The clock stands still until it is 0. */
  running = 0
  /** Events fired so far. */
  events = 0
  readonly #queue = new EventQueue()
  readonly #held = new Set<Promise<void>>()
  #goals: Goal[] = []
  #pumping = false
  #sinceTurn = 0
  #ids = 0

  constructor(options: SimulationOptions = {}) {
    this.prng = new Prng(options.seed ?? 1)
    this.epoch = options.epoch ?? DEFAULT_EPOCH
    this.trace = new Trace(this)
  }

  /** Calls `handler.fire(arg)` after `delay` nanoseconds; returns an id for {@link cancel}. */
  schedule(delay: number, handler: EventHandler, arg: number): number {
    return this.#queue.push(this.now + delay, handler, arg)
  }

  /** A number that nothing else in this world has, from 1. */
  newId(): number {
    return ++this.#ids
  }

  cancel(id: number): void {
    this.#queue.cancel(id)
  }

  /** As {@link cancel} and {@link schedule}, and cheaper: for what is put off again and again. `id` may be cancelled, gone, or -1. */
  reschedule(id: number, delay: number, handler: EventHandler, arg: number): number {
    return this.#queue.renew(id, this.now + delay, handler, arg)
  }

  /** Starts a program. It counts as running until it ends; the simulation's clock waits for it. */
  spawn<T>(program: () => Promise<T>): Promise<T> {
    this.running++
    return this.#counted(program)
  }

  async #counted<T>(program: () => Promise<T>): Promise<T> {
    try {
      return await program()
    } finally {
      this.running--
    }
  }

  /** Runs a program and the events it needs, and returns its result. For callers outside the simulation. */
  async run<T>(program: () => Promise<T>): Promise<T> {
    let settled = false
    const result = this.spawn(program).finally(() => {
      settled = true
    })
    result.catch(() => undefined)
    await this.until(() => settled)
    return result
  }

  /** No event fires before `loading` has settled: the host's time, unlike the clock's, must not decide what comes first. Returns it. */
  hold<T>(loading: Promise<T>): Promise<T> {
    const release = (): void => {
      this.#held.delete(held)
    }
    const held: Promise<void> = loading.then(release, release)
    this.#held.add(held)
    return loading
  }

  /** Code that a caller outside the simulation needs from here on; see {@link Task.load}. */
  load<T>(importing: () => Promise<T>): Promise<T> {
    return this.run(() => new Task(this).load(importing))
  }

  /** Gives the host a turn after the next event: for programs that compute much between two events. */
  yieldSoon(): void {
    this.#sinceTurn = EVENTS_PER_TURN
  }

  /** Lets `duration` nanoseconds of virtual time pass. */
  async advance(duration: number): Promise<void> {
    let over = false
    this.schedule(
      duration,
      {
        fire: () => {
          over = true
        },
      },
      0,
    )
    await this.until(() => over)
  }

  /** Fires events until `done()` holds. Rejects when nothing is left that could make it hold. */
  until(done: () => boolean): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#goals.push({ done, resolve, reject })
      if (!this.#pumping) void this.#pump()
    })
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    while (this.#goals.length > 0) {
      if (this.running > 0) await this.#letProgramsRun()
      if (this.#held.size > 0) {
        await Promise.all(this.#held)
        continue
      }
      if (this.#settleGoals()) {
        // The caller goes on first: what it starts next belongs before later events.
        if (this.#goals.length > 0) await hostTurn()
        continue
      }
      if (!this.#step()) {
        const stuck = new Error(
          "the simulation came to rest: nothing is left to happen, and what is awaited did not happen",
        )
        for (const goal of this.#goals.splice(0)) goal.reject(stuck)
        break
      }
      if (++this.#sinceTurn >= EVENTS_PER_TURN) {
        this.#sinceTurn = 0
        await hostTurn()
      }
    }
    this.#pumping = false
  }

  async #letProgramsRun(): Promise<void> {
    for (let spins = 0; this.running > 0; spins++) {
      if (spins < SPIN_LIMIT) await undefined
      else {
        spins = 0
        await hostTurn()
      }
    }
  }

  /** Resolves the goals that hold; true when there was one. */
  #settleGoals(): boolean {
    const before = this.#goals.length
    // Asked before every event, mostly in vain: an array is made only when a goal is reached.
    for (let i = 0; i < this.#goals.length; i++) {
      const goal = this.#goals[i] as Goal
      if (!goal.done()) continue
      this.#goals = this.#goals.filter((other) => other !== goal)
      i--
      goal.resolve()
    }
    return this.#goals.length < before
  }

  /** Fires the next event; false when there is none. */
  #step(): boolean {
    const time = this.#queue.nextTime()
    if (time === Number.POSITIVE_INFINITY) return false
    this.now = time
    this.events++
    this.#queue.fireNext()
    return true
  }

  /** Fires events synchronously while the next one is due within `duration`: for benchmarks and tests without programs. */
  runFor(duration: number): void {
    const end = this.now + duration
    while (this.#queue.nextTime() <= end) this.#step()
    this.now = end
  }
}

/** A turn of the host's own event loop, the same way in Node, in a page and in a Worker. */
function hostTurn(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      resolve()
    }
    channel.port2.postMessage(0)
  })
}
