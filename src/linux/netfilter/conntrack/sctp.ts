/**
 * Associations by the chunks that set them up and tear them down (RFC 9260, section 5 and 9). Models what nf_conntrack_proto_sctp.c decides;
 * verification tags are not compared: no socket here speaks SCTP.
 */
import { SECOND } from "../../../sim/simulation.ts"
import type { Skb } from "../../skb.ts"
import { CtStatus, ctDirection, type NfConn } from "./entry.ts"
import type { ConntrackSettings } from "./settings.ts"
import { Track } from "./tcp.ts"

export const SCTP = 132
const HEADER = 12

const Chunk = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
} as const

export const SctpCt = {
  NONE: 0,
  CLOSED: 1,
  COOKIE_WAIT: 2,
  COOKIE_ECHOED: 3,
  ESTABLISHED: 4,
  SHUTDOWN_SENT: 5,
  SHUTDOWN_RECD: 6,
  SHUTDOWN_ACK_SENT: 7,
  HEARTBEAT_SENT: 8,
} as const

/** As listings name them. */
export const SCTP_CT_NAMES: readonly string[] = Object.keys(SctpCt)

/** True for a packet without a whole header and a chunk. */
export const sctpMalformed = (skb: Skb, at: number): boolean => at + HEADER + 4 > skb.tail

/** The association after the packet's chunks. */
export function sctpPacket(
  ct: NfConn,
  skb: Skb,
  at: number,
  ctinfo: number,
  now: number,
  settings: ConntrackSettings,
): number {
  const isNew = (ct.status & CtStatus.CONFIRMED) === 0 && ct.state === SctpCt.NONE
  const reply = ctDirection(ctinfo) === 1
  let { state } = ct
  for (let chunk = at + HEADER; chunk + 4 <= skb.tail; ) {
    const type = skb.view.getUint8(chunk)
    if (isNew && state === SctpCt.NONE && type !== Chunk.INIT && type !== Chunk.HEARTBEAT) return Track.INVALID
    state = next(state, type, reply)
    const length = skb.view.getUint16(chunk + 2)
    if (length < 4) return Track.INVALID
    chunk += (length + 3) & ~3
  }
  ct.state = state
  if (state === SctpCt.ESTABLISHED && reply) ct.status |= CtStatus.ASSURED
  ct.expires = now + (settings.sctpTimeouts[state] as number) * SECOND
  return Track.ACCEPT
}

function next(state: number, chunk: number, reply: boolean): number {
  const { CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, SHUTDOWN_RECD, SHUTDOWN_ACK_SENT } = SctpCt
  switch (chunk) {
    case Chunk.INIT:
      return state === SctpCt.NONE || state === SHUTDOWN_SENT || state === SHUTDOWN_RECD ? CLOSED : state
    case Chunk.INIT_ACK:
      return reply && state === CLOSED ? COOKIE_WAIT : state
    case Chunk.COOKIE_ECHO:
      return state === COOKIE_WAIT ? COOKIE_ECHOED : state
    case Chunk.COOKIE_ACK:
      return state === COOKIE_ECHOED ? ESTABLISHED : state
    case Chunk.ABORT:
      return CLOSED
    case Chunk.SHUTDOWN:
      return state === ESTABLISHED ? (reply ? SHUTDOWN_RECD : SHUTDOWN_SENT) : state
    case Chunk.SHUTDOWN_ACK:
      return state === SHUTDOWN_SENT || state === SHUTDOWN_RECD ? SHUTDOWN_ACK_SENT : state
    case Chunk.SHUTDOWN_COMPLETE:
      return state === SHUTDOWN_ACK_SENT ? CLOSED : state
    case Chunk.HEARTBEAT:
      return state === SctpCt.NONE ? SctpCt.HEARTBEAT_SENT : state
    case Chunk.HEARTBEAT_ACK:
      return reply && state === SctpCt.HEARTBEAT_SENT ? ESTABLISHED : state
    default:
      return state
  }
}
