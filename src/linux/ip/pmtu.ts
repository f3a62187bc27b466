/** What ICMP "fragmentation needed" taught: smaller MTUs by destination. Models the fib_nh_exceptions of net/ipv4/route.c. */

import type { Simulation } from "../../sim/simulation.ts"
import { SECOND } from "../../sim/simulation.ts"

/** net.ipv4.route.mtu_expires. */
const MTU_EXPIRES = 600 * SECOND
/** net.ipv4.route.min_pmtu. */
const MIN_PMTU = 552

export class PmtuCache {
  readonly #sim: Simulation
  readonly #entries = new Map<number, { mtu: number; expires: number }>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** The learned MTU towards `destination`, and when it expires (ns), or `undefined`. */
  get(destination: number): { mtu: number; expires: number } | undefined {
    if (this.#entries.size === 0) return undefined
    const entry = this.#entries.get(destination)
    if (entry === undefined || entry.expires > this.#sim.now) return entry
    this.#entries.delete(destination)
    return undefined
  }

  learn(destination: number, mtu: number): void {
    this.#entries.set(destination, { mtu: Math.max(mtu, MIN_PMTU), expires: this.#sim.now + MTU_EXPIRES })
  }

  /** `ip route flush cache`. */
  flush(): void {
    this.#entries.clear()
  }
}
