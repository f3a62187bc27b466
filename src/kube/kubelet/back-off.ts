/** Delays that double. Models client-go/util/flowcontrol Backoff. */
import { SECOND } from "../../sim/simulation.ts"

const INITIAL = 10 * SECOND
const MAX = 300 * SECOND

export class BackOff {
  #delay = 0
  #updated = 0

  /** The delay that counts now, in nanoseconds: 0 before the first failure. */
  get delay(): number {
    return this.#delay
  }

  /** One more failure. Ten quiet minutes make it the first again. */
  next(now: number): void {
    const stale = now - this.#updated > 2 * MAX
    this.#delay = this.#delay === 0 || stale ? INITIAL : Math.min(this.#delay * 2, MAX)
    this.#updated = now
  }
}
