/** Connection tracking of a namespace. Models net/netfilter/nf_conntrack_core.c. */
import { SECOND } from "../../../sim/simulation.ts"
import { Timer } from "../../../sim/timer.ts"
import * as ipv4Header from "../../../wire/ipv4.ts"
import type { NetNamespace } from "../../netns.ts"
import type { Skb } from "../../skb.ts"
import { NfHook, NfVerdict } from "../hook.ts"
import { packetChecksumOk } from "./checksum.ts"
import { CtInfo, CtStatus, ctDirection, NfConn, Tuple } from "./entry.ts"
import { procText } from "./print.ts"
import { SCTP, sctpMalformed, sctpPacket } from "./sctp.ts"
import { type ConntrackSettings, defaultSettings } from "./settings.ts"
import { isReply, numberOf, portsOf, TupleTable } from "./table.ts"
import { Track, tcpMalformed, tcpPacket } from "./tcp.ts"
import { invertTuple, readTuple } from "./tuple.ts"

const ipv4 = { ...ipv4Header }
const { ICMP, TCP, UDP } = ipv4.IpProtocol
const { CONFIRMED, DYING, SEEN_REPLY, ASSURED } = CtStatus
/** UDP is a stream after this long. */
const STREAM_AFTER = 2 * SECOND
/** ICMP queries that may open a connection: echo, timestamp, information, address mask. */
const QUERIES: ReadonlySet<number> = new Set([8, 13, 15, 17])
const HIGHEST_ICMP_TYPE = 18

export type ConntrackEvent = "NEW" | "UPDATE" | "DESTROY"

/** Who asked, over netlink. */
export interface UserSpace {
  readonly portid: number
  readonly progname: string
}

/** The counters of `conntrack -S`. */
export class ConntrackStats {
  found = 0
  invalid = 0
  insert = 0
  insertFailed = 0
  drop = 0
  earlyDrop = 0
  error = 0
  searchRestart = 0
  clashResolve = 0
  chainTooLong = 0
}

export class Conntrack {
  readonly net: NetNamespace
  readonly settings: ConntrackSettings
  readonly stats: ConntrackStats = new ConntrackStats()
  /** Told of connections that come, change and go: `conntrack -E`. */
  readonly listeners: ((event: ConntrackEvent, ct: NfConn, by?: UserSpace) => void)[] = []
  /** Called when a connection goes: NAT forgets it. */
  onDestroy: (ct: NfConn) => void = () => {}
  readonly #table = new TupleTable()
  readonly #entries: (NfConn | undefined)[] = []
  readonly #free: number[] = []
  readonly #scratch = new Tuple()
  readonly #gc: Timer
  #count = 0
  #serial = 0

  constructor(net: NetNamespace) {
    this.net = net
    this.settings = net.conntrackSettings ??= defaultSettings()
    this.#gc = new Timer(net.kernel.sim, () => this.#collect())
  }

  get count(): number {
    return this.#count
  }

  /** In order of birth; what has run out is left out. */
  entries(): NfConn[] {
    const { now } = this.net.kernel.sim
    const live = this.#entries.filter((ct): ct is NfConn => ct !== undefined && ct.expires > now)
    return live.sort((a, b) => a.serial - b.serial)
  }

  /** /proc/net/nf_conntrack. */
  procText(): string {
    return this.entries()
      .map((ct) => procText(ct, this.net.kernel.sim.now))
      .join("")
  }

  /** The row of a tuple, as {@link TupleTable.find}; entries that have run out go. */
  find(tuple: Tuple): number {
    const found = this.#table.find(tuple.source | 0, tuple.destination | 0, portsOf(tuple), tuple.protocol)
    if (found < 0) return found
    const ct = this.#entries[numberOf(found)] as NfConn
    if (ct.expires > this.net.kernel.sim.now) return found
    this.kill(ct)
    return -1
  }

  entryOf(found: number): NfConn {
    return this.#entries[numberOf(found)] as NfConn
  }

  // ── packets ──────────────────────────────────────────────────────────────────────────────────

