/** One TCP connection (RFC 9293): its state, and the program's side. Models struct tcp_sock and net/ipv4/tcp.c. */

import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
import { WaitQueue } from "../../sim/task.ts"
import { Timer } from "../../sim/timer.ts"
import * as tcp from "../../wire/tcp.ts"
import type { Errno } from "../errno.ts"
import { ipRouteOutput, type OutputRoute, routeMtu } from "../ip/route-output.ts"
import type { NetNamespace } from "../netns.ts"
import { ReceiveQueue } from "./receive-queue.ts"
import { SendBuffer } from "./send-buffer.ts"
import { Reno } from "./tcp-congestion.ts"
import { QUICK_ACKS } from "./tcp-data.ts"
import { type TcpSegmentView, tcpConnRequest, tcpReceive } from "./tcp-input.ts"
import { tcpAdvertiseMss } from "./tcp-mss.ts"
import { tcpRetransmit, tcpWriteTimer } from "./tcp-retransmit.ts"
import { RttEstimator } from "./tcp-rtt.ts"
import { sendSegment, tcpSendAck, tcpSendSyn } from "./tcp-send.ts"
import { seqAdd, seqDiff } from "./tcp-seq.ts"
import { TcpState } from "./tcp-state.ts"
import { armSynTimer } from "./tcp-timer.ts"
import { tcpReceiveWindow, tcpSelectInitialWindow, tcpSpace, windowScale } from "./tcp-window.ts"
import { tcpCanSend, tcpPushPendingFrames } from "./tcp-write.ts"

const { TcpFlag } = tcp
const SEND_BUFFER = 256 * 1024

export interface TcpAddresses {
  localAddress: number
  localPort: number
  remoteAddress: number
  remotePort: number
  /** SO_MARK (0). */
  mark?: number
  /** IP_TRANSPARENT (false). */
  transparent?: boolean
}

export class TcpSock {
  readonly net: NetNamespace
  readonly localAddress: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
  /** SO_MARK: what every packet of the socket carries in skb.mark. */
  readonly mark: number
  /** IP_TRANSPARENT: its own address need not be one of the machine's. */
  readonly transparent: boolean
  /** The next one of the same hash bucket. */
  chained: TcpSock | undefined = undefined
  state: TcpState = TcpState.CLOSE
  /** TCP_NODELAY. */
  noDelay = false
  /** What ended the connection, when something did. */
  error: Errno | undefined = undefined
  /** The peer will send no more. */
  peerClosed = false
  readonly receiveQueue: ReceiveQueue = new ReceiveQueue()
  readonly sendBuffer: SendBuffer = new SendBuffer(SEND_BUFFER)
  /** Woken at every change a program may wait for. */
  readonly changed: WaitQueue = new WaitQueue()
  /** Called when the connection is gone for good. */
  onDestroy: () => void = () => {}
  /** Called when the handshake of a passive connection is complete. */
  onEstablished: () => void = () => {}

  // Internal from here on: what the tcp-*.ts files beside this one share, and nobody else touches.
  // Sending (RFC 9293 section 3.3.1 names).
  readonly iss: number
  sndUna: number
  sndNxt: number
  sndWnd = 0
  sndWl1 = 0
  sndWl2 = 0
  /** The end of the last segment that was smaller than it could be. */
  sndSmall: number
  /** The smallest path MTU that was acted upon (icsk_pmtu_cookie). */
  pathMtu = 0xffff
  /** When the oldest segment on its way is given up, in virtual ns. */
  rtoAt = 0
  peerMss = 536
  sndWscale = 0
  finQueued = false
  /** The sequence number of our FIN, once sent. */
  finSeq: number | undefined
  readonly congestion: Reno = new Reno()
  readonly rtt: RttEstimator = new RttEstimator()
  retries = 0
  probeOut = false
  // Receiving.
  irs = 0
  rcvNxt = 0
  rcvWup = 0
  rcvWnd = 0
  rcvSsthresh = 0
  /** The most that is ever announced. */
  windowClamp = 0
  rcvWscale: number
  quickAcks: number = QUICK_ACKS
  ato = 0
  lastReceived: number = Number.NEGATIVE_INFINITY
  pingpong = false
  ackPending = false
  newestEarly = 0
  /** What arrived twice, until it is told of. */
  duplicate: [number, number] | undefined
  lastChallenge: number = Number.NEGATIVE_INFINITY
  // Options.
  readonly timestampOffset: number
  timestamps: boolean
  tsRecent = 0
  sackOk: boolean
  ipId: number
  txhash: number
  orphan = false
  way: OutputRoute | undefined
  wayGeneration = -1
  readonly rtoTimer: Timer
  readonly delackTimer: Timer
  readonly lifeTimer: Timer

