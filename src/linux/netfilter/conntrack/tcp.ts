/** The TCP tracker. Models net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet. */
import * as tcpWire from "../../../wire/tcp.ts"
import { seqLt } from "../../inet/tcp-seq.ts"
import type { Skb } from "../../skb.ts"
import { CtStatus, ctDirection, type NfConn } from "./entry.ts"
import type { ConntrackSettings } from "./settings.ts"
import { TcpCt, TcpSet, tcpTransition } from "./tcp-table.ts"
import { readOptions, segmentEnd, TcpFlags, tcpInWindow, WindowVerdict } from "./tcp-window.ts"

const { TcpFlag } = tcpWire

/** What the tracker makes of a segment. REPEAT: the connection is gone, look again. */
export const Track = { ACCEPT: 1, INVALID: -1, REPEAT: -4 } as const

function setOf(flags: number): number {
  if ((flags & TcpFlag.RST) !== 0) return TcpSet.RST
  if ((flags & TcpFlag.SYN) !== 0) return (flags & TcpFlag.ACK) !== 0 ? TcpSet.SYNACK : TcpSet.SYN
  if ((flags & TcpFlag.FIN) !== 0) return TcpSet.FIN
  return (flags & TcpFlag.ACK) !== 0 ? TcpSet.ACK : TcpSet.NONE
}

const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16
const URG = 32
/** Sets of flags that make sense; PSH, ECE and CWR go with all of them. Models tcp_valid_flags. */
const VALID: ReadonlySet<number> = new Set([
  SYN,
  SYN | URG,
  SYN | ACK,
  RST,
  RST | ACK,
  FIN | ACK,
  FIN | ACK | URG,
  ACK,
  ACK | URG,
])

/** True for a segment that no tracker looks at. Models tcp_error, but for the checksum. */
export function tcpMalformed(skb: Skb, at: number): boolean {
  if (at + tcpWire.LENGTH > skb.tail) return true
  const header = tcpWire.headerLength(skb.view, at)
  if (header < tcpWire.LENGTH || at + header > skb.tail) return true
  return !VALID.has(tcpWire.flags(skb.view, at) & (FIN | SYN | RST | ACK | URG))
}

/** The first segment of a connection; false when none can begin so. Models tcp_new. */
function tcpNew(ct: NfConn, skb: Skb, at: number, settings: ConntrackSettings): boolean {
  const { view } = skb
  const state = tcpTransition(0, setOf(tcpWire.flags(view, at)), TcpCt.NONE)
  if (state === TcpCt.INVALID) return false
  const [sender, receiver] = ct.seen
  sender.reset()
  receiver.reset()
  ct.state = TcpCt.NONE
  ct.retrans = ct.lastFlags = ct.lastDir = ct.lastSeq = ct.lastAck = ct.lastEnd = ct.lastWin = 0
  sender.end = segmentEnd(skb, at)
  sender.maxWin = tcpWire.window(view, at) || 1
  if (state === TcpCt.SYN_SENT) {
    sender.maxEnd = sender.end
    readOptions(skb, at, sender)
  } else {
    // In the middle of a connection: nothing is known of its windows.
    if (!settings.tcpLoose) return false
    sender.maxEnd = (sender.end + sender.maxWin) >>> 0
    sender.flags = receiver.flags = TcpFlags.SACK_PERM | TcpFlags.BE_LIBERAL
  }
  ct.lastIndex = TcpSet.NONE
  return true
}

