/** The end that a daemon waits for: SIGTERM, or Ctrl-C. Models Go's signal.NotifyContext. */
import type { Process } from "../linux/task/process.ts"
import { WaitQueue } from "../sim/task.ts"

export class Termination {
  readonly #proc: Process
  readonly #wake = new WaitQueue()
  #asked = false

  constructor(proc: Process) {
    this.#proc = proc
    const ask = (): void => {
      this.#asked = true
      this.#wake.wake()
    }
    proc.on("SIGTERM", ask)
    proc.on("SIGINT", ask)
  }

  get asked(): boolean {
    return this.#asked
  }

  /** Until it is asked to end. */
  async wait(): Promise<void> {
    while (!this.#asked) await this.#proc.task.wait(this.#wake)
  }

  /** A while, in nanoseconds, or until it is asked to end: false then. */
  async pause(time: number): Promise<boolean> {
    if (!this.#asked) await this.#proc.task.wait(this.#wake, time)
    return !this.#asked
  }
}
