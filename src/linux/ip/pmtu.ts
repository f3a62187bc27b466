/** What ICMP taught about single destinations: smaller MTUs, better gateways. Models the fib_nh_exceptions of net/ipv4/route.c. */

import type { Simulation } from "../../sim/simulation.ts"
import { SECOND } from "../../sim/simulation.ts"

/** net.ipv4.route.mtu_expires. */
const MTU_EXPIRES = 600 * SECOND
/** net.ipv4.route.gc_timeout: how long a redirect is followed. */
const REDIRECT_EXPIRES = 300 * SECOND
/** net.ipv4.route.min_pmtu. */
const MIN_PMTU = 552

export interface RouteException {
  /** 0: as the route's. */
  readonly mtu: number
  /** 0: the route's. */
  readonly gateway: number
  /** Virtual ns. */
  readonly expires: number
}

export class PmtuCache {
  readonly #sim: Simulation
  readonly #entries = new Map<number, RouteException>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** What was learned about `destination`, or `undefined`. */
  get(destination: number): RouteException | undefined {
    if (this.#entries.size === 0) return undefined
    const entry = this.#entries.get(destination)
    if (entry === undefined || entry.expires > this.#sim.now) return entry
    this.#entries.delete(destination)
    return undefined
  }

  /** "Fragmentation needed": RFC 1191. */
  learn(destination: number, mtu: number): void {
    const gateway = this.get(destination)?.gateway ?? 0
    this.#entries.set(destination, { mtu: Math.max(mtu, MIN_PMTU), gateway, expires: this.#sim.now + MTU_EXPIRES })
  }

  /** "Redirect": RFC 1122 section 3.2.2.2. Returns for how long, in ns. */
  redirect(destination: number, gateway: number): number {
    const mtu = this.get(destination)?.mtu ?? 0
    this.#entries.set(destination, { mtu, gateway, expires: this.#sim.now + REDIRECT_EXPIRES })
    return REDIRECT_EXPIRES
  }

  /** `ip route flush cache`. */
  flush(): void {
    this.#entries.clear()
  }
}
