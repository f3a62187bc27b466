/** What the connection tracker says of a packet. Models bpf/lib/conntrack.h. */
import * as ipv4 from "../../../../wire/ipv4.ts"
import { TcpFlag } from "../../../../wire/tcp.ts"
import type { DatapathConfig } from "../config.ts"
import { CtDirection, type CtEntry, CtFlag, type CtKey, type CtMap } from "../maps/ct-map.ts"
import type { Packet } from "./packet.ts"

const { FIN, RST, SYN } = TcpFlag
const { ICMP, TCP } = ipv4.IpProtocol
const { IN, OUT, SERVICE } = CtDirection
const { RX_CLOSING, SEEN_NON_SYN, TX_CLOSING } = CtFlag
const CLOSING = RX_CLOSING | TX_CLOSING
/** How long a closed service connection keeps its backend (CT_SERVICE_CLOSE_REBALANCE), seconds. */
const REBALANCE = 30
const NANO = 1e9

/** Models enum ct_status. */
export const CtStatus = { NEW: 0, ESTABLISHED: 1, REPLY: 2, RELATED: 3 } as const
export type CtStatus = (typeof CtStatus)[keyof typeof CtStatus]
export const CT_REASONS = ["new", "established", "reply", "related"] as const

/** What creates an entry: models struct ct_state. */
export interface CtCreate {
  readonly revNat: number
  readonly sourceIdentity: number
  readonly flags: number
}

