/** Segments coming in: which are taken, and what state they lead to. Models net/ipv4/tcp_input.c tcp_rcv_state_process. */
import * as tcp from "../../wire/tcp.ts"
import type { Errno } from "../errno.ts"
import { tcpAck, tcpAckUpdateRtt, tcpAckUpdateWindow } from "./tcp-ack.ts"
import { tcpDataQueue, tcpDsackSet } from "./tcp-data.ts"
import { TIMESTAMP_OPTION, tcpAdvertiseMss } from "./tcp-mss.ts"
import { sendSegment, tcpAckSndCheck, tcpSendAck, tcpSendChallengeAck, tcpSendSyn } from "./tcp-send.ts"
import { seqAdd, seqGe, seqLe } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import { armSynTimer, TIME_WAIT } from "./tcp-timer.ts"
import { tcpInitBufferSpace, tcpReceiveWindow, tcpSelectInitialWindow } from "./tcp-window.ts"
import { tcpPushPendingFrames } from "./tcp-write.ts"

const { TcpFlag } = tcp

/** An incoming segment, read once. */
export interface TcpSegmentView {
  seq: number
  ack: number
  flags: number
  window: number
  options: tcp.TcpOptions
  payload: Uint8Array
}

/** Models tcp_rcv_state_process and tcp_rcv_established. */
export function tcpReceive(sock: TcpSock, segment: TcpSegmentView): void {
  if (sock.state === TcpState.SYN_SENT) receiveSynSent(sock, segment)
  else if (sock.state === TcpState.TIME_WAIT) receiveTimeWait(sock, segment)
  else if (acceptable(sock, segment)) receiveSynchronized(sock, segment)
}

/** Passive open: a SYN arrived at a listener. */
export function tcpConnRequest(sock: TcpSock, segment: TcpSegmentView): void {
  sock.state = TcpState.SYN_RECV
  takeSynOptions(sock, segment)
  sock.irs = segment.seq
  sock.rcvNxt = sock.rcvWup = seqAdd(segment.seq, 1)
  sock.sndWnd = segment.window
  tcpSelectInitialWindow(sock, tcpAdvertiseMss(sock) - (sock.timestamps ? TIMESTAMP_OPTION : 0))
  sock.sndNxt = seqAdd(sock.iss, 1)
  tcpSendSyn(sock, TcpFlag.SYN | TcpFlag.ACK)
  armSynTimer(sock)
}

function takeSynOptions(sock: TcpSock, segment: TcpSegmentView): void {
  const { options } = segment
  sock.peerMss = options.mss ?? 536
  sock.timestamps &&= options.timestamp !== undefined
  sock.tsRecent = options.timestamp?.value ?? 0
  sock.sackOk &&= options.sackPermitted === true
  if (options.wscale === undefined) sock.rcvWscale = 0
  else sock.sndWscale = Math.min(14, options.wscale)
}

function receiveSynSent(sock: TcpSock, segment: TcpSegmentView): void {
  const { flags } = segment
  const acksOurs = (flags & TcpFlag.ACK) !== 0 && segment.ack === sock.sndNxt
  if ((flags & TcpFlag.ACK) !== 0 && !acksOurs) {
    if ((flags & TcpFlag.RST) === 0) sendSegment(sock, TcpFlag.RST, segment.ack, 0, 0)
    return
  }
  if ((flags & TcpFlag.RST) !== 0) {
    if (acksOurs) tcpReset(sock, "ECONNREFUSED")
    return
  }
  if ((flags & TcpFlag.SYN) === 0) return
  takeSynOptions(sock, segment)
  sock.irs = segment.seq
  sock.rcvNxt = sock.rcvWup = seqAdd(segment.seq, 1)
  sock.sndWnd = segment.window
  sock.sndWl1 = segment.seq
  if (!acksOurs) {
    // Simultaneous open (RFC 9293 figure 7).
    sock.state = TcpState.SYN_RECV
    tcpSendSyn(sock, TcpFlag.SYN | TcpFlag.ACK)
    return
  }
  sock.sndUna = segment.ack
  sock.sndWl2 = segment.ack
  tcpAckUpdateRtt(sock, segment)
  sock.lastReceived = sock.now
  establish(sock)
  tcpSendAck(sock)
}

