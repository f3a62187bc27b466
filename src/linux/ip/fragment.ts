/** Cutting packets for a small MTU, and putting the pieces together. Models net/ipv4/ip_output.c ip_do_fragment and ip_fragment.c (RFC 791, RFC 815). */

import { SECOND } from "../../sim/simulation.ts"
import { Timer } from "../../sim/timer.ts"
import * as ethernet from "../../wire/ethernet.ts"
import { IcmpType, UnreachCode } from "../../wire/icmp.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { checksumFinish } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"

/** The code of TIME_EXCEEDED for a reassembly that took too long. */
const EXC_FRAGTIME = 1

/** Sends `skb` in pieces of at most `mtu` bytes through `send`. A packet with DF (and no leave to ignore it) is answered with ICMP instead. */
export function ipFragment(
  net: NetNamespace,
  skb: Skb,
  mtu: number,
  send: (net: NetNamespace, skb: Skb) => void,
): void {
  const header = skb.networkHeader
  const frag = ipv4.flagsAndOffset(skb.view, header)
  if ((frag & ipv4.IP_DF) !== 0 && !skb.ignoreDf) {
    net.snmp.ipFragFails++
    net.kernel.icmpSend(net, skb, IcmpType.DEST_UNREACH, UnreachCode.FRAG_NEEDED, mtu)
    kfreeSkb(net, skb, DropReason.PKT_TOO_BIG)
    return
  }
  checksumFinish(skb)
  const hlen = ipv4.headerLength(skb.view, header)
  const total = skb.length - hlen
  const step = (mtu - hlen) & ~7
  const more = frag & ipv4.IP_MF
  const first = frag & ipv4.IP_OFFSET
  for (let offset = 0; offset < total; offset += step) {
    const size = Math.min(step, total - offset)
    const last = offset + size === total
    send(net, fragmentOf(skb, hlen, offset, size, (first + offset / 8) | (last ? more : ipv4.IP_MF)))
    net.snmp.ipFragCreates++
  }
  net.snmp.ipFragOKs++
  skb.free()
}

function fragmentOf(skb: Skb, hlen: number, offset: number, size: number, frag: number): Skb {
  const piece = skb.arena.alloc(hlen + size)
  const at = piece.put(hlen + size)
  const { bytes, view } = skb.arena
  bytes.copyWithin(at, skb.networkHeader, skb.networkHeader + hlen)
  bytes.copyWithin(at + hlen, skb.networkHeader + hlen + offset, skb.networkHeader + hlen + offset + size)
  piece.networkHeader = at
  piece.transportHeader = at + hlen
  piece.protocol = skb.protocol
  piece.packetType = skb.packetType
  piece.dev = skb.dev
  piece.route = skb.route
  piece.nexthop = skb.nexthop
  piece.mark = skb.mark
  piece.nfct = skb.nfct
  piece.ctinfo = skb.ctinfo
  piece.hash = skb.hash
  view.setUint16(at + 2, hlen + size)
  view.setUint16(at + 6, frag)
  ipv4.updateChecksum(view, at)
  return piece
}

/** The longest datagram there is. */
const IP_MAX = 65535

/** One datagram being put together: its pieces in order of offset. */
interface Reassembly {
  pieces: { offset: number; end: number; skb: Skb }[]
  /** Payload length, known once the last piece is here; -1 before. */
  total: number
  timer: Timer
}

export class FragmentQueues {
  readonly #net: NetNamespace
  readonly #queues = new Map<string, Reassembly>()

  constructor(net: NetNamespace) {
    this.#net = net
  }

  /** As {@link add}, for who must go on with the same handle: true when `skb` is the whole datagram now; else it was taken. */
  defrag(skb: Skb): boolean {
    const last = skb.clone()
    const whole = this.add(last)
    if (whole === undefined) {
      skb.free()
      return false
    }
    const { dev, packetType, macHeader, physIn } = skb
    const frame = macHeader < 0 ? undefined : ethernet.parse(skb.view, macHeader, skb.tail)
    skb.arena.morph(skb, whole)
    skb.dev = dev
    skb.packetType = packetType
    skb.physIn = physIn
    skb.data = skb.networkHeader
    if (frame !== undefined) {
      // A bridge reads it on.
      skb.macHeader = skb.networkHeader - ethernet.LENGTH
      ethernet.emit(skb.view, skb.macHeader, frame.destination, frame.source, frame.etherType)
    }
    return true
  }

