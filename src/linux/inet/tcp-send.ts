/** A connection's segments: what each says beside its bytes. Models net/ipv4/tcp_output.c tcp_transmit_skb, tcp_send_syn, tcp_send_ack. */
import { MILLISECOND } from "../../sim/simulation.ts"
import * as tcp from "../../wire/tcp.ts"
import { wheelDelay } from "../jiffies.ts"
import { tcpAdvertiseMss, tcpSendMss } from "./tcp-mss.ts"
import { type Segment, tcpTransmit } from "./tcp-output.ts"
import { seqDiff } from "./tcp-seq.ts"
import type { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"
import { tcpSelectWindow } from "./tcp-window.ts"

const { TcpFlag } = tcp
/** net.ipv4.tcp_invalid_ratelimit. */
const INVALID_RATELIMIT = 500 * MILLISECOND

export function tcpSendSyn(sock: TcpSock, flags: number): void {
  const active = flags === TcpFlag.SYN
  const segment = segmentOf(sock, flags, sock.iss)
  segment.window = sock.rcvWnd
  segment.mss = tcpAdvertiseMss(sock)
  if (sock.net.sysctl.tcpWindowScaling && (active || sock.rcvWscale > 0)) segment.wscale = sock.rcvWscale
  if (sock.sackOk) segment.sackPermitted = true
  // A SYN-ACK is sent before there is a socket: its IP ID is 0.
  if (!active) segment.ipId = undefined
  if (active) segment.ack = 0
  tcpTransmit(sock.net, segment, 0, undefined, sock.routeOrNone())
}

/** Now, or a little later together with something else. Models __tcp_ack_snd_check. */
export function tcpAckSndCheck(sock: TcpSock): void {
  const unacked = seqDiff(sock.rcvNxt, sock.rcvWup)
  const quick = sock.quickAcks > 0 && !sock.pingpong
  if (unacked > tcpSendMss(sock) || quick || sock.receiveQueue.hasEarly) tcpSendAck(sock)
  else if (!sock.delackTimer.armed) sock.delackTimer.arm(wheelDelay(sock.now, sock.ato))
}

export function tcpSendAck(sock: TcpSock): void {
  if (sock.state === TcpState.CLOSE || sock.state === TcpState.SYN_SENT) return
  if (sock.quickAcks > 0) sock.quickAcks--
  sendSegment(sock, TcpFlag.ACK, sock.sndNxt, 0, 0)
}

/** Answers what fits nowhere, twice a second at most: two ends that disagree would answer each other for ever. Models tcp_oow_rate_limited. */
export function tcpSendChallengeAck(sock: TcpSock): void {
  const now = sock.now
  if (now - sock.lastChallenge < INVALID_RATELIMIT) return
  sock.lastChallenge = now
  tcpSendAck(sock)
}

/** Models tcp_transmit_skb: `size` bytes that lie `offset` deep in the send buffer. */
export function sendSegment(sock: TcpSock, flags: number, seq: number, size: number, offset: number): void {
  const segment = segmentOf(sock, flags, seq)
  const way = sock.routeOrNone()
  if ((flags & TcpFlag.ACK) !== 0) {
    sock.ackPending = false
    sock.delackTimer.cancel()
  }
  const fill =
    size > 0 ? (bytes: Uint8Array, at: number): void => sock.sendBuffer.copy(offset, size, bytes, at) : undefined
  tcpTransmit(sock.net, segment, size, fill, way)
}

function segmentOf(sock: TcpSock, flags: number, seq: number): Segment {
  const acknowledges = (flags & TcpFlag.ACK) !== 0
  const sacks =
    sock.sackOk && (flags & TcpFlag.SYN) === 0 && (sock.receiveQueue.hasEarly || sock.duplicate !== undefined)
  return {
    source: sock.localAddress,
    destination: sock.remoteAddress,
    sourcePort: sock.localPort,
    destinationPort: sock.remotePort,
    seq,
    ack: acknowledges ? sock.rcvNxt : 0,
    flags,
    window: (flags & TcpFlag.SYN) !== 0 || flags === TcpFlag.RST ? 0 : tcpSelectWindow(sock),
    mss: undefined,
    wscale: undefined,
    sackPermitted: false,
    timestamp:
      sock.timestamps && flags !== TcpFlag.RST
        ? { value: sock.timestampNow(), echo: acknowledges ? sock.tsRecent : 0 }
        : undefined,
    sack: sacks ? sackBlocks(sock) : undefined,
    ipId: sock.ipId++ & 0xffff,
    hash: sock.txhash,
    mark: sock.mark,
  }
}

/** As many as fit beside a timestamp; what arrived twice comes first, once. */
function sackBlocks(sock: TcpSock): [number, number][] {
  const most = sock.timestamps ? 3 : 4
  const twice = sock.duplicate === undefined ? [] : [sock.duplicate]
  sock.duplicate = undefined
  return [...twice, ...sock.receiveQueue.sackBlocks(sock.newestEarly, most - twice.length)]
}
