/** IPv4 identification values. Models net/ipv4/route.c ip_idents_reserve and include/net/ip.h ip_select_ident_segs. */
import { MILLISECOND } from "../../sim/simulation.ts"
import type { Kernel } from "../kernel.ts"

const BUCKETS = 2048
/** HZ=250: a tick is 4 ms. */
const JIFFY = 4 * MILLISECOND

/** Counters by a hash of source, destination and protocol; each jumps by a random amount after idle time. One table a machine. */
export class IdentCounters {
  readonly #kernel: Kernel
  readonly #ids = new Int32Array(BUCKETS)
  readonly #stamps = new Float64Array(BUCKETS)
  readonly #key: number

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#key = kernel.prng.fork("ip_idents").uint32()
    const prng = kernel.prng.fork("ip_idents_start")
    for (let i = 0; i < BUCKETS; i++) this.#ids[i] = prng.uint32()
  }

  next(source: number, destination: number, protocol: number): number {
    const hash = mix(mix(mix(this.#key, source), destination), protocol)
    const bucket = hash & (BUCKETS - 1)
    const now = Math.floor(this.#kernel.sim.now / JIFFY)
    const idle = now - (this.#stamps[bucket] as number)
    const jump = idle > 1 ? this.#kernel.prng.below(Math.min(idle, 0x7fffffff)) : 0
    this.#stamps[bucket] = now
    this.#ids[bucket] = (this.#ids[bucket] as number) + jump + 1
    return ((this.#ids[bucket] as number) - 1) & 0xffff
  }
}

/** One round of a multiplicative hash: spreads, nothing more is asked of it. */
export function mix(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  return (h ^ (h >>> 13)) | 0
}
