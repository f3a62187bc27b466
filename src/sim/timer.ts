import type { Simulation } from "./simulation.ts"

/** A one-shot timer that can be moved. Models the kernel's timer_list: arming an armed timer moves it. */
export class Timer {
  readonly #sim: Simulation
  readonly #callback: () => void
  /** Of the last event, kept after a cancel: the next arming may take its place over. */
  #id = -1
  #armed = false
  /** When it will fire, in virtual nanoseconds; meaningless while not armed. */
  expires = 0

  constructor(sim: Simulation, callback: () => void) {
    this.#sim = sim
    this.#callback = callback
  }

  get armed(): boolean {
    return this.#armed
  }

  /** Fires after `delay` nanoseconds. */
  arm(delay: number): void {
    this.#armed = true
    this.expires = this.#sim.now + delay
    this.#id = this.#sim.reschedule(this.#id, delay, this, 0)
  }

  cancel(): void {
    if (this.#armed) this.#sim.cancel(this.#id)
    this.#armed = false
  }

  fire(): void {
    this.#armed = false
    this.#callback()
  }
}
