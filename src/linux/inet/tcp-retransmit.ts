/** Sends again what was not acknowledged, and probes. Models net/ipv4/tcp_timer.c tcp_write_timer and tcp_output.c tcp_retransmit_skb. */
import * as tcp from "../../wire/tcp.ts"
import { tcpCurrentMss, tcpSendMss } from "./tcp-mss.ts"
import { sendSegment, tcpSendSyn } from "./tcp-send.ts"
import { seqAdd } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import { arm, armSynTimer, mayProbe } from "./tcp-timer.ts"
import { sendData } from "./tcp-write.ts"

const { TcpFlag } = tcp

/** Models tcp_write_timer_handler and tcp_retransmit_timer. */
export function tcpWriteTimer(sock: TcpSock): void {
  if (sock.state === TcpState.SYN_SENT || sock.state === TcpState.SYN_RECV) {
    retrySyn(sock)
    return
  }
  if (sock.inFlight === 0) {
    tcpSendProbe0(sock)
    return
  }
  if (mayProbe(sock)) {
    sock.probeOut = true
    if (!sendNewProbe(sock)) retransmitTail(sock)
    arm(sock, sock.rtoTimer, sock.rtt.rto)
    return
  }
  if (++sock.retries > sock.net.sysctl.tcpRetries2) {
    sock.done("ETIMEDOUT")
    return
  }
  sock.congestion.timeout(Math.ceil(sock.inFlight / tcpSendMss(sock)))
  sock.rehash()
  tcpRetransmit(sock)
  sock.rtt.backoff()
  arm(sock, sock.rtoTimer, sock.rtt.rto)
}

function retrySyn(sock: TcpSock): void {
  const { sysctl } = sock.net
  const active = sock.state === TcpState.SYN_SENT
  if (
    sock.retries >= (active ? sysctl.tcpSynRetries + Math.max(0, sysctl.tcpSynLinearTimeouts) : sysctl.tcpSynackRetries)
  ) {
    sock.net.snmp.tcpAttemptFails++
    sock.done("ETIMEDOUT")
    return
  }
  sock.retries++
  sock.net.snmp.tcpRetransSegs++
  sock.rehash()
  tcpSendSyn(sock, active ? TcpFlag.SYN : TcpFlag.SYN | TcpFlag.ACK)
  armSynTimer(sock)
}

/** Sends again what is oldest. Models tcp_retransmit_skb. */
export function tcpRetransmit(sock: TcpSock): void {
  sock.net.snmp.tcpRetransSegs++
  const unsentFin = sock.finSeq !== undefined ? 1 : 0
  const outstanding = sock.inFlight - unsentFin
  const size = Math.min(tcpCurrentMss(sock), outstanding)
  if (size > 0) {
    const fin = unsentFin === 1 && size === outstanding && sock.finSeq === seqAdd(sock.sndUna, size)
    const last = size === outstanding
    sendSegment(sock, TcpFlag.ACK | (last ? TcpFlag.PSH : 0) | (fin ? TcpFlag.FIN : 0), sock.sndUna, size, 0)
  } else if (unsentFin === 1) sendSegment(sock, TcpFlag.FIN | TcpFlag.ACK, sock.sndUna, 0, 0)
}

/** The best probe is something new, if there is any and the peer has room. Models tcp_send_loss_probe. */
function sendNewProbe(sock: TcpSock): boolean {
  const fresh = sock.sendBuffer.size - sock.inFlight
  const size = Math.min(fresh, tcpCurrentMss(sock))
  if (sock.finSeq !== undefined || size <= 0 || sock.inFlight + size > sock.sndWnd) return false
  const fin = size === fresh && sock.finQueued
  sendData(sock, sock.sndNxt, size, (size === fresh ? TcpFlag.PSH : 0) | (fin ? TcpFlag.FIN : 0))
  return true
}

/** The last segment of the flight once more, so that its acknowledgement shows what is missing. */
function retransmitTail(sock: TcpSock): void {
  const fin = sock.finSeq !== undefined ? 1 : 0
  const bytes = sock.inFlight - fin
  const size = Math.min(tcpCurrentMss(sock), bytes)
  sock.net.snmp.tcpRetransSegs++
  if (size <= 0) sendSegment(sock, TcpFlag.FIN | TcpFlag.ACK, sock.sndUna, 0, 0)
  else
    sendSegment(
      sock,
      TcpFlag.ACK | TcpFlag.PSH | (fin === 1 ? TcpFlag.FIN : 0),
      seqAdd(sock.sndUna, bytes - size),
      size,
      bytes - size,
    )
}

/** The peer's window is closed: asks whether it still is (RFC 9293 section 3.8.6.1). */
function tcpSendProbe0(sock: TcpSock): void {
  if (sock.sendBuffer.size === 0) return
  if (sock.sndWnd > 0) {
    // A crack is open: as much as goes through (tcp_write_wakeup).
    const size = Math.min(sock.sendBuffer.size, tcpCurrentMss(sock), sock.sndWnd)
    sendData(sock, sock.sndNxt, size, TcpFlag.PSH)
    return
  }
  if (++sock.retries > sock.net.sysctl.tcpRetries2) {
    sock.done("ETIMEDOUT")
    return
  }
  sendSegment(sock, TcpFlag.ACK, seqAdd(sock.sndUna, -1), 0, 0)
  sock.rtt.backoff()
  arm(sock, sock.rtoTimer, sock.rtt.rto)
}