  constructor(net: NetNamespace, addresses: TcpAddresses) {
    this.net = net
    this.localAddress = addresses.localAddress
    this.localPort = addresses.localPort
    this.remoteAddress = addresses.remoteAddress
    this.remotePort = addresses.remotePort
    this.mark = addresses.mark ?? 0
    this.transparent = addresses.transparent ?? false
    const { sysctl, prng } = net
    this.iss = prng.uint32()
    this.sndUna = this.sndNxt = this.sndSmall = this.iss
    this.timestampOffset = prng.uint32()
    this.ipId = prng.uint32() & 0xffff
    this.txhash = prng.uint32() || 1
    this.timestamps = sysctl.tcpTimestamps
    this.sackOk = sysctl.tcpSack
    this.rcvWscale = sysctl.tcpWindowScaling ? windowScale(sysctl.tcpRmem[2]) : 0
    this.rtoTimer = new Timer(net.kernel.sim, () => tcpWriteTimer(this))
    this.delackTimer = new Timer(net.kernel.sim, () => tcpSendAck(this))
    this.lifeTimer = new Timer(net.kernel.sim, () => this.done(undefined))
  }

  // ── what ss shows ────────────────────────────────────────────────────────────────────────────

  get receiveQueueSize(): number {
    return this.receiveQueue.size
  }

  get sendQueueSize(): number {
    return this.sendBuffer.size
  }

  // ── opening ──────────────────────────────────────────────────────────────────────────────────

  /** Active open. Models tcp_v4_connect. */
  connect(): Errno | undefined {
    const way = this.route()
    if (typeof way === "string") return way
    this.state = TcpState.SYN_SENT
    this.net.snmp.tcpActiveOpens++
    tcpSelectInitialWindow(this, tcpAdvertiseMss(this))
    this.sndNxt = seqAdd(this.iss, 1)
    tcpSendSyn(this, TcpFlag.SYN)
    armSynTimer(this)
    return undefined
  }

  /** Passive open: a SYN arrived at a listener. */
  acceptSyn(segment: TcpSegmentView): void {
    tcpConnRequest(this, segment)
  }

  // ── the program's side ───────────────────────────────────────────────────────────────────────

  /** Queues bytes and sends what may go; returns how many were taken. */
  write(data: Uint8Array): number {
    const taken = this.sendBuffer.append(data)
    tcpPushPendingFrames(this)
    return taken
  }

  /** Takes received bytes, and reopens the window when that matters. */
  read(max: number): Uint8Array {
    const chunk = this.receiveQueue.take(max)
    if (chunk.length > 0) this.#cleanupReceiveBuffer()
    return chunk
  }