  /** Finds or begins the packet's connection. Models nf_conntrack_in. */
  track(hook: NfHook, skb: Skb): NfVerdict {
    // Seen before (loopback), or not to be seen (NOTRACK).
    if (skb.nfct !== undefined || skb.ctinfo === CtInfo.UNTRACKED) return NfVerdict.ACCEPT
    const tuple = this.#scratch
    const header = skb.networkHeader
    if (!readTuple(skb, header, tuple) || this.#malformed(hook, skb, tuple.protocol)) {
      this.stats.invalid++
      return NfVerdict.ACCEPT
    }
    if (tuple.protocol === ICMP && isIcmpError(tuple.destinationPort >>> 8)) {
      if (!this.#relate(skb)) this.stats.invalid++
      return NfVerdict.ACCEPT
    }
    for (;;) {
      const ct = this.#resolve(skb, tuple)
      if (ct === undefined) return NfVerdict.ACCEPT
      if (ct === "full") return NfVerdict.DROP
      const { state, status } = ct
      const verdict = this.#handle(ct, skb, skb.ctinfo)
      if (verdict === Track.ACCEPT) {
        if (skb.ctinfo === CtInfo.ESTABLISHED_REPLY && (ct.status & SEEN_REPLY) === 0) ct.status |= SEEN_REPLY
        const changed = ct.state !== state || ct.status !== status
        if (changed && (status & CONFIRMED) !== 0 && ct.slot >= 0 && this.listeners.length > 0) this.#changed(ct)
        return NfVerdict.ACCEPT
      }
      skb.nfct = undefined
      skb.ctinfo = 0
      if (verdict === Track.REPEAT) continue
      this.stats.invalid++
      return NfVerdict.ACCEPT
    }
  }

  /** Headers and sums that no tracker trusts (tcp_error, udp_error, icmp_error). */
  #malformed(hook: NfHook, skb: Skb, protocol: number): boolean {
    const at = skb.networkHeader + ipv4.headerLength(skb.view, skb.networkHeader)
    if (protocol === TCP && tcpMalformed(skb, at)) return true
    if (protocol === ICMP && skb.view.getUint8(at) > HIGHEST_ICMP_TYPE) return true
    if (protocol === SCTP) return sctpMalformed(skb, at)
    if (protocol !== TCP && protocol !== UDP && protocol !== ICMP) return false
    return hook === NfHook.PRE_ROUTING && this.settings.checksum && !packetChecksumOk(skb, at, protocol)
  }

  /** Models resolve_normal_ct. */
  #resolve(skb: Skb, tuple: Tuple): NfConn | "full" | undefined {
    const found = this.find(tuple)
    if (found < 0) {
      if (this.#count >= this.settings.max) return this.#full()
      const ct = new NfConn(++this.#serial)
      ct.original.copy(tuple)
      if (!invertTuple(tuple, ct.reply)) {
        this.stats.invalid++
        return undefined
      }
      skb.nfct = ct
      skb.ctinfo = CtInfo.NEW
      return ct
    }
    const ct = this.#entries[numberOf(found)] as NfConn
    skb.nfct = ct
    if (isReply(found)) skb.ctinfo = CtInfo.ESTABLISHED_REPLY
    else skb.ctinfo = (ct.status & SEEN_REPLY) !== 0 ? CtInfo.ESTABLISHED : CtInfo.NEW
    return ct
  }

  #full(): "full" {
    this.stats.drop++
    this.net.kernel.printk(4, "nf_conntrack: nf_conntrack: table full, dropping packet")
    return "full"
  }

