/** Whether a segment can be one of its connection, by sequence numbers and windows. Models nf_conntrack_proto_tcp.c tcp_in_window. */

import * as ipv4 from "../../../wire/ipv4.ts"
import * as tcpWire from "../../../wire/tcp.ts"
import { seqGt, seqLt } from "../../inet/tcp-seq.ts"
import type { Skb } from "../../skb.ts"
import type { NfConn, TcpSeen } from "./entry.ts"
import type { ConntrackSettings } from "./settings.ts"
import { TcpCt } from "./tcp-table.ts"

const { TcpFlag, TcpOption } = tcpWire

/** Models IP_CT_TCP_FLAG_*. */
export const TcpFlags = {
  WINDOW_SCALE: 1,
  SACK_PERM: 2,
  CLOSE_INIT: 4,
  BE_LIBERAL: 8,
  DATA_UNACKNOWLEDGED: 16,
  MAXACK_SET: 32,
  EXP_CHALLENGE_ACK: 64,
  SIMULTANEOUS_OPEN: 128,
} as const

/** IGNORE: let through, and nothing learned from it. */
export const WindowVerdict = { ACCEPT: 0, IGNORE: 1, INVALID: 2 } as const

const MAX_ACK_WINDOW = 66_000

/** The sequence number after the segment. */
export function segmentEnd(skb: Skb, at: number): number {
  const { view } = skb
  const flags = tcpWire.flags(view, at)
  const end = skb.networkHeader + ipv4.totalLength(view, skb.networkHeader)
  const length = end - at - tcpWire.headerLength(view, at)
  const extra = ((flags & TcpFlag.SYN) !== 0 ? 1 : 0) + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0)
  return (tcpWire.sequence(view, at) + length + extra) >>> 0
}

/** Window scale and SACK of a SYN. */
export function readOptions(skb: Skb, at: number, seen: TcpSeen): void {
  seen.scale = 0
  seen.flags = 0
  const end = at + tcpWire.headerLength(skb.view, at)
  if (at + tcpWire.LENGTH === end) return
  const options = tcpWire.parseOptions(skb.view, at + tcpWire.LENGTH, end)
  if (options.sackPermitted) seen.flags |= TcpFlags.SACK_PERM
  if (options.wscale === undefined) return
  seen.scale = Math.min(options.wscale, 14)
  seen.flags |= TcpFlags.WINDOW_SCALE
}

/** The highest edge that SACK blocks name, or `ack`. */
function sackEdge(skb: Skb, at: number, ack: number): number {
  const { view } = skb
  const end = at + tcpWire.headerLength(view, at)
  let edge = ack
  for (let i = at + tcpWire.LENGTH; i < end; ) {
    const kind = view.getUint8(i)
    if (kind === TcpOption.END) break
    if (kind === TcpOption.NOP) {
      i++
      continue
    }
    const length = i + 1 < end ? view.getUint8(i + 1) : 0
    if (length < 2 || i + length > end) break
    if (kind === TcpOption.SACK)
      for (let block = i + 2; block + 8 <= i + length; block += 8) {
        const right = view.getUint32(block + 4)
        if (seqGt(right, edge)) edge = right
      }
    i += length
  }
  return edge
}

function initSender(sender: TcpSeen, receiver: TcpSeen, skb: Skb, at: number, end: number, direction: number): void {
  sender.end = sender.maxEnd = end
  sender.maxWin = tcpWire.window(skb.view, at) || 1
  readOptions(skb, at, sender)
  if (direction === 1 && (sender.flags & receiver.flags & TcpFlags.WINDOW_SCALE) === 0)
    sender.scale = receiver.scale = 0
}

