/** When a connection's timers are set; what they do is in tcp-retransmit.ts. Models net/ipv4/tcp_timer.c. */
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
import type { Timer } from "../../sim/timer.ts"
import { wheelDelay } from "../jiffies.ts"
import { tcpSendMss } from "./tcp-mss.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"

export const TIME_WAIT: number = 60 * SECOND

/** Models tcp_syn_retries with tcp_syn_linear_timeouts. */
export function armSynTimer(sock: TcpSock): void {
  const linear = sock.state === TcpState.SYN_SENT ? sock.net.sysctl.tcpSynLinearTimeouts : 0
  const exponent = Math.max(0, sock.retries - linear)
  arm(sock, sock.rtoTimer, Math.min(SECOND * 2 ** exponent, 120 * SECOND))
}

/** No loss is suspected, and no probe was sent since something was acknowledged. */
export function mayProbe(sock: TcpSock): boolean {
  const { recover, duplicates } = sock.congestion
  return (
    sock.sackOk &&
    !sock.probeOut &&
    sock.retries === 0 &&
    recover === undefined &&
    duplicates === 0 &&
    sock.rtt.srtt > 0
  )
}

/** The oldest segment on its way has a whole timeout again. */
export function tcpRearmRto(sock: TcpSock): void {
  sock.rtoAt = sock.now + sock.rtt.rto
  armWriteTimer(sock)
}

/** Sets the timer by what is on its way. Models tcp_rearm_rto and tcp_schedule_loss_probe. */
export function armWriteTimer(sock: TcpSock): void {
  const rto = Math.max(0, sock.rtoAt - sock.now)
  // A tail-loss probe comes before the first timeout of a flight (RFC 8985 section 7.2).
  if (mayProbe(sock)) {
    const single = sock.inFlight <= tcpSendMss(sock)
    const probe = 2 * sock.rtt.srtt + (single ? 200 * MILLISECOND : 2 * 4 * MILLISECOND)
    arm(sock, sock.rtoTimer, Math.min(probe, rto))
  } else arm(sock, sock.rtoTimer, rto)
}

/** Models tcp_time_wait. */
export function tcpTimeWait(sock: TcpSock): void {
  sock.state = TcpState.TIME_WAIT
  sock.rtoTimer.cancel()
  sock.delackTimer.cancel()
  sock.lifeTimer.arm(TIME_WAIT)
  sock.changed.wake()
}

/** As late as the timer wheel fires. */
export function arm(sock: TcpSock, timer: Timer, delay: number): void {
  timer.arm(wheelDelay(sock.now, delay))
}