/** Judges a segment: `at` is where its header starts. */
export function tcpPacket(
  ct: NfConn,
  skb: Skb,
  at: number,
  ctinfo: number,
  now: number,
  settings: ConntrackSettings,
  kill: (ct: NfConn) => void,
): number {
  if ((ct.status & CtStatus.CONFIRMED) === 0 && !tcpNew(ct, skb, at, settings)) return Track.INVALID
  const flags = tcpWire.flags(skb.view, at)
  const direction = ctDirection(ctinfo)
  const set = setOf(flags)
  const before = ct.state
  let old = before
  let next = tcpTransition(direction, set, before)
  let checkWindow = true
  if (next === TcpCt.INVALID) return Track.INVALID
  if (next === TcpCt.IGNORE || (next === TcpCt.SYN_SENT && before >= TcpCt.TIME_WAIT)) {
    if (next === TcpCt.SYN_SENT && mayReopen(ct, direction)) {
      kill(ct)
      return Track.REPEAT
    }
    if (!resynchronizes(ct, skb, at, set, direction)) {
      ignore(ct, skb, at, set, direction)
      return Track.ACCEPT
    }
    old = TcpCt.SYN_SENT
    next = TcpCt.SYN_RECV
  } else if (next === TcpCt.TIME_WAIT) {
    if (isChallengeAck(ct, set, direction)) return Track.ACCEPT
  } else if (next === TcpCt.SYN_SENT2) ct.lastFlags |= TcpFlags.SIMULTANEOUS_OPEN
  else if (next === TcpCt.SYN_RECV) {
    if (direction === 1 && set === TcpSet.ACK && (ct.lastFlags & TcpFlags.SIMULTANEOUS_OPEN) !== 0)
      next = TcpCt.ESTABLISHED
  } else if (next === TcpCt.CLOSE && set === TcpSet.RST) {
    const verdict = judgeReset(ct, skb, at, direction)
    if (verdict === Reset.INVALID) return Track.INVALID
    if (verdict === Reset.KEEP) next = before
    checkWindow = verdict !== Reset.IN_WINDOW
  }
  if (checkWindow) {
    const verdict = tcpInWindow(ct, skb, at, direction, set === TcpSet.ACK, settings)
    if (verdict === WindowVerdict.IGNORE) return Track.ACCEPT
    if (verdict === WindowVerdict.INVALID) return Track.INVALID
  }
  return advance(ct, set, direction, old, next, flags, now, settings, kill)
}

/** A SYN for a connection that one end has closed, or that was reset from this side. */
function mayReopen(ct: NfConn, direction: number): boolean {
  const closed = ((ct.seen[0].flags | ct.seen[1].flags) & TcpFlags.CLOSE_INIT) !== 0
  return closed || (ct.lastDir === direction && ct.lastIndex === TcpSet.RST)
}

/** A SYN-ACK that takes up a SYN which was ignored: both ends agree, only the tracker was out of step. */
function resynchronizes(ct: NfConn, skb: Skb, at: number, set: number, direction: number): boolean {
  if (set !== TcpSet.SYNACK || ct.lastIndex !== TcpSet.SYN || ct.lastDir === direction) return false
  if (tcpWire.acknowledgment(skb.view, at) !== ct.lastEnd) return false
  const seen = ct.seen[ct.lastDir as 0 | 1]
  seen.end = seen.maxEnd = ct.lastEnd
  seen.maxWin = ct.lastWin || 1
  seen.scale = ct.lastWscale
  ct.lastFlags &= ~TcpFlags.EXP_CHALLENGE_ACK
  seen.flags = ct.lastFlags
  ct.seen[direction as 0 | 1].reset()
  return true
}

function ignore(ct: NfConn, skb: Skb, at: number, set: number, direction: number): void {
  const { view } = skb
  ct.lastIndex = set
  ct.lastDir = direction
  ct.lastSeq = tcpWire.sequence(view, at)
  ct.lastEnd = segmentEnd(skb, at)
  ct.lastWin = tcpWire.window(view, at)
  if (set === TcpSet.SYN && direction === 0) {
    const seen = ct.seen[0]
    const [scale, flags] = [seen.scale, seen.flags]
    readOptions(skb, at, seen)
    ct.lastFlags = seen.flags & (TcpFlags.WINDOW_SCALE | TcpFlags.SACK_PERM)
    ct.lastWscale = (seen.flags & TcpFlags.WINDOW_SCALE) !== 0 ? seen.scale : 0
    seen.scale = scale
    seen.flags = flags
    if (ct.state === TcpCt.LAST_ACK) ct.lastFlags |= TcpFlags.EXP_CHALLENGE_ACK
  }
  if (ct.state === TcpCt.SYN_SENT && set === TcpSet.ACK && direction === 1)
    ct.lastAck = tcpWire.acknowledgment(view, at)
}

/** RFC 5961: the answer to a SYN in LAST_ACK is no acknowledgment of the FIN. */
function isChallengeAck(ct: NfConn, set: number, direction: number): boolean {
  if (ct.state !== TcpCt.LAST_ACK || set !== TcpSet.ACK || ct.lastDir === direction) return false
  if (ct.lastIndex !== TcpSet.SYN || (ct.lastFlags & TcpFlags.EXP_CHALLENGE_ACK) === 0) return false
  ct.lastFlags &= ~TcpFlags.EXP_CHALLENGE_ACK
  return true
}

