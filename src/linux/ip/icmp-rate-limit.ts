/** How often errors go to one peer: a token bucket of six, one more a second. Models net/ipv4/inetpeer.c inet_peer_xrlim_allow. */
import { SECOND } from "../../sim/simulation.ts"
import { IcmpType } from "../../wire/icmp.ts"
import type { NetNamespace } from "../netns.ts"

const BURST = 6
/** net.ipv4.icmp_ratemask: DEST_UNREACH, SOURCE_QUENCH, TIME_EXCEEDED, PARAMETER_PROBLEM. */
const LIMITED: ReadonlySet<number> = new Set([
  IcmpType.DEST_UNREACH,
  4,
  IcmpType.TIME_EXCEEDED,
  IcmpType.PARAMETER_PROBLEM,
])

export class IcmpRateLimit {
  readonly #peers = new Map<string, { tokens: number; at: number }>()

  /** Takes a token; false when the peer has had its share. */
  allow(net: NetNamespace, peer: number, type: number): boolean {
    if (!LIMITED.has(type)) return true
    const now = net.kernel.sim.now
    const key = `${net.id}/${peer}`
    const bucket = this.#peers.get(key) ?? { tokens: BURST * SECOND, at: now }
    bucket.tokens = Math.min(BURST * SECOND, bucket.tokens + now - bucket.at)
    bucket.at = now
    this.#peers.set(key, bucket)
    if (bucket.tokens < SECOND) return false
    bucket.tokens -= SECOND
    return true
  }
}
