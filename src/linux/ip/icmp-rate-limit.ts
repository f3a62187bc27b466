/** How often errors go to one peer: a token bucket of six, one more a second. Models net/ipv4/inetpeer.c inet_peer_xrlim_allow. */
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
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

/** How many errors about missing routes may come at once (ip_rt_error_burst). */
const ROUTE_BURST = 5

/** Redirects: the first at once, then 20 ms, doubled each time, apart; nine unheeded ones are enough, until it is quiet for a while. */
const REDIRECT_LOAD = 20 * MILLISECOND
const REDIRECT_NUMBER = 9
const REDIRECT_SILENCE = REDIRECT_LOAD * 2 ** (REDIRECT_NUMBER + 1)

interface Peer {
  tokens: number
  at: number
  redirects: number
  redirectedAt: number
}

export class IcmpRateLimit {
  readonly #peers = new Map<string, Peer>()

  /** Takes a token; false when the peer has had its share. */
  allow(net: NetNamespace, peer: number, type: number): boolean {
    return !LIMITED.has(type) || this.#take(net, peer, BURST)
  }

  /** Errors about missing routes pay twice, here and in {@link allow}, out of one purse. Models ip_error. */
  allowRouteError(net: NetNamespace, peer: number): boolean {
    return this.#take(net, peer, ROUTE_BURST)
  }

  /** Models ip_rt_send_redirect. */
  allowRedirect(net: NetNamespace, source: number): boolean {
    const now = net.kernel.sim.now
    const peer = this.#peer(net, source)
    if (now > peer.redirectedAt + REDIRECT_SILENCE) peer.redirects = 0
    if (peer.redirects >= REDIRECT_NUMBER) {
      peer.redirectedAt = now
      return false
    }
    if (peer.redirects > 0 && now <= peer.redirectedAt + REDIRECT_LOAD * 2 ** peer.redirects) return false
    peer.redirectedAt = now
    peer.redirects++
    return true
  }

  #take(net: NetNamespace, address: number, burst: number): boolean {
    const now = net.kernel.sim.now
    const peer = this.#peer(net, address)
    peer.tokens = Math.min(burst * SECOND, peer.tokens + now - peer.at)
    peer.at = now
    if (peer.tokens < SECOND) return false
    peer.tokens -= SECOND
    return true
  }

  #peer(net: NetNamespace, address: number): Peer {
    const key = `${net.id}/${address}`
    let peer = this.#peers.get(key)
    if (peer === undefined) {
      peer = { tokens: BURST * SECOND, at: net.kernel.sim.now, redirects: 0, redirectedAt: Number.NEGATIVE_INFINITY }
      this.#peers.set(key, peer)
    }
    return peer
  }
}
