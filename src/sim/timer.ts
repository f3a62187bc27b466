import type { Simulation } from "./simulation.ts"

/** A one-shot timer that can be moved. Models the kernel's timer_list: arming an armed timer moves it. */
export class Timer {
  readonly #sim: Simulation
  readonly #callback: () => void
  #id = -1
  /** When it will fire, in virtual nanoseconds; meaningless while not armed. */
  expires = 0

  constructor(sim: Simulation, callback: () => void) {
    this.#sim = sim
    this.#callback = callback
  }

  get armed(): boolean {
    return this.#id >= 0
  }

  /** Fires after `delay` nanoseconds. */
  arm(delay: number): void {
    if (this.#id >= 0) this.#sim.cancel(this.#id)
    this.expires = this.#sim.now + delay
    this.#id = this.#sim.schedule(delay, this, 0)
  }

  cancel(): void {
    if (this.#id >= 0) this.#sim.cancel(this.#id)
    this.#id = -1
  }

  fire(): void {
    this.#id = -1
    this.#callback()
  }
}