function establish(sock: TcpSock): void {
  sock.state = TcpState.ESTABLISHED
  tcpInitBufferSpace(sock)
  sock.retries = 0
  sock.rtoTimer.cancel()
  sock.onEstablished()
  sock.changed.wake()
}

function receiveTimeWait(sock: TcpSock, segment: TcpSegmentView): void {
  if ((segment.flags & TcpFlag.RST) !== 0) return
  if ((segment.flags & TcpFlag.FIN) !== 0 || segment.payload.length > 0) {
    sendSegment(sock, TcpFlag.ACK, sock.sndNxt, 0, 0)
    sock.lifeTimer.arm(TIME_WAIT)
  }
}

/** The sequence number lies in the window, the timestamp is not old (PAWS), and it is no reset or stray SYN (RFC 5961). */
function acceptable(sock: TcpSock, segment: TcpSegmentView): boolean {
  const { flags, seq, payload, options } = segment
  const end = seqAdd(
    seq,
    payload.length + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0) + ((flags & TcpFlag.SYN) !== 0 ? 1 : 0),
  )
  const old = sock.timestamps && options.timestamp !== undefined && ((options.timestamp.value - sock.tsRecent) | 0) < 0
  const inWindow = seqGe(end, sock.rcvWup) && seqLe(seq, seqAdd(sock.rcvNxt, tcpReceiveWindow(sock)))
  if ((old && (flags & TcpFlag.RST) === 0) || !inWindow) {
    if ((flags & TcpFlag.RST) === 0) {
      if (end !== seq && (flags & TcpFlag.SYN) === 0) {
        tcpDsackSet(sock, seq, end)
        tcpSendAck(sock)
      } else tcpSendChallengeAck(sock)
    }
    return false
  }
  if ((flags & TcpFlag.RST) !== 0) {
    if (seq === sock.rcvNxt) tcpReset(sock, sock.state === TcpState.CLOSE_WAIT ? "EPIPE" : "ECONNRESET")
    else tcpSendChallengeAck(sock)
    return false
  }
  if ((flags & TcpFlag.SYN) !== 0) {
    const again = sock.state === TcpState.SYN_RECV && seq === sock.irs
    // Both ends opened at once, and this one answers our SYN (RFC 9293 figure 7).
    if (again && (flags & TcpFlag.ACK) !== 0 && segment.ack === sock.sndNxt) return true
    // A repeated SYN of the handshake: our SYN-ACK was lost.
    if (again && (flags & TcpFlag.ACK) === 0) {
      tcpSendSyn(sock, TcpFlag.SYN | TcpFlag.ACK)
      // Asked again, it waits as long again (tcp_check_req).
      armSynTimer(sock)
    } else tcpSendChallengeAck(sock)
    return false
  }
  return (flags & TcpFlag.ACK) !== 0
}

function receiveSynchronized(sock: TcpSock, segment: TcpSegmentView): void {
  const { options, seq } = segment
  if (sock.timestamps && options.timestamp !== undefined && seqLe(seq, sock.rcvWup))
    sock.tsRecent = options.timestamp.value
  if (sock.state === TcpState.SYN_RECV) {
    if (segment.ack !== sock.sndNxt) {
      sendSegment(sock, TcpFlag.RST, segment.ack, 0, 0)
      return
    }
    sock.sndUna = segment.ack
    tcpAckUpdateRtt(sock, segment)
    sock.net.snmp.tcpPassiveOpens++
    sock.sndWl1 = seqAdd(seq, -1)
    tcpAckUpdateWindow(sock, segment)
    establish(sock)
  }
  tcpAck(sock, segment)
  if (sock.gone) return
  tcpDataQueue(sock, segment)
  if (sock.gone) return
  tcpPushPendingFrames(sock)
  if (sock.ackPending) tcpAckSndCheck(sock)
}

function tcpReset(sock: TcpSock, errno: Errno): void {
  if (sock.state === TcpState.SYN_SENT) sock.net.snmp.tcpAttemptFails++
  else sock.net.snmp.tcpEstabResets++
  sock.done(errno)
}