  /** Takes a fragment; returns the whole datagram when it was the one that was missing. Models ip_defrag. */
  add(skb: Skb): Skb | undefined {
    const net = this.#net
    net.snmp.ipReasmReqds++
    const view = skb.view
    const at = skb.networkHeader
    const key = `${ipv4.source(view, at)}/${ipv4.destination(view, at)}/${ipv4.protocol(view, at)}/${ipv4.id(view, at)}`
    const queue = this.#queues.get(key) ?? this.#create(key)
    const flags = ipv4.flagsAndOffset(view, at)
    const offset = (flags & ipv4.IP_OFFSET) * 8
    const last = (flags & ipv4.IP_MF) === 0
    const length = ipv4.totalLength(view, at) - ipv4.headerLength(view, at)
    // Pieces before the last end at a multiple of eight: what is over is cut off.
    const end = offset + (last ? length : length & ~7)
    if (queue.pieces.some((piece) => piece.offset === offset && piece.end === end)) {
      kfreeSkb(net, skb, DropReason.DUP_FRAG)
      return undefined
    }
    const contradicts =
      end === offset ||
      (last
        ? queue.pieces.some((piece) => piece.end > end) || (queue.total >= 0 && queue.total !== end)
        : queue.total >= 0 && end > queue.total)
    if (contradicts || queue.pieces.some((piece) => offset < piece.end && end > piece.offset)) {
      // An overlap or a contradiction condemns the whole datagram (RFC 5722 in spirit; ip_frag_queue since 4.18).
      this.#discard(key, queue)
      kfreeSkb(net, skb, DropReason.FRAG_REASM_TIMEOUT)
      return undefined
    }
    if (last) queue.total = end
    queue.pieces.push({ offset, end, skb })
    queue.pieces.sort((a, b) => a.offset - b.offset)
    if (!isComplete(queue)) return undefined
    if (joinedLength(queue) > IP_MAX) {
      this.#discard(key, queue)
      return undefined
    }
    queue.timer.cancel()
    this.#queues.delete(key)
    net.snmp.ipReasmOKs++
    return join(queue)
  }

  #discard(key: string, queue: Reassembly): void {
    const net = this.#net
    queue.timer.cancel()
    this.#queues.delete(key)
    net.snmp.ipReasmFails++
    for (const piece of queue.pieces) kfreeSkb(net, piece.skb, DropReason.FRAG_REASM_TIMEOUT)
  }

  #create(key: string): Reassembly {
    const net = this.#net
    const timer = new Timer(net.kernel.sim, () => this.#expire(key))
    timer.arm(net.sysctl.ipfragTime * SECOND)
    const queue: Reassembly = { pieces: [], total: -1, timer }
    this.#queues.set(key, queue)
    return queue
  }

  /** Models ip_expire: tells the sender when the first piece is here (RFC 792). */
  #expire(key: string): void {
    const net = this.#net
    const queue = this.#queues.get(key)
    if (queue === undefined) return
    this.#queues.delete(key)
    net.snmp.ipReasmTimeout++
    net.snmp.ipReasmFails++
    const first = queue.pieces[0]
    if (first !== undefined && first.offset === 0)
      net.kernel.icmpSend(net, first.skb, IcmpType.TIME_EXCEEDED, EXC_FRAGTIME, 0)
    for (const piece of queue.pieces) kfreeSkb(net, piece.skb, DropReason.FRAG_REASM_TIMEOUT)
  }
}

function isComplete(queue: Reassembly): boolean {
  if (queue.total < 0) return false
  let expected = 0
  for (const piece of queue.pieces) {
    if (piece.offset !== expected) return false
    expected = piece.end
  }
  return expected === queue.total
}

const headOf = (queue: Reassembly): Skb => (queue.pieces[0] as Reassembly["pieces"][number]).skb

/** With the first piece's header, which may have options. */
function joinedLength(queue: Reassembly): number {
  const head = headOf(queue)
  return ipv4.headerLength(head.view, head.networkHeader) + queue.total
}

function join(queue: Reassembly): Skb {
  const head = headOf(queue)
  const hlen = ipv4.headerLength(head.view, head.networkHeader)
  const whole = head.arena.alloc(hlen + queue.total)
  const at = whole.put(hlen + queue.total)
  const { bytes, view } = head.arena
  bytes.copyWithin(at, head.networkHeader, head.networkHeader + hlen)
  for (const { offset, end, skb } of queue.pieces) {
    const from = skb.networkHeader + ipv4.headerLength(view, skb.networkHeader)
    bytes.copyWithin(at + hlen + offset, from, from + end - offset)
  }
  whole.id = head.id
  whole.dev = head.dev
  whole.protocol = head.protocol
  whole.packetType = head.packetType
  whole.mark = head.mark
  whole.fragMaxSize = Math.max(...queue.pieces.map(({ skb }) => ipv4.totalLength(skb.view, skb.networkHeader)))
  whole.networkHeader = at
  whole.transportHeader = at + hlen
  view.setUint16(at + 2, hlen + queue.total)
  view.setUint16(at + 6, 0)
  ipv4.updateChecksum(view, at)
  for (const piece of queue.pieces) piece.skb.free()
  return whole
}