export function tcpInWindow(
  ct: NfConn,
  skb: Skb,
  at: number,
  direction: number,
  isAck: boolean,
  settings: ConntrackSettings,
): number {
  const { view } = skb
  const sender = ct.seen[direction as 0 | 1]
  const receiver = ct.seen[(1 - direction) as 0 | 1]
  const flags = tcpWire.flags(view, at)
  const syn = (flags & TcpFlag.SYN) !== 0
  const hasAck = (flags & TcpFlag.ACK) !== 0
  const rawWindow = tcpWire.window(view, at)
  let seq = tcpWire.sequence(view, at)
  let ack = tcpWire.acknowledgment(view, at)
  let end = segmentEnd(skb, at)
  let sack = (receiver.flags & TcpFlags.SACK_PERM) !== 0 ? sackEdge(skb, at, ack) : ack
  if (sender.maxWin === 0) {
    if (syn) {
      initSender(sender, receiver, skb, at, end, direction)
      if (!hasAck) return WindowVerdict.ACCEPT
    } else takeUp(sender, receiver, end, rawWindow, sack)
  } else if (syn && seqGt(end, sender.end) && (ct.state === TcpCt.SYN_SENT || ct.state === TcpCt.SYN_RECV)) {
    // A new attempt with a later sequence number.
    initSender(sender, receiver, skb, at, end, direction)
    if (direction === 0 && !hasAck) return WindowVerdict.ACCEPT
  }
  const rst = (flags & TcpFlag.RST) !== 0
  if (!hasAck || (rst && ack === 0)) ack = sack = receiver.end
  if (rst && seq === 0 && ct.state === TcpCt.SYN_SENT) seq = end = sender.end
  const fault = judge(sender, receiver, seq, end, sack)
  if (fault !== WindowVerdict.ACCEPT)
    return (sender.flags & TcpFlags.BE_LIBERAL) !== 0 || settings.tcpBeLiberal ? WindowVerdict.ACCEPT : fault
  const window = syn ? rawWindow : rawWindow * 2 ** sender.scale
  update(sender, receiver, end, ack, sack, window, hasAck)
  if (isAck) countRetransmission(ct, direction, seq, ack, end, rawWindow)
  return WindowVerdict.ACCEPT
}

/** The connection's beginning was not seen: what this segment says has to do. */
function takeUp(sender: TcpSeen, receiver: TcpSeen, end: number, rawWindow: number, sack: number): void {
  sender.end = end
  sender.maxWin = rawWindow * 2 ** sender.scale || 1
  sender.maxEnd = (end + sender.maxWin) >>> 0
  if (receiver.maxWin === 0) receiver.end = receiver.maxEnd = sack
  else if (sack === (receiver.end + 1) >>> 0) receiver.end = (receiver.end + 1) >>> 0
}

function judge(sender: TcpSeen, receiver: TcpSeen, seq: number, end: number, sack: number): number {
  if (!seqLt(seq, (sender.maxEnd + 1) >>> 0)) {
    const overshot = (end - sender.maxEnd + 1) >>> 0
    const inside = receiver.maxWin !== 0 && seqGt(end, (sender.end - receiver.maxWin - 1) >>> 0)
    const bearable = overshot <= receiver.maxWin && seqLt(sack, (receiver.end + 1) >>> 0)
    return inside && bearable ? WindowVerdict.IGNORE : WindowVerdict.INVALID
  }
  // Acknowledges what has not been seen.
  if (!seqLt(sack, (receiver.end + 1) >>> 0)) return WindowVerdict.INVALID
  // What was acknowledged is sent again.
  if (receiver.maxWin !== 0 && !seqGt(end, (sender.end - receiver.maxWin - 1) >>> 0)) return WindowVerdict.IGNORE
  const lowest = (receiver.end - Math.max(sender.maxWin, MAX_ACK_WINDOW) - 1) >>> 0
  return seqGt(sack, lowest) ? WindowVerdict.ACCEPT : WindowVerdict.IGNORE
}

function update(
  sender: TcpSeen,
  receiver: TcpSeen,
  end: number,
  ack: number,
  sack: number,
  window: number,
  hasAck: boolean,
): void {
  const most = window + ((sack - ack) >>> 0)
  if (sender.maxWin < most) sender.maxWin = most
  if (seqGt(end, sender.end)) {
    sender.end = end
    sender.flags |= TcpFlags.DATA_UNACKNOWLEDGED
  }
  if (hasAck && ((sender.flags & TcpFlags.MAXACK_SET) === 0 || seqGt(ack, sender.maxAck))) {
    sender.maxAck = ack
    sender.flags |= TcpFlags.MAXACK_SET
  }
  if (receiver.maxWin !== 0 && seqGt(end, sender.maxEnd)) receiver.maxWin += (end - sender.maxEnd) >>> 0
  if (seqGt((sack + window) >>> 0, (receiver.maxEnd - 1) >>> 0)) {
    receiver.maxEnd = (sack + window) >>> 0
    if (window === 0) receiver.maxEnd = (receiver.maxEnd + 1) >>> 0
  }
  if (ack === receiver.end) receiver.flags &= ~TcpFlags.DATA_UNACKNOWLEDGED
}

function countRetransmission(
  ct: NfConn,
  direction: number,
  seq: number,
  ack: number,
  end: number,
  window: number,
): void {
  if (
    ct.lastDir === direction &&
    ct.lastSeq === seq &&
    ct.lastAck === ack &&
    ct.lastEnd === end &&
    ct.lastWin === window
  ) {
    ct.retrans++
    return
  }
  ct.lastDir = direction
  ct.lastSeq = seq
  ct.lastAck = ack
  ct.lastEnd = end
  ct.lastWin = window
  ct.retrans = 0
}
