/** Acknowledgements coming in. Models net/ipv4/tcp_input.c tcp_ack. */
import { MICROSECOND, MILLISECOND, SECOND } from "../../sim/simulation.ts"
import * as tcp from "../../wire/tcp.ts"
import { neighConfirm } from "../neigh/nud.ts"
import type { TcpSegmentView } from "./tcp-input.ts"
import { tcpSendMss } from "./tcp-mss.ts"
import { tcpRetransmit } from "./tcp-retransmit.ts"
import { tcpSendChallengeAck } from "./tcp-send.ts"
import { seqDiff, seqGt, seqLe, seqLt } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import { tcpRearmRto, tcpTimeWait } from "./tcp-timer.ts"
import { tcpPushPendingFrames } from "./tcp-write.ts"

const { TcpFlag } = tcp

/** Models tcp_ack. */
export function tcpAck(sock: TcpSock, segment: TcpSegmentView): void {
  const { ack } = segment
  if (seqGt(ack, sock.sndNxt)) {
    tcpSendChallengeAck(sock)
    return
  }
  const windowBefore = sock.sndWnd
  tcpAckUpdateWindow(sock, segment)
  if (seqLe(ack, sock.sndUna)) {
    const duplicate =
      ack === sock.sndUna &&
      segment.payload.length === 0 &&
      sock.inFlight > 0 &&
      windowBefore === sock.sndWnd &&
      (segment.flags & TcpFlag.FIN) === 0
    if (duplicate) duplicateAck(sock)
    return
  }
  acknowledge(sock, ack, segment)
}

function acknowledge(sock: TcpSock, ack: number, segment: TcpSegmentView): void {
  const mss = tcpSendMss(sock)
  const bytes = seqDiff(ack, sock.sndUna)
  const finAcked = sock.finSeq !== undefined && seqGt(ack, sock.finSeq)
  sock.sendBuffer.drop(Math.min(sock.sendBuffer.size, bytes - (finAcked ? 1 : 0)))
  sock.sndUna = ack
  sock.retries = 0
  sock.probeOut = false
  tcpAckUpdateRtt(sock, segment)
  const { recover } = sock.congestion
  if (recover !== undefined && seqLt(ack, recover)) {
    // A partial acknowledgement: the next hole (RFC 6582 section 3.2 step 3).
    tcpRetransmit(sock)
  } else {
    if (recover !== undefined) sock.congestion.leaveRecovery()
    sock.congestion.acked(Math.max(1, Math.round(bytes / mss)))
  }
  confirmNeighbour(sock)
  if (sock.inFlight > 0) tcpRearmRto(sock)
  else sock.rtoTimer.cancel()
  if (finAcked) ownFinAcknowledged(sock)
  sock.changed.wake()
}

function duplicateAck(sock: TcpSock): void {
  const congestion = sock.congestion
  congestion.duplicates++
  if (congestion.recover !== undefined) congestion.window++
  else if (congestion.duplicates === 3) {
    congestion.enterRecovery(Math.ceil(sock.inFlight / tcpSendMss(sock)), sock.sndNxt)
    tcpRetransmit(sock)
  }
  tcpPushPendingFrames(sock)
}

export function tcpAckUpdateWindow(sock: TcpSock, segment: TcpSegmentView): void {
  const newer = seqLt(sock.sndWl1, segment.seq) || (sock.sndWl1 === segment.seq && seqLe(sock.sndWl2, segment.ack))
  if (!newer) return
  const wasClosed = sock.sndWnd === 0
  sock.sndWnd = segment.window * 2 ** sock.sndWscale
  sock.sndWl1 = segment.seq
  sock.sndWl2 = segment.ack
  if (wasClosed && sock.sndWnd > 0) sock.retries = 0
}

function ownFinAcknowledged(sock: TcpSock): void {
  if (sock.state === TcpState.FIN_WAIT1) {
    sock.state = TcpState.FIN_WAIT2
    if (sock.orphan) sock.lifeTimer.arm(sock.net.sysctl.tcpFinTimeout * SECOND)
  } else if (sock.state === TcpState.CLOSING) tcpTimeWait(sock)
  else if (sock.state === TcpState.LAST_ACK) sock.done(undefined)
}

export function tcpAckUpdateRtt(sock: TcpSock, segment: TcpSegmentView): void {
  const echo = segment.options.timestamp?.echo
  if (echo === undefined || echo === 0 || sock.retries > 0) return
  const rtt = ((sock.timestampNow() - echo) >>> 0) * MILLISECOND
  sock.rtt.sample(Math.max(rtt, 100 * MICROSECOND))
}

function confirmNeighbour(sock: TcpSock): void {
  const way = sock.routeOrNone()
  if (way !== undefined && way.dev !== sock.net.loopback) neighConfirm(sock.net, way.dev, way.nexthop)
}
