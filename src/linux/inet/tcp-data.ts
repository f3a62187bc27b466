/** Bytes and FIN coming in. Models net/ipv4/tcp_input.c tcp_data_queue and tcp_fin. */
import { MILLISECOND } from "../../sim/simulation.ts"
import * as tcp from "../../wire/tcp.ts"
import type { TcpSegmentView } from "./tcp-input.ts"
import { sendSegment, tcpSendAck } from "./tcp-send.ts"
import { seqAdd, seqDiff, seqGt, seqLt } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import { tcpTimeWait } from "./tcp-timer.ts"
import { tcpGrowWindow } from "./tcp-window.ts"

const { TcpFlag } = tcp
const ATO_MIN = 40 * MILLISECOND
export const QUICK_ACKS = 16

/** Models tcp_data_queue. */
export function tcpDataQueue(sock: TcpSock, segment: TcpSegmentView): void {
  const { payload, flags } = segment
  const fin = (flags & TcpFlag.FIN) !== 0
  if (payload.length === 0 && !fin) return
  if (sock.orphan && payload.length > 0 && (sock.state === TcpState.FIN_WAIT1 || sock.state === TcpState.FIN_WAIT2)) {
    // Data for a socket nobody reads any more (RFC 1122 section 4.2.2.13): answered as if there were none.
    sock.net.snmp.tcpOutRsts++
    sendSegment(sock, TcpFlag.RST, segment.ack, 0, 0)
    sock.done(undefined)
    return
  }
  const skip = seqDiff(sock.rcvNxt, segment.seq)
  if (skip < 0) {
    receiveEarly(sock, segment)
    return
  }
  if (payload.length > 0) tcpDsackSet(sock, segment.seq, seqAdd(segment.seq, payload.length))
  if (skip < payload.length) {
    sock.receiveQueue.push(skip === 0 ? payload : payload.subarray(skip))
    sock.rcvNxt = seqAdd(segment.seq, payload.length)
    if (sock.receiveQueue.hasEarly) sock.rcvNxt = sock.receiveQueue.advance(sock.rcvNxt)
    tcpEventDataRecv(sock, payload.length)
  } else if (payload.length > 0) sock.quickAcks = QUICK_ACKS
  sock.ackPending = true
  if (fin && seqAdd(segment.seq, payload.length) === sock.rcvNxt) tcpFin(sock)
  sock.changed.wake()
}

/** Bytes that had arrived already are told of once (RFC 2883). Models tcp_dsack_set. */
export function tcpDsackSet(sock: TcpSock, seq: number, end: number): void {
  if (sock.sackOk && seqLt(seq, sock.rcvNxt)) sock.duplicate = [seq, seqGt(end, sock.rcvNxt) ? sock.rcvNxt : end]
}

function receiveEarly(sock: TcpSock, segment: TcpSegmentView): void {
  if (segment.payload.length > 0) {
    sock.receiveQueue.keep(segment.seq, segment.payload)
    sock.newestEarly = segment.seq
  }
  tcpSendAck(sock)
}

/** Models tcp_event_data_recv. */
function tcpEventDataRecv(sock: TcpSock, length: number): void {
  const now = sock.now
  if (sock.ato === 0) {
    sock.ato = ATO_MIN
    sock.quickAcks = QUICK_ACKS
  }
  sock.lastReceived = now
  tcpGrowWindow(sock, length)
}

function tcpFin(sock: TcpSock): void {
  sock.rcvNxt = seqAdd(sock.rcvNxt, 1)
  sock.peerClosed = true
  if (sock.state === TcpState.ESTABLISHED) {
    sock.state = TcpState.CLOSE_WAIT
    // The program will probably close too: the acknowledgement can ride on its FIN (tcp_fin).
    sock.pingpong = true
  } else if (sock.state === TcpState.FIN_WAIT1) {
    sock.state = TcpState.CLOSING
  } else if (sock.state === TcpState.FIN_WAIT2) {
    tcpSendAck(sock)
    tcpTimeWait(sock)
  }
  sock.changed.wake()
}