const Reset = { CHECK: 0, IN_WINDOW: 1, KEEP: 2, INVALID: 3 } as const

const established = (ct: NfConn): boolean => ct.state === TcpCt.ESTABLISHED && (ct.status & CtStatus.ASSURED) !== 0
/** Connections on their way out, which the collector may take early. Models tcp_can_early_drop. */
const closing = (state: number): boolean =>
  state === TcpCt.FIN_WAIT ||
  state === TcpCt.LAST_ACK ||
  state === TcpCt.TIME_WAIT ||
  state === TcpCt.CLOSE ||
  state === TcpCt.CLOSE_WAIT

function judgeReset(ct: NfConn, skb: Skb, at: number, direction: number): number {
  if (closing(ct.state)) return Reset.IN_WINDOW
  const peer = ct.seen[(1 - direction) as 0 | 1]
  let verdict: number = Reset.CHECK
  if ((peer.flags & TcpFlags.MAXACK_SET) !== 0 && ct.lastIndex !== TcpSet.SYN) {
    const seq = tcpWire.sequence(skb.view, at)
    if (seq === 0 && !established(ct)) return Reset.CHECK
    if (seqLt(seq, peer.maxAck)) return Reset.INVALID
    if (!established(ct) || seq === peer.maxAck) return Reset.CHECK
    if (ct.lastIndex === TcpSet.ACK && ct.lastDir === direction && seq === ct.lastEnd) return Reset.CHECK
    // Not exactly what is expected: a challenge ACK may follow, and the connection live on.
    verdict = Reset.KEEP
  }
  const answersIgnored =
    ((ct.status & CtStatus.SEEN_REPLY) !== 0 && ct.lastIndex === TcpSet.SYN) ||
    ((ct.status & CtStatus.ASSURED) === 0 && ct.lastIndex === TcpSet.ACK)
  return answersIgnored && tcpWire.acknowledgment(skb.view, at) === ct.lastEnd ? Reset.IN_WINDOW : verdict
}

function advance(
  ct: NfConn,
  set: number,
  direction: number,
  old: number,
  next: number,
  flags: number,
  now: number,
  settings: ConntrackSettings,
  kill: (ct: NfConn) => void,
): number {
  ct.lastIndex = set
  ct.lastDir = direction
  ct.state = next
  if (old !== next && next === TcpCt.FIN_WAIT) ct.seen[direction as 0 | 1].flags |= TcpFlags.CLOSE_INIT
  let timeout = timeoutOf(ct, set, next, settings)
  if ((ct.status & CtStatus.SEEN_REPLY) === 0) {
    if ((flags & TcpFlag.RST) !== 0) {
      kill(ct)
      return Track.ACCEPT
    }
    if (set === TcpSet.SYN && old === TcpCt.SYN_SENT) return Track.ACCEPT
    if (next === TcpCt.ESTABLISHED) timeout = Math.min(timeout, settings.tcpUnacknowledged)
  } else if (
    (ct.status & CtStatus.ASSURED) === 0 &&
    (old === TcpCt.SYN_RECV || old === TcpCt.ESTABLISHED) &&
    next === TcpCt.ESTABLISHED
  )
    ct.status |= CtStatus.ASSURED
  ct.expires = now + timeout * 1e9
  return Track.ACCEPT
}

function timeoutOf(ct: NfConn, set: number, state: number, settings: ConntrackSettings): number {
  const usual = settings.tcpTimeouts[state] as number
  if (ct.retrans >= settings.tcpMaxRetrans && usual > settings.tcpMaxRetransTimeout)
    return settings.tcpMaxRetransTimeout
  if (set === TcpSet.RST) return settings.tcpTimeouts[TcpCt.CLOSE] as number
  const unacknowledged = ((ct.seen[0].flags | ct.seen[1].flags) & TcpFlags.DATA_UNACKNOWLEDGED) !== 0
  if (unacknowledged && usual > settings.tcpUnacknowledged) return settings.tcpUnacknowledged
  return ct.lastWin === 0 && usual > settings.tcpMaxRetransTimeout ? settings.tcpMaxRetransTimeout : usual
}