  /** The reader made room: says so when the window can at least double. Models tcp_cleanup_rbuf. */
  #cleanupReceiveBuffer(): void {
    if (this.state === TcpState.CLOSE || this.state === TcpState.TIME_WAIT) return
    const offered = tcpReceiveWindow(this)
    if (2 * offered <= this.rcvSsthresh && Math.min(tcpSpace(this), this.rcvSsthresh) >= 2 * offered) tcpSendAck(this)
  }

  /** Sends FIN after what is queued. */
  shutdownWrite(): void {
    if (this.finQueued) return
    if (this.state === TcpState.SYN_SENT || this.state === TcpState.CLOSE) {
      this.done(undefined)
      return
    }
    this.finQueued = true
    if (this.state === TcpState.ESTABLISHED || this.state === TcpState.SYN_RECV) this.state = TcpState.FIN_WAIT1
    else if (this.state === TcpState.CLOSE_WAIT) this.state = TcpState.LAST_ACK
    tcpPushPendingFrames(this)
  }

  /** The program lets go. Unread data makes it a reset (RFC 2525 section 2.17). Models __tcp_close. */
  close(): void {
    if (this.orphan) return
    this.orphan = true
    if (this.receiveQueue.size > 0 && this.state !== TcpState.CLOSE) {
      this.abort()
      return
    }
    this.shutdownWrite()
    if (this.state === TcpState.FIN_WAIT2) this.lifeTimer.arm(this.net.sysctl.tcpFinTimeout * SECOND)
  }

  /** Resets the connection. */
  abort(): void {
    if (this.state !== TcpState.CLOSE && this.state !== TcpState.SYN_SENT && this.state !== TcpState.TIME_WAIT) {
      this.net.snmp.tcpOutRsts++
      sendSegment(this, TcpFlag.RST | TcpFlag.ACK, this.sndNxt, 0, 0)
    }
    this.done(undefined)
  }

  // ── segments and errors coming in ────────────────────────────────────────────────────────────

  receive(segment: TcpSegmentView): void {
    tcpReceive(this, segment)
  }

  /** An ICMP error about this connection. Models tcp_v4_err. */
  icmpError(errno: Errno, fatal: boolean): void {
    if (this.state === TcpState.SYN_SENT || this.state === TcpState.SYN_RECV) {
      // During the handshake soft errors end it too once the address is known not to answer.
      this.net.snmp.tcpAttemptFails++
      this.done(errno)
    } else if (fatal) this.error = errno
  }

  /** The path takes less than was sent: sends again in smaller pieces. Models tcp_v4_mtu_reduced. */
  mtuReduced(): void {
    const way = this.routeOrNone()
    const mtu = way === undefined ? this.pathMtu : routeMtu(this.net, way.dev, this.remoteAddress, way.route)
    // What is no news changes nothing: else a segment that is too long would be answered by another.
    if (mtu >= this.pathMtu) return
    this.pathMtu = mtu
    if (this.inFlight > 0 && tcpCanSend(this)) tcpRetransmit(this)
  }

  // ── internal: what the other tcp-*.ts files ask ──────────────────────────────────────────────

  get now(): number {
    return this.net.kernel.sim.now
  }

  get inFlight(): number {
    return seqDiff(this.sndNxt, this.sndUna)
  }

  get gone(): boolean {
    return this.state === TcpState.CLOSE
  }

  /** Milliseconds with a random start a connection (RFC 7323 section 5.4). */
  timestampNow(): number {
    return (Math.floor(this.now / MILLISECOND) + this.timestampOffset) >>> 0
  }

  /** A new flow hash after a timeout: perhaps another path works. Models sk_rethink_txhash. */
  rehash(): void {
    if (this.net.sysctl.txrehash) this.txhash = this.net.prng.uint32() || 1
  }

  route(): OutputRoute | Errno {
    if (this.way === undefined || this.wayGeneration !== this.net.fib.generation) {
      const way = ipRouteOutput(this.net, this.remoteAddress, this.localAddress, undefined, this.mark)
      if (typeof way === "string") return way
      this.way = way
      this.wayGeneration = this.net.fib.generation
    }
    return this.way
  }

  routeOrNone(): OutputRoute | undefined {
    const way = this.route()
    return typeof way === "string" ? undefined : way
  }

  /** The end, for good. Models tcp_done. */
  done(errno: Errno | undefined): void {
    if (errno !== undefined) this.error = errno
    this.state = TcpState.CLOSE
    this.peerClosed = true
    this.rtoTimer.cancel()
    this.delackTimer.cancel()
    this.lifeTimer.cancel()
    this.onDestroy()
    this.changed.wake()
  }
}
