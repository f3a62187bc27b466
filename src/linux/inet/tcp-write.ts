/** Sends what is queued as far as windows allow. Models net/ipv4/tcp_output.c tcp_write_xmit. */
import * as tcp from "../../wire/tcp.ts"
import { tcpCurrentMss } from "./tcp-mss.ts"
import { sendSegment } from "./tcp-send.ts"
import { seqAdd, seqDiff, seqGt, seqLe } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import { armWriteTimer, tcpRearmRto } from "./tcp-timer.ts"

const { TcpFlag } = tcp

/** Sends what windows allow, and sees to it that something asks when they do not. Models __tcp_push_pending_frames. */
export function tcpPushPendingFrames(sock: TcpSock): void {
  if (!tcpCanSend(sock)) return
  const mss = tcpCurrentMss(sock)
  const sent = sock.sndNxt
  for (;;) {
    const queued = sock.sendBuffer.size - seqDiff(sock.sndNxt, sock.sndUna) + (sock.finSeq === undefined ? 0 : 1)
    const flight = sock.inFlight
    const window = Math.min(sock.sndWnd, sock.congestion.window * mss) - flight
    const size = Math.min(queued, mss, window)
    if (queued <= 0) break
    if (size <= 0 || (size < queued && size < mss)) break
    if (size < mss && !sock.noDelay && !sock.finQueued && smallUnacknowledged(sock)) break
    const lastOne = size === queued
    const fin = lastOne && sock.finQueued
    sendData(sock, sock.sndNxt, size, (lastOne ? TcpFlag.PSH : 0) | (fin ? TcpFlag.FIN : 0))
  }
  sendFinIfDue(sock)
  if (sock.sndNxt !== sent && !sock.probeOut && sock.retries === 0) armWriteTimer(sock)
  // The peer's window holds back all of it: it is asked when nothing else would (tcp_check_probe_timer).
  if (sock.inFlight === 0 && sock.sendBuffer.size > 0 && !sock.rtoTimer.armed) tcpRearmRto(sock)
}

/** A small segment is on its way: the next one waits. Models tcp_minshall_check. */
function smallUnacknowledged(sock: TcpSock): boolean {
  return seqGt(sock.sndSmall, sock.sndUna) && seqLe(sock.sndSmall, sock.sndNxt)
}

export function tcpCanSend(sock: TcpSock): boolean {
  const { state } = sock
  return (
    state === TcpState.ESTABLISHED ||
    state === TcpState.CLOSE_WAIT ||
    state === TcpState.FIN_WAIT1 ||
    state === TcpState.LAST_ACK ||
    state === TcpState.CLOSING
  )
}

export function sendData(sock: TcpSock, seq: number, size: number, flags: number): void {
  const now = sock.now
  if (now - sock.lastReceived < sock.ato) sock.pingpong = true
  if ((flags & TcpFlag.FIN) !== 0) sock.finSeq = seqAdd(seq, size)
  sock.sndNxt = seqAdd(seq, size + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0))
  if (size < tcpCurrentMss(sock)) sock.sndSmall = seqAdd(seq, size)
  sendSegment(sock, TcpFlag.ACK | flags, seq, size, seqDiff(seq, sock.sndUna))
  if (!sock.rtoTimer.armed || seq === sock.sndUna) tcpRearmRto(sock)
}

function sendFinIfDue(sock: TcpSock): void {
  if (!sock.finQueued || sock.finSeq !== undefined || sock.inFlight < sock.sendBuffer.size) return
  sock.finSeq = sock.sndNxt
  sock.sndNxt = seqAdd(sock.sndNxt, 1)
  sendSegment(sock, TcpFlag.FIN | TcpFlag.ACK, sock.finSeq, 0, 0)
  tcpRearmRto(sock)
}