  /** An ICMP error belongs to the connection of the packet it quotes. Models nf_conntrack_inet_error. */
  #relate(skb: Skb): boolean {
    const header = skb.networkHeader
    const inner = header + ipv4.headerLength(skb.view, header) + 8
    if (inner + ipv4.LENGTH > skb.tail) return false
    const quoted = this.#scratch
    if (!readTuple(skb, inner, quoted)) return false
    const answer = new Tuple()
    if (!invertTuple(quoted, answer)) return false
    const found = this.find(answer)
    if (found < 0) return false
    const ct = this.entryOf(found)
    const direction = isReply(found) ? 1 : 0
    if (ct.tuple(direction).destination !== ipv4.destination(skb.view, header)) return false
    skb.nfct = ct
    skb.ctinfo = direction === 1 ? CtInfo.RELATED_REPLY : CtInfo.RELATED
    return true
  }

  /** Models nf_conntrack_handle_packet. */
  #handle(ct: NfConn, skb: Skb, ctinfo: number): number {
    const { now } = this.net.kernel.sim
    const { settings } = this
    const { protocol } = ct.original
    if (protocol === TCP) {
      const at = skb.networkHeader + ipv4.headerLength(skb.view, skb.networkHeader)
      return tcpPacket(ct, skb, at, ctinfo, now, settings, this.#kill)
    }
    if (protocol === SCTP) {
      const at = skb.networkHeader + ipv4.headerLength(skb.view, skb.networkHeader)
      return sctpPacket(ct, skb, at, ctinfo, now, settings)
    }
    if (protocol === UDP) {
      if ((ct.status & CONFIRMED) === 0) ct.streamAt = now + STREAM_AFTER
      if ((ct.status & SEEN_REPLY) === 0) ct.expires = now + settings.udp * SECOND
      else if (now > ct.streamAt) {
        ct.status |= ASSURED
        ct.expires = now + settings.udpStream * SECOND
      } else ct.expires = now + settings.udp * SECOND
      return Track.ACCEPT
    }
    if (protocol === ICMP) {
      if (!QUERIES.has(ct.original.destinationPort >>> 8)) return Track.INVALID
      ct.expires = now + settings.icmp * SECOND
      return Track.ACCEPT
    }
    ct.expires = now + settings.generic * SECOND
    return Track.ACCEPT
  }

  readonly #kill = (ct: NfConn): void => this.kill(ct)

  #changed(ct: NfConn): void {
    for (const listener of this.listeners) listener("UPDATE", ct)
  }

  /** The packet leaves, or reaches its socket: its connection is real now. Models __nf_conntrack_confirm. */
  confirm(skb: Skb): NfVerdict {
    const ct = skb.nfct
    if (ct === undefined || (ct.status & (CONFIRMED | DYING)) !== 0) return NfVerdict.ACCEPT
    if (ctDirection(skb.ctinfo) !== 0) return NfVerdict.ACCEPT
    const original = this.find(ct.original)
    const reply = this.find(ct.reply)
    if (original >= 0 || reply >= 0) return this.#clash(skb, ct, original, reply)
    this.#insert(ct)
    this.stats.insert++
    for (const listener of this.listeners) listener("NEW", ct)
    return NfVerdict.ACCEPT
  }

  /** Two packets of one datagram flow raced: the second joins the first's connection. Models nf_ct_resolve_clash. */
  #clash(skb: Skb, ct: NfConn, original: number, reply: number): NfVerdict {
    const other = original >= 0 ? this.entryOf(original) : undefined
    const same = other !== undefined && reply >= 0 && this.entryOf(reply) === other
    if (same && ct.original.protocol !== TCP && other.original.equals(ct.original) && other.reply.equals(ct.reply)) {
      skb.nfct = other
      this.stats.clashResolve++
      return NfVerdict.ACCEPT
    }
    this.stats.insertFailed++
    this.stats.drop++
    return NfVerdict.DROP
  }

  // ── the table ────────────────────────────────────────────────────────────────────────────────

  #insert(ct: NfConn): void {
    const number = this.#free.pop() ?? this.#entries.length
    this.#entries[number] = ct
    ct.slot = number
    ct.status |= CONFIRMED
    this.#table.insert(ct.original, number, false)
    this.#table.insert(ct.reply, number, true)
    this.#count++
    if (!this.#gc.armed) this.#arm(ct.expires)
  }

  /** Forgets a connection; a program may have asked for it. Models nf_ct_delete. */
  kill(ct: NfConn, by?: UserSpace): void {
    if (ct.slot < 0) return
    this.#table.remove(ct.original, ct.slot, false)
    this.#table.remove(ct.reply, ct.slot, true)
    this.#entries[ct.slot] = undefined
    this.#free.push(ct.slot)
    ct.slot = -1
    ct.status |= DYING
    this.#count--
    this.onDestroy(ct)
    for (const listener of this.listeners) listener("DESTROY", ct, by)
  }

  #arm(at: number): void {
    this.#gc.arm(Math.max(at - this.net.kernel.sim.now, SECOND))
  }

  /** Models gc_worker, which comes by at least a second apart. */
  #collect(): void {
    const { now } = this.net.kernel.sim
    let next = Number.POSITIVE_INFINITY
    for (const ct of this.#entries) {
      if (ct === undefined) continue
      if (ct.expires <= now) this.kill(ct)
      else next = Math.min(next, ct.expires)
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next)
  }
}

const isIcmpError = (type: number): boolean => type === 3 || type === 4 || type === 5 || type === 11 || type === 12
