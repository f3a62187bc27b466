/**
 * Programs on the virtual clock. A program is an async function; the simulation must know when every program has come to rest, so a
 * program blocks only in {@link Task.wait} (or in something built on it). Each task is one thread of control: two waits at once are a bug.
 */
import type { EventHandler } from "./event-queue.ts"
import type { Simulation } from "./simulation.ts"

/** Where tasks sleep until somebody wakes them. Models the kernel's wait_queue_head. */
export class WaitQueue {
  readonly waiters: Task[] = []

  /** Wakes every task that waits here. */
  wake(): void {
    if (this.waiters.length === 0) return
    for (const task of this.waiters.splice(0)) task.wakeUp(true)
  }

  /** Wakes the task that has waited longest. */
  wakeOne(): void {
    this.waiters.shift()?.wakeUp(true)
  }
}

/** One thread of control of a program. */
export class Task implements EventHandler {
  readonly sim: Simulation
  #resolve: ((woken: boolean) => void) | undefined
  #reject: ((reason: unknown) => void) | undefined
  #queues: readonly WaitQueue[] = []
  #timer = -1
  #pending: unknown

  constructor(sim: Simulation) {
    this.sim = sim
  }

  /** True while the task sleeps. */
  get blocked(): boolean {
    return this.#resolve !== undefined
  }

  /**
   * Sleeps until one of `queues` is woken (true) or `timeout` nanoseconds have passed (false). Throws what {@link interrupt} was given.
   */
  wait(queues: WaitQueue | readonly WaitQueue[], timeout: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (this.#resolve !== undefined) throw new Error("a task waits twice at once: give each branch a task of its own")
    if (this.#pending !== undefined) {
      const reason = this.#pending
      this.#pending = undefined
      return Promise.reject(reason)
    }
    this.#queues = Array.isArray(queues) ? queues : [queues as WaitQueue]
    for (const queue of this.#queues) queue.waiters.push(this)
    if (timeout !== Number.POSITIVE_INFINITY) this.#timer = this.sim.schedule(timeout, this, 0)
    this.sim.running--
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Sleeps for `duration` nanoseconds. */
  async sleep(duration: number): Promise<void> {
    await this.wait([], duration)
  }

  /**
   * Code that the program needs from here on: `await task.load(() => import("./big.ts"))`. Loaded before or not, it takes no time on the
   * clock and one event, which fires when every program is at rest and the code is there: a run never depends on what ran before it.
   * What is no program (a watch, a timer) becomes one for it: `sim.spawn(async () => use(await new Task(sim).load(…)))`.
   */
  async load<T>(importing: () => Promise<T>): Promise<T> {
    const loading = this.sim.hold(importing())
    await this.wait([], 0)
    return loading
  }

  /** Ends a wait by throwing `reason` in the program: a signal. When the task is not asleep its next wait throws. */
  interrupt(reason: unknown): void {
    const reject = this.#reject
    if (reject === undefined) {
      this.#pending = reason
      return
    }
    this.#leave()
    reject(reason)
  }

  /** The wait's timer fired. */
  fire(): void {
    this.#timer = -1
    this.wakeUp(false)
  }

  wakeUp(woken: boolean): void {
    const resolve = this.#resolve
    if (resolve === undefined) return
    this.#leave()
    resolve(woken)
  }

  #leave(): void {
    for (const queue of this.#queues) {
      const at = queue.waiters.indexOf(this)
      if (at >= 0) queue.waiters.splice(at, 1)
    }
    this.#queues = []
    if (this.#timer >= 0) this.sim.cancel(this.#timer)
    this.#timer = -1
    this.#resolve = undefined
    this.#reject = undefined
    this.sim.running++
  }
}