export class Conntrack {
  /** The entry of the last look-up; undefined for a new connection. */
  entry: CtEntry | undefined = undefined
  /** The last look-up asks for a trace event: something about the connection is new, or it was silent long enough. */
  monitor = false
  readonly #map: CtMap
  readonly #clock: { readonly now: number }
  readonly #config: () => DatapathConfig
  readonly #key: CtKey = {
    source: 0,
    destination: 0,
    protocol: 0,
    sourcePort: 0,
    destinationPort: 0,
    direction: OUT,
    related: false,
  }

  constructor(map: CtMap, clock: { readonly now: number }, config: () => DatapathConfig) {
    this.#map = map
    this.#clock = clock
    this.#config = config
  }

  /**
   * A packet from (OUT) or to (IN) an endpoint. The reverse direction is asked first: replies need no policy. `forwardOnly` after a service
   * was translated. Models ct_lookup4.
   */
  lookup(packet: Packet, ingress: boolean, forwardOnly: boolean): CtStatus {
    if (!forwardOnly && this.#find(packet, ingress ? OUT : IN, true, ingress))
      return packet.related ? CtStatus.RELATED : CtStatus.REPLY
    return this.#find(packet, ingress ? IN : OUT, false, ingress) ? CtStatus.ESTABLISHED : CtStatus.NEW
  }

  /** The entry that remembers which backend a client's connection to a frontend got. Models ct_lazy_lookup4 with CT_SERVICE. */
  service(packet: Packet, revNat: number): CtEntry | undefined {
    const entry = this.#map.find(this.#fill(packet, SERVICE, false), this.#clock.now)
    if (entry === undefined || entry.revNat !== revNat) return undefined
    const reopened = (packet.tcpFlags & SYN) !== 0 && (entry.flags & CLOSING) !== 0
    if (reopened && entry.lastTxReport + REBALANCE <= this.#seconds) return undefined
    return this.#touch(packet, entry, SERVICE, false) ? entry : undefined
  }

  createService(packet: Packet, revNat: number, backendId: number): CtEntry | undefined {
    const entry = this.#create(packet, SERVICE, false, { revNat, sourceIdentity: 0, flags: 0 })
    if (entry !== undefined) entry.backendId = backendId
    return entry
  }

  /** Enters a connection and, for its errors, a second entry; false when the map is full. Models ct_create4. */
  create(packet: Packet, ingress: boolean, state: CtCreate): boolean {
    const direction = ingress ? IN : OUT
    const entry = this.#create(packet, direction, packet.related, state)
    if (entry === undefined) return false
    const related = this.#map.create(relatedKey(packet, direction), this.#clock.now)
    if (related === undefined) return false
    copyState(entry, related)
    related.flags |= SEEN_NON_SYN
    return true
  }

  /** True when the endpoint sent this very packet to itself through a service. Models ct_has_loopback_egress_entry4. */
  isLoopback(packet: Packet): boolean {
    const entry = this.#map.find(this.#fill(packet, OUT, false), this.#clock.now)
    return entry !== undefined && (entry.flags & CtFlag.LB_LOOPBACK) !== 0
  }

  get #seconds(): number {
    return Math.floor(this.#clock.now / NANO)
  }

  /** The packet's own direction, or with `reverse` that of the connection it would answer. */
  #fill(packet: Packet, direction: CtDirection, reverse: boolean): CtKey {
    const key = this.#key
    key.source = reverse ? packet.destination : packet.source
    key.destination = reverse ? packet.source : packet.destination
    key.sourcePort = reverse ? packet.destinationPort : packet.sourcePort
    key.destinationPort = reverse ? packet.sourcePort : packet.destinationPort
    key.protocol = packet.protocol
    key.direction = direction
    key.related = packet.related
    return key
  }

  #find(packet: Packet, direction: CtDirection, reverse: boolean, ingress: boolean): boolean {
    this.entry = this.#map.find(this.#fill(packet, direction, reverse), this.#clock.now)
    if (this.entry !== undefined && this.#touch(packet, this.entry, direction, ingress)) return true
    this.entry = undefined
    this.monitor = true
    return false
  }

  /** Models the body of __ct_lookup; false when a SYN makes a new connection of a closed one. */
  #touch(packet: Packet, entry: CtEntry, direction: CtDirection, ingress: boolean): boolean {
    this.monitor = false
    if ((entry.flags & CLOSING) !== CLOSING) this.monitor = this.#update(packet, entry, direction, ingress)
    if (this.#config().ctAccounting) {
      entry.packets++
      entry.bytes += packet.skb.length
    }
    const { tcpFlags } = packet
    if ((tcpFlags & (RST | FIN)) !== 0) this.#close(packet, entry, direction, ingress)
    else if ((tcpFlags & SYN) !== 0 && (entry.flags & CLOSING) !== 0) {
      entry.flags &= ~(CLOSING | SEEN_NON_SYN)
      entry.rxFlagsSeen = entry.txFlagsSeen = 0
      this.monitor = this.#update(packet, entry, direction, ingress)
      return false
    }
    return true
  }

  #close({ tcpFlags }: Packet, entry: CtEntry, direction: CtDirection, ingress: boolean): void {
    const bothSyns = (entry.rxFlagsSeen & entry.txFlagsSeen & SYN) !== 0
    if (direction === SERVICE || (!bothSyns && (tcpFlags & RST) !== 0)) entry.flags |= CLOSING
    else entry.flags |= ingress ? RX_CLOSING : TX_CLOSING
    if ((entry.flags & CLOSING) === CLOSING) this.#report(entry, this.#config().ctTimeouts.close, tcpFlags, ingress)
    this.monitor = true
  }

  /** Models ct_update_timeout. */
  #update({ protocol, tcpFlags }: Packet, entry: CtEntry, _direction: CtDirection, ingress: boolean): boolean {
    const { ctTimeouts } = this.#config()
    let lifetime = ctTimeouts.any
    if (protocol === TCP) {
      if ((tcpFlags & SYN) === 0) entry.flags |= SEEN_NON_SYN
      lifetime = (entry.flags & SEEN_NON_SYN) !== 0 ? ctTimeouts.tcp : ctTimeouts.syn
    }
    return this.#report(entry, lifetime, tcpFlags, ingress)
  }

  /** Moves the expiry, and says whether the packet is worth an event. Models __ct_update_timeout. */
  #report(entry: CtEntry, lifetime: number, flags: number, ingress: boolean): boolean {
    const now = this.#seconds
    entry.expires = (now + lifetime) * NANO
    const accumulated = ingress ? entry.rxFlagsSeen : entry.txFlagsSeen
    const last = ingress ? entry.lastRxReport : entry.lastTxReport
    const seen = flags | accumulated
    if (last + this.#config().monitorInterval >= now && seen === accumulated) return false
    if (ingress) {
      entry.rxFlagsSeen = seen
      entry.lastRxReport = now
    } else {
      entry.txFlagsSeen = seen
      entry.lastTxReport = now
    }
    return true
  }

  #create(packet: Packet, direction: CtDirection, related: boolean, state: CtCreate): CtEntry | undefined {
    const key = this.#fill(packet, direction, false)
    key.related = related
    const entry = this.#map.create(key, this.#clock.now)
    if (entry === undefined) return undefined
    entry.revNat = state.revNat
    entry.sourceIdentity = state.sourceIdentity
    entry.flags = state.flags
    const timeouts = this.#config().ctTimeouts
    // Whatever the first packet is, it counts as a SYN.
    const isTcp = packet.protocol === TCP
    this.#report(entry, isTcp ? timeouts.syn : timeouts.any, isTcp ? SYN : 0, direction === IN)
    if (this.#config().ctAccounting) {
      entry.packets = 1
      entry.bytes = packet.skb.length
    }
    return entry
  }
}

const relatedKey = (packet: Packet, direction: CtDirection): CtKey => ({
  source: packet.source,
  destination: packet.destination,
  protocol: ICMP,
  sourcePort: 0,
  destinationPort: 0,
  direction,
  related: true,
})

function copyState(from: CtEntry, to: CtEntry): void {
  to.expires = from.expires
  to.flags = from.flags
  to.rxFlagsSeen = from.rxFlagsSeen
  to.txFlagsSeen = from.txFlagsSeen
  to.lastRxReport = from.lastRxReport
  to.lastTxReport = from.lastTxReport
  to.revNat = from.revNat
  to.sourceIdentity = from.sourceIdentity
}
