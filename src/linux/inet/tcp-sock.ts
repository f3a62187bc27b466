/** One TCP connection (RFC 9293). Models struct tcp_sock with net/ipv4/tcp_input.c, tcp_output.c and tcp_timer.c. */

import { MICROSECOND, MILLISECOND, SECOND } from "../../sim/simulation.ts"
import { WaitQueue } from "../../sim/task.ts"
import { Timer } from "../../sim/timer.ts"
import * as tcp from "../../wire/tcp.ts"
import type { Errno } from "../errno.ts"
import { ipRouteOutput, type OutputRoute, routeMtu } from "../ip/route-output.ts"
import { wheelDelay } from "../jiffies.ts"
import { neighConfirm } from "../neigh/nud.ts"
import type { NetNamespace } from "../netns.ts"
import { ReceiveQueue } from "./receive-queue.ts"
import { SendBuffer } from "./send-buffer.ts"
import { Reno } from "./tcp-congestion.ts"
import { type Segment, tcpTransmit } from "./tcp-output.ts"
import { RttEstimator } from "./tcp-rtt.ts"
import { seqAdd, seqDiff, seqGe, seqGt, seqLe, seqLt } from "./tcp-seq.ts"
import { TcpState } from "./tcp-state.ts"

const { TcpFlag } = tcp
const HEADERS = 40
/** Options of every segment once timestamps are agreed. */
const TIMESTAMP_OPTION = 12
const ATO_MIN = 40 * MILLISECOND
const QUICK_ACKS = 16
/** net.ipv4.tcp_invalid_ratelimit. */
const INVALID_RATELIMIT = 500 * MILLISECOND
const TIME_WAIT = 60 * SECOND
const SEND_BUFFER = 256 * 1024

/** An incoming segment, read once. */
export interface TcpSegmentView {
  seq: number
  ack: number
  flags: number
  window: number
  options: tcp.TcpOptions
  payload: Uint8Array
}

export interface TcpAddresses {
  localAddress: number
  localPort: number
  remoteAddress: number
  remotePort: number
}

export class TcpSock {
  readonly net: NetNamespace
  readonly localAddress: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
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

  // Sending (RFC 9293 section 3.3.1 names).
  readonly #iss: number
  #sndUna: number
  #sndNxt: number
  #sndWnd = 0
  #sndWl1 = 0
  #sndWl2 = 0
  /** The end of the last segment that was smaller than it could be. */
  #sndSmall: number
  /** The smallest path MTU that was acted upon (icsk_pmtu_cookie). */
  #pathMtu = 0xffff
  /** When the oldest segment on its way is given up, in virtual ns. */
  #rtoAt = 0
  #peerMss = 536
  #sndWscale = 0
  #finQueued = false
  /** The sequence number of our FIN, once sent. */
  #finSeq: number | undefined
  readonly #congestion = new Reno()
  readonly #rtt = new RttEstimator()
  #retries = 0
  #probeOut = false
  // Receiving.
  #irs = 0
  #rcvNxt = 0
  #rcvWup = 0
  #rcvWnd = 0
  #rcvSsthresh = 0
  /** The most that is ever announced. */
  #windowClamp = 0
  #rcvWscale: number
  #quickAcks = QUICK_ACKS
  #ato = 0
  #lastReceived = Number.NEGATIVE_INFINITY
  #pingpong = false
  #ackPending = false
  #newestEarly = 0
  /** What arrived twice, until it is told of. */
  #duplicate: [number, number] | undefined
  #lastChallenge = Number.NEGATIVE_INFINITY
  // Options.
  readonly #timestampOffset: number
  #timestamps: boolean
  #tsRecent = 0
  #sackOk: boolean
  #ipId: number
  #txhash: number
  #orphan = false
  #way: OutputRoute | undefined
  #wayGeneration = -1
  readonly #rtoTimer: Timer
  readonly #delackTimer: Timer
  readonly #lifeTimer: Timer

  constructor(net: NetNamespace, addresses: TcpAddresses) {
    this.net = net
    this.localAddress = addresses.localAddress
    this.localPort = addresses.localPort
    this.remoteAddress = addresses.remoteAddress
    this.remotePort = addresses.remotePort
    const { sysctl, prng } = net
    this.#iss = prng.uint32()
    this.#sndUna = this.#sndNxt = this.#sndSmall = this.#iss
    this.#timestampOffset = prng.uint32()
    this.#ipId = prng.uint32() & 0xffff
    this.#txhash = prng.uint32() || 1
    this.#timestamps = sysctl.tcpTimestamps
    this.#sackOk = sysctl.tcpSack
    this.#rcvWscale = sysctl.tcpWindowScaling ? windowScale(sysctl.tcpRmem[2]) : 0
    this.#rtoTimer = new Timer(net.kernel.sim, () => this.#onRetransmitTimer())
    this.#delackTimer = new Timer(net.kernel.sim, () => this.#sendAck())
    this.#lifeTimer = new Timer(net.kernel.sim, () => this.#destroy(undefined))
  }

  // ── what ss shows ───────────────────────────────────────────────────────────────────────────

  get receiveQueueSize(): number {
    return this.receiveQueue.size
  }

  get sendQueueSize(): number {
    return this.sendBuffer.size
  }

  // ── opening ─────────────────────────────────────────────────────────────────────────────────

  /** Active open. Models tcp_v4_connect. */
  connect(): Errno | undefined {
    const way = this.#route()
    if (typeof way === "string") return way
    this.state = TcpState.SYN_SENT
    this.net.snmp.tcpActiveOpens++
    this.#selectInitialWindow(this.#advertisedMss())
    this.#sndNxt = seqAdd(this.#iss, 1)
    this.#sendSyn(TcpFlag.SYN)
    this.#armSynTimer()
    return undefined
  }

  /** Passive open: a SYN arrived at a listener. */
  acceptSyn(segment: TcpSegmentView): void {
    this.state = TcpState.SYN_RECV
    this.#takeSynOptions(segment)
    this.#irs = segment.seq
    this.#rcvNxt = this.#rcvWup = seqAdd(segment.seq, 1)
    this.#sndWnd = segment.window
    this.#selectInitialWindow(this.#advertisedMss() - (this.#timestamps ? TIMESTAMP_OPTION : 0))
    this.#sndNxt = seqAdd(this.#iss, 1)
    this.#sendSyn(TcpFlag.SYN | TcpFlag.ACK)
    this.#armSynTimer()
  }

  #takeSynOptions(segment: TcpSegmentView): void {
    const { options } = segment
    this.#peerMss = options.mss ?? 536
    this.#timestamps &&= options.timestamp !== undefined
    this.#tsRecent = options.timestamp?.value ?? 0
    this.#sackOk &&= options.sackPermitted === true
    if (options.wscale === undefined) this.#rcvWscale = 0
    else this.#sndWscale = Math.min(14, options.wscale)
  }

  /** Models tcp_select_initial_window: whole segments of half the buffer, as much as an unscaled SYN can say. */
  #selectInitialWindow(mss: number): void {
    const space = this.net.sysctl.tcpRmem[1] / 2
    this.#rcvWnd = Math.min(space > mss ? Math.floor(space / mss) * mss : space, 0xffff)
    this.#rcvSsthresh = this.#rcvWnd
  }

  /** A segment's room is kept free once the connection stands. Models tcp_init_buffer_space. */
  #initBufferSpace(): void {
    const space = this.net.sysctl.tcpRmem[1] / 2
    const mss = this.#advertisedMss() - (this.#timestamps ? TIMESTAMP_OPTION : 0)
    this.#windowClamp = space > 2 * mss ? Math.max(2 * mss, space - mss) : space
    this.#rcvSsthresh = Math.min(this.#rcvSsthresh, this.#windowClamp)
  }

  #advertisedMss(): number {
    const way = this.#route()
    // A packet is never longer than its length field says, on the loopback neither.
    return typeof way === "string" ? 1460 : Math.min(way.dev.mtu, 0xffff) - HEADERS
  }

  #sendSyn(flags: number): void {
    const active = flags === TcpFlag.SYN
    const segment = this.#segment(flags, this.#iss)
    segment.window = this.#rcvWnd
    segment.mss = this.#advertisedMss()
    if (this.net.sysctl.tcpWindowScaling && (active || this.#rcvWscale > 0)) segment.wscale = this.#rcvWscale
    if (this.#sackOk) segment.sackPermitted = true
    // A SYN-ACK is sent before there is a socket: its IP ID is 0.
    if (!active) segment.ipId = undefined
    if (active) segment.ack = 0
    tcpTransmit(this.net, segment, 0, undefined, this.#routeOrNone())
  }

  /** Models tcp_syn_retries with tcp_syn_linear_timeouts. */
  #armSynTimer(): void {
    const linear = this.state === TcpState.SYN_SENT ? this.net.sysctl.tcpSynLinearTimeouts : 0
    const exponent = Math.max(0, this.#retries - linear)
    this.#arm(this.#rtoTimer, Math.min(SECOND * 2 ** exponent, 120 * SECOND))
  }

  #retrySyn(): void {
    const { sysctl } = this.net
    const active = this.state === TcpState.SYN_SENT
    if (
      this.#retries >=
      (active ? sysctl.tcpSynRetries + Math.max(0, sysctl.tcpSynLinearTimeouts) : sysctl.tcpSynackRetries)
    ) {
      this.net.snmp.tcpAttemptFails++
      this.#destroy("ETIMEDOUT")
      return
    }
    this.#retries++
    this.net.snmp.tcpRetransSegs++
    this.#rehash()
    this.#sendSyn(active ? TcpFlag.SYN : TcpFlag.SYN | TcpFlag.ACK)
    this.#armSynTimer()
  }

  // ── the program's side ──────────────────────────────────────────────────────────────────────

  /** Queues bytes and sends what may go; returns how many were taken. */
  write(data: Uint8Array): number {
    const taken = this.sendBuffer.append(data)
    this.#pushPending()
    return taken
  }

  /** Takes received bytes, and reopens the window when that matters. */
  read(max: number): Uint8Array {
    const chunk = this.receiveQueue.take(max)
    if (chunk.length > 0) this.#cleanupReceiveBuffer()
    return chunk
  }

  /** Sends FIN after what is queued. */
  shutdownWrite(): void {
    if (this.#finQueued) return
    if (this.state === TcpState.SYN_SENT || this.state === TcpState.CLOSE) {
      this.#destroy(undefined)
      return
    }
    this.#finQueued = true
    if (this.state === TcpState.ESTABLISHED || this.state === TcpState.SYN_RECV) this.state = TcpState.FIN_WAIT1
    else if (this.state === TcpState.CLOSE_WAIT) this.state = TcpState.LAST_ACK
    this.#pushPending()
  }

  /** The program lets go. Unread data makes it a reset (RFC 2525 section 2.17). Models __tcp_close. */
  close(): void {
    if (this.#orphan) return
    this.#orphan = true
    if (this.receiveQueue.size > 0 && this.state !== TcpState.CLOSE) {
      this.abort()
      return
    }
    this.shutdownWrite()
    if (this.state === TcpState.FIN_WAIT2) this.#lifeTimer.arm(this.net.sysctl.tcpFinTimeout * SECOND)
  }

  /** Resets the connection. */
  abort(): void {
    if (this.state !== TcpState.CLOSE && this.state !== TcpState.SYN_SENT && this.state !== TcpState.TIME_WAIT) {
      this.net.snmp.tcpOutRsts++
      this.#transmit(TcpFlag.RST | TcpFlag.ACK, this.#sndNxt, 0, 0)
    }
    this.#destroy(undefined)
  }

  // ── segments coming in ──────────────────────────────────────────────────────────────────────

  /** Models tcp_rcv_state_process and tcp_rcv_established. */
  receive(segment: TcpSegmentView): void {
    if (this.state === TcpState.SYN_SENT) this.#receiveSynSent(segment)
    else if (this.state === TcpState.TIME_WAIT) this.#receiveTimeWait(segment)
    else if (this.#acceptable(segment)) this.#receiveSynchronized(segment)
  }

  #receiveSynSent(segment: TcpSegmentView): void {
    const { flags } = segment
    const acksOurs = (flags & TcpFlag.ACK) !== 0 && segment.ack === this.#sndNxt
    if ((flags & TcpFlag.ACK) !== 0 && !acksOurs) {
      if ((flags & TcpFlag.RST) === 0) this.#transmit(TcpFlag.RST, segment.ack, 0, 0)
      return
    }
    if ((flags & TcpFlag.RST) !== 0) {
      if (acksOurs) this.#reset("ECONNREFUSED")
      return
    }
    if ((flags & TcpFlag.SYN) === 0) return
    this.#takeSynOptions(segment)
    this.#irs = segment.seq
    this.#rcvNxt = this.#rcvWup = seqAdd(segment.seq, 1)
    this.#sndWnd = segment.window
    this.#sndWl1 = segment.seq
    if (!acksOurs) {
      // Simultaneous open (RFC 9293 figure 7).
      this.state = TcpState.SYN_RECV
      this.#sendSyn(TcpFlag.SYN | TcpFlag.ACK)
      return
    }
    this.#sndUna = segment.ack
    this.#sndWl2 = segment.ack
    this.#sampleRtt(segment)
    this.#lastReceived = this.#now
    this.#establish()
    this.#sendAck()
  }

  #establish(): void {
    this.state = TcpState.ESTABLISHED
    this.#initBufferSpace()
    this.#retries = 0
    this.#rtoTimer.cancel()
    this.onEstablished()
    this.changed.wake()
  }

  #receiveTimeWait(segment: TcpSegmentView): void {
    if ((segment.flags & TcpFlag.RST) !== 0) return
    if ((segment.flags & TcpFlag.FIN) !== 0 || segment.payload.length > 0) {
      this.#transmit(TcpFlag.ACK, this.#sndNxt, 0, 0)
      this.#lifeTimer.arm(TIME_WAIT)
    }
  }

  /** The sequence number lies in the window, the timestamp is not old (PAWS), and it is no reset or stray SYN (RFC 5961). */
  #acceptable(segment: TcpSegmentView): boolean {
    const { flags, seq, payload, options } = segment
    const end = seqAdd(
      seq,
      payload.length + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0) + ((flags & TcpFlag.SYN) !== 0 ? 1 : 0),
    )
    const old =
      this.#timestamps && options.timestamp !== undefined && ((options.timestamp.value - this.#tsRecent) | 0) < 0
    const inWindow = seqGe(end, this.#rcvWup) && seqLe(seq, seqAdd(this.#rcvNxt, this.#receiveWindow()))
    if ((old && (flags & TcpFlag.RST) === 0) || !inWindow) {
      if ((flags & TcpFlag.RST) === 0) {
        if (end !== seq && (flags & TcpFlag.SYN) === 0) {
          this.#noteDuplicate(seq, end)
          this.#sendAck()
        } else this.#challenge()
      }
      return false
    }
    if ((flags & TcpFlag.RST) !== 0) {
      if (seq === this.#rcvNxt) this.#reset(this.state === TcpState.CLOSE_WAIT ? "EPIPE" : "ECONNRESET")
      else this.#challenge()
      return false
    }
    if ((flags & TcpFlag.SYN) !== 0) {
      const again = this.state === TcpState.SYN_RECV && seq === this.#irs
      // Both ends opened at once, and this one answers our SYN (RFC 9293 figure 7).
      if (again && (flags & TcpFlag.ACK) !== 0 && segment.ack === this.#sndNxt) return true
      // A repeated SYN of the handshake: our SYN-ACK was lost.
      if (again && (flags & TcpFlag.ACK) === 0) {
        this.#sendSyn(TcpFlag.SYN | TcpFlag.ACK)
        // Asked again, it waits as long again (tcp_check_req).
        this.#armSynTimer()
      } else this.#challenge()
      return false
    }
    return (flags & TcpFlag.ACK) !== 0
  }

  #receiveSynchronized(segment: TcpSegmentView): void {
    const { options, seq } = segment
    if (this.#timestamps && options.timestamp !== undefined && seqLe(seq, this.#rcvWup))
      this.#tsRecent = options.timestamp.value
    if (this.state === TcpState.SYN_RECV) {
      if (segment.ack !== this.#sndNxt) {
        this.#transmit(TcpFlag.RST, segment.ack, 0, 0)
        return
      }
      this.#sndUna = segment.ack
      this.#sampleRtt(segment)
      this.net.snmp.tcpPassiveOpens++
      this.#sndWl1 = seqAdd(seq, -1)
      this.#updateSendWindow(segment)
      this.#establish()
    }
    this.#receiveAck(segment)
    if (this.#gone) return
    this.#receiveData(segment)
    if (this.#gone) return
    this.#pushPending()
    if (this.#ackPending) this.#scheduleAck()
  }

  // ── acknowledgements ────────────────────────────────────────────────────────────────────────

  /** Models tcp_ack. */
  #receiveAck(segment: TcpSegmentView): void {
    const { ack } = segment
    if (seqGt(ack, this.#sndNxt)) {
      this.#challenge()
      return
    }
    const windowBefore = this.#sndWnd
    this.#updateSendWindow(segment)
    if (seqLe(ack, this.#sndUna)) {
      const duplicate =
        ack === this.#sndUna &&
        segment.payload.length === 0 &&
        this.#inFlight > 0 &&
        windowBefore === this.#sndWnd &&
        (segment.flags & TcpFlag.FIN) === 0
      if (duplicate) this.#duplicateAck()
      return
    }
    this.#acknowledge(ack, segment)
  }

  #acknowledge(ack: number, segment: TcpSegmentView): void {
    const mss = this.#sendMss()
    const bytes = seqDiff(ack, this.#sndUna)
    const finAcked = this.#finSeq !== undefined && seqGt(ack, this.#finSeq)
    this.sendBuffer.drop(Math.min(this.sendBuffer.size, bytes - (finAcked ? 1 : 0)))
    this.#sndUna = ack
    this.#retries = 0
    this.#probeOut = false
    this.#sampleRtt(segment)
    const { recover } = this.#congestion
    if (recover !== undefined && seqLt(ack, recover)) {
      // A partial acknowledgement: the next hole (RFC 6582 section 3.2 step 3).
      this.#retransmit()
    } else {
      if (recover !== undefined) this.#congestion.leaveRecovery()
      this.#congestion.acked(Math.max(1, Math.round(bytes / mss)))
    }
    this.#confirmNeighbour()
    if (this.#inFlight > 0) this.#armRetransmit()
    else this.#rtoTimer.cancel()
    if (finAcked) this.#ownFinAcknowledged()
    this.changed.wake()
  }

  #duplicateAck(): void {
    const congestion = this.#congestion
    congestion.duplicates++
    if (congestion.recover !== undefined) congestion.window++
    else if (congestion.duplicates === 3) {
      congestion.enterRecovery(Math.ceil(this.#inFlight / this.#sendMss()), this.#sndNxt)
      this.#retransmit()
    }
    this.#pushPending()
  }

  #updateSendWindow(segment: TcpSegmentView): void {
    const newer = seqLt(this.#sndWl1, segment.seq) || (this.#sndWl1 === segment.seq && seqLe(this.#sndWl2, segment.ack))
    if (!newer) return
    const wasClosed = this.#sndWnd === 0
    this.#sndWnd = segment.window * 2 ** this.#sndWscale
    this.#sndWl1 = segment.seq
    this.#sndWl2 = segment.ack
    if (wasClosed && this.#sndWnd > 0) this.#retries = 0
  }

  #ownFinAcknowledged(): void {
    if (this.state === TcpState.FIN_WAIT1) {
      this.state = TcpState.FIN_WAIT2
      if (this.#orphan) this.#lifeTimer.arm(this.net.sysctl.tcpFinTimeout * SECOND)
    } else if (this.state === TcpState.CLOSING) this.#timeWait()
    else if (this.state === TcpState.LAST_ACK) this.#destroy(undefined)
  }

  #sampleRtt(segment: TcpSegmentView): void {
    const echo = segment.options.timestamp?.echo
    if (echo === undefined || echo === 0 || this.#retries > 0) return
    const rtt = ((this.#timestampNow() - echo) >>> 0) * MILLISECOND
    this.#rtt.sample(Math.max(rtt, 100 * MICROSECOND))
  }

  // ── data ────────────────────────────────────────────────────────────────────────────────────

  /** Models tcp_data_queue. */
  #receiveData(segment: TcpSegmentView): void {
    const { payload, flags } = segment
    const fin = (flags & TcpFlag.FIN) !== 0
    if (payload.length === 0 && !fin) return
    if (
      this.#orphan &&
      payload.length > 0 &&
      (this.state === TcpState.FIN_WAIT1 || this.state === TcpState.FIN_WAIT2)
    ) {
      // Data for a socket nobody reads any more (RFC 1122 section 4.2.2.13): answered as if there were none.
      this.net.snmp.tcpOutRsts++
      this.#transmit(TcpFlag.RST, segment.ack, 0, 0)
      this.#destroy(undefined)
      return
    }
    const skip = seqDiff(this.#rcvNxt, segment.seq)
    if (skip < 0) {
      this.#receiveEarly(segment)
      return
    }
    if (payload.length > 0) this.#noteDuplicate(segment.seq, seqAdd(segment.seq, payload.length))
    if (skip < payload.length) {
      this.receiveQueue.push(skip === 0 ? payload : payload.subarray(skip))
      this.#rcvNxt = seqAdd(segment.seq, payload.length)
      if (this.receiveQueue.hasEarly) this.#rcvNxt = this.receiveQueue.advance(this.#rcvNxt)
      this.#dataArrived(payload.length)
    } else if (payload.length > 0) this.#quickAcks = QUICK_ACKS
    this.#ackPending = true
    if (fin && seqAdd(segment.seq, payload.length) === this.#rcvNxt) this.#receiveFin()
    this.changed.wake()
  }

  /** Bytes that had arrived already are told of once (RFC 2883). Models tcp_dsack_set. */
  #noteDuplicate(seq: number, end: number): void {
    if (this.#sackOk && seqLt(seq, this.#rcvNxt)) this.#duplicate = [seq, seqGt(end, this.#rcvNxt) ? this.#rcvNxt : end]
  }

  #receiveEarly(segment: TcpSegmentView): void {
    if (segment.payload.length > 0) {
      this.receiveQueue.keep(segment.seq, segment.payload)
      this.#newestEarly = segment.seq
    }
    this.#sendAck()
  }

  /** Models tcp_event_data_recv and tcp_grow_window. */
  #dataArrived(length: number): void {
    const now = this.#now
    if (this.#ato === 0) {
      this.#ato = ATO_MIN
      this.#quickAcks = QUICK_ACKS
    }
    this.#lastReceived = now
    const room = Math.min(this.#windowClamp, this.#space()) - this.#rcvSsthresh
    if (room > 0 && length >= 128) this.#rcvSsthresh += Math.min(room, Math.max(2 * length, 2 * this.#advertisedMss()))
  }

  #receiveFin(): void {
    this.#rcvNxt = seqAdd(this.#rcvNxt, 1)
    this.peerClosed = true
    if (this.state === TcpState.ESTABLISHED) {
      this.state = TcpState.CLOSE_WAIT
      // The program will probably close too: the acknowledgement can ride on its FIN (tcp_fin).
      this.#pingpong = true
    } else if (this.state === TcpState.FIN_WAIT1) {
      this.state = TcpState.CLOSING
    } else if (this.state === TcpState.FIN_WAIT2) {
      this.#sendAck()
      this.#timeWait()
    }
    this.changed.wake()
  }

  #timeWait(): void {
    this.state = TcpState.TIME_WAIT
    this.#rtoTimer.cancel()
    this.#delackTimer.cancel()
    this.#lifeTimer.arm(TIME_WAIT)
    this.changed.wake()
  }

  // ── acknowledging ───────────────────────────────────────────────────────────────────────────

  /** Now, or a little later together with something else. Models __tcp_ack_snd_check. */
  #scheduleAck(): void {
    const unacked = seqDiff(this.#rcvNxt, this.#rcvWup)
    const quick = this.#quickAcks > 0 && !this.#pingpong
    if (unacked > this.#sendMss() || quick || this.receiveQueue.hasEarly) this.#sendAck()
    else if (!this.#delackTimer.armed) this.#delackTimer.arm(wheelDelay(this.#now, this.#ato))
  }

  #sendAck(): void {
    if (this.state === TcpState.CLOSE || this.state === TcpState.SYN_SENT) return
    if (this.#quickAcks > 0) this.#quickAcks--
    this.#transmit(TcpFlag.ACK, this.#sndNxt, 0, 0)
  }

  /** Answers what fits nowhere, twice a second at most: two ends that disagree would answer each other for ever. Models tcp_oow_rate_limited. */
  #challenge(): void {
    const now = this.#now
    if (now - this.#lastChallenge < INVALID_RATELIMIT) return
    this.#lastChallenge = now
    this.#sendAck()
  }

  /** What is free of the receive buffer. Models tcp_space. */
  #space(): number {
    return Math.max(0, (this.net.sysctl.tcpRmem[1] - this.receiveQueue.allocated) / 2)
  }

  /** The window still offered: what was announced less what has come. Models tcp_receive_window. */
  #receiveWindow(): number {
    return Math.max(0, seqDiff(seqAdd(this.#rcvWup, this.#rcvWnd), this.#rcvNxt))
  }

  /** Models tcp_select_window: never shrinks, and opens in steps worth telling. */
  #selectWindow(): number {
    const unit = 2 ** this.#rcvWscale
    const current = this.#receiveWindow()
    const free = Math.min(this.#space(), this.#rcvSsthresh)
    let next = Math.ceil(free / unit) * unit
    if (this.#rcvWscale === 0 && free < this.#sendMss() && free < this.net.sysctl.tcpRmem[1] / 16) next = 0
    if (next < current) next = Math.ceil(current / unit) * unit
    this.#rcvWnd = next
    this.#rcvWup = this.#rcvNxt
    return Math.min(0xffff, next / unit)
  }

  /** The reader made room: says so when the window can at least double. Models tcp_cleanup_rbuf. */
  #cleanupReceiveBuffer(): void {
    if (this.state === TcpState.CLOSE || this.state === TcpState.TIME_WAIT) return
    const offered = this.#receiveWindow()
    if (2 * offered <= this.#rcvSsthresh && Math.min(this.#space(), this.#rcvSsthresh) >= 2 * offered) this.#sendAck()
  }

  // ── sending ─────────────────────────────────────────────────────────────────────────────────

  get #inFlight(): number {
    return seqDiff(this.#sndNxt, this.#sndUna)
  }

  #sendMss(): number {
    const way = this.#routeOrNone()
    const path = way === undefined ? 1460 : routeMtu(this.net, way.dev, this.remoteAddress) - HEADERS
    return Math.min(this.#peerMss, path) - (this.#timestamps ? TIMESTAMP_OPTION : 0)
  }

  /** What fits beside the options that the next segment has. Models tcp_current_mss. */
  #currentMss(): number {
    const mss = this.#sendMss()
    if (!this.#sackOk || !(this.receiveQueue.hasEarly || this.#duplicate !== undefined)) return mss
    const most = this.#timestamps ? 3 : 4
    const blocks =
      (this.#duplicate === undefined ? 0 : 1) + this.receiveQueue.sackBlocks(this.#newestEarly, most).length
    return mss - 4 - 8 * Math.min(most, blocks)
  }

  /** Sends what windows allow. Models tcp_write_xmit. */
  #pushPending(): void {
    if (!this.#canSend()) return
    const mss = this.#currentMss()
    const sent = this.#sndNxt
    for (;;) {
      const queued = this.sendBuffer.size - seqDiff(this.#sndNxt, this.#sndUna) + (this.#finSeq === undefined ? 0 : 1)
      const flight = this.#inFlight
      const window = Math.min(this.#sndWnd, this.#congestion.window * mss) - flight
      const size = Math.min(queued, mss, window)
      if (queued <= 0) break
      if (size <= 0 || (size < queued && size < mss)) break
      if (size < mss && !this.noDelay && !this.#finQueued && this.#smallUnacknowledged) break
      const lastOne = size === queued
      const fin = lastOne && this.#finQueued
      this.#sendData(this.#sndNxt, size, (lastOne ? TcpFlag.PSH : 0) | (fin ? TcpFlag.FIN : 0))
    }
    this.#sendFinIfDue()
    if (this.#sndNxt !== sent && !this.#probeOut && this.#retries === 0) this.#armTimer()
    // The peer's window holds back all of it: it is asked when nothing else would (tcp_check_probe_timer).
    if (this.#inFlight === 0 && this.sendBuffer.size > 0 && !this.#rtoTimer.armed) this.#armRetransmit()
  }

  /** A small segment is on its way: the next one waits. Models tcp_minshall_check. */
  get #smallUnacknowledged(): boolean {
    return seqGt(this.#sndSmall, this.#sndUna) && seqLe(this.#sndSmall, this.#sndNxt)
  }

  #canSend(): boolean {
    const { state } = this
    return (
      state === TcpState.ESTABLISHED ||
      state === TcpState.CLOSE_WAIT ||
      state === TcpState.FIN_WAIT1 ||
      state === TcpState.LAST_ACK ||
      state === TcpState.CLOSING
    )
  }

  #sendData(seq: number, size: number, flags: number): void {
    const now = this.#now
    if (now - this.#lastReceived < this.#ato) this.#pingpong = true
    if ((flags & TcpFlag.FIN) !== 0) this.#finSeq = seqAdd(seq, size)
    this.#sndNxt = seqAdd(seq, size + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0))
    if (size < this.#currentMss()) this.#sndSmall = seqAdd(seq, size)
    this.#transmit(TcpFlag.ACK | flags, seq, size, seqDiff(seq, this.#sndUna))
    if (!this.#rtoTimer.armed || seq === this.#sndUna) this.#armRetransmit()
  }

  #sendFinIfDue(): void {
    if (!this.#finQueued || this.#finSeq !== undefined || this.#inFlight < this.sendBuffer.size) return
    this.#finSeq = this.#sndNxt
    this.#sndNxt = seqAdd(this.#sndNxt, 1)
    this.#transmit(TcpFlag.FIN | TcpFlag.ACK, this.#finSeq, 0, 0)
    this.#armRetransmit()
  }

  /** Sends again what is oldest. Models tcp_retransmit_skb. */
  #retransmit(): void {
    this.net.snmp.tcpRetransSegs++
    const unsentFin = this.#finSeq !== undefined ? 1 : 0
    const outstanding = this.#inFlight - unsentFin
    const size = Math.min(this.#currentMss(), outstanding)
    if (size > 0) {
      const fin = unsentFin === 1 && size === outstanding && this.#finSeq === seqAdd(this.#sndUna, size)
      const last = size === outstanding
      this.#transmit(TcpFlag.ACK | (last ? TcpFlag.PSH : 0) | (fin ? TcpFlag.FIN : 0), this.#sndUna, size, 0)
    } else if (unsentFin === 1) this.#transmit(TcpFlag.FIN | TcpFlag.ACK, this.#sndUna, 0, 0)
  }

  /** No loss is suspected, and no probe was sent since something was acknowledged. */
  get #mayProbe(): boolean {
    const { recover, duplicates } = this.#congestion
    return (
      this.#sackOk &&
      !this.#probeOut &&
      this.#retries === 0 &&
      recover === undefined &&
      duplicates === 0 &&
      this.#rtt.srtt > 0
    )
  }

  #armRetransmit(): void {
    this.#rtoAt = this.#now + this.#rtt.rto
    this.#armTimer()
  }

  /** Sets the timer by what is on its way. Models tcp_rearm_rto and tcp_schedule_loss_probe. */
  #armTimer(): void {
    const rto = Math.max(0, this.#rtoAt - this.#now)
    // A tail-loss probe comes before the first timeout of a flight (RFC 8985 section 7.2).
    if (this.#mayProbe) {
      const single = this.#inFlight <= this.#sendMss()
      const probe = 2 * this.#rtt.srtt + (single ? 200 * MILLISECOND : 2 * 4 * MILLISECOND)
      this.#arm(this.#rtoTimer, Math.min(probe, rto))
    } else this.#arm(this.#rtoTimer, rto)
  }

  #onRetransmitTimer(): void {
    if (this.state === TcpState.SYN_SENT || this.state === TcpState.SYN_RECV) {
      this.#retrySyn()
      return
    }
    if (this.#inFlight === 0) {
      this.#probeWindow()
      return
    }
    if (this.#mayProbe) {
      this.#probeOut = true
      if (!this.#sendNewProbe()) this.#retransmitTail()
      this.#arm(this.#rtoTimer, this.#rtt.rto)
      return
    }
    if (++this.#retries > this.net.sysctl.tcpRetries2) {
      this.#destroy("ETIMEDOUT")
      return
    }
    this.#congestion.timeout(Math.ceil(this.#inFlight / this.#sendMss()))
    this.#rehash()
    this.#retransmit()
    this.#rtt.backoff()
    this.#arm(this.#rtoTimer, this.#rtt.rto)
  }

  /** The best probe is something new, if there is any and the peer has room. Models tcp_send_loss_probe. */
  #sendNewProbe(): boolean {
    const fresh = this.sendBuffer.size - this.#inFlight
    const size = Math.min(fresh, this.#currentMss())
    if (this.#finSeq !== undefined || size <= 0 || this.#inFlight + size > this.#sndWnd) return false
    const fin = size === fresh && this.#finQueued
    this.#sendData(this.#sndNxt, size, (size === fresh ? TcpFlag.PSH : 0) | (fin ? TcpFlag.FIN : 0))
    return true
  }

  /** The last segment of the flight once more, so that its acknowledgement shows what is missing. */
  #retransmitTail(): void {
    const fin = this.#finSeq !== undefined ? 1 : 0
    const bytes = this.#inFlight - fin
    const size = Math.min(this.#currentMss(), bytes)
    this.net.snmp.tcpRetransSegs++
    if (size <= 0) this.#transmit(TcpFlag.FIN | TcpFlag.ACK, this.#sndUna, 0, 0)
    else
      this.#transmit(
        TcpFlag.ACK | TcpFlag.PSH | (fin === 1 ? TcpFlag.FIN : 0),
        seqAdd(this.#sndUna, bytes - size),
        size,
        bytes - size,
      )
  }

  /** The peer's window is closed: asks whether it still is (RFC 9293 section 3.8.6.1). */
  #probeWindow(): void {
    if (this.sendBuffer.size === 0) return
    if (this.#sndWnd > 0) {
      // A crack is open: as much as goes through (tcp_write_wakeup).
      const size = Math.min(this.sendBuffer.size, this.#currentMss(), this.#sndWnd)
      this.#sendData(this.#sndNxt, size, TcpFlag.PSH)
      return
    }
    if (++this.#retries > this.net.sysctl.tcpRetries2) {
      this.#destroy("ETIMEDOUT")
      return
    }
    this.#transmit(TcpFlag.ACK, seqAdd(this.#sndUna, -1), 0, 0)
    this.#rtt.backoff()
    this.#arm(this.#rtoTimer, this.#rtt.rto)
  }

  #transmit(flags: number, seq: number, size: number, offset: number): void {
    const segment = this.#segment(flags, seq)
    const way = this.#routeOrNone()
    if ((flags & TcpFlag.ACK) !== 0) {
      this.#ackPending = false
      this.#delackTimer.cancel()
    }
    const fill =
      size > 0 ? (bytes: Uint8Array, at: number): void => this.sendBuffer.copy(offset, size, bytes, at) : undefined
    tcpTransmit(this.net, segment, size, fill, way)
  }

  #segment(flags: number, seq: number): Segment {
    const acknowledges = (flags & TcpFlag.ACK) !== 0
    const sacks =
      this.#sackOk && (flags & TcpFlag.SYN) === 0 && (this.receiveQueue.hasEarly || this.#duplicate !== undefined)
    return {
      source: this.localAddress,
      destination: this.remoteAddress,
      sourcePort: this.localPort,
      destinationPort: this.remotePort,
      seq,
      ack: acknowledges ? this.#rcvNxt : 0,
      flags,
      window: (flags & TcpFlag.SYN) !== 0 || flags === TcpFlag.RST ? 0 : this.#selectWindow(),
      mss: undefined,
      wscale: undefined,
      sackPermitted: false,
      timestamp:
        this.#timestamps && flags !== TcpFlag.RST
          ? { value: this.#timestampNow(), echo: acknowledges ? this.#tsRecent : 0 }
          : undefined,
      sack: sacks ? this.#sackBlocks() : undefined,
      ipId: this.#ipId++ & 0xffff,
      hash: this.#txhash,
    }
  }

  /** As many as fit beside a timestamp; what arrived twice comes first, once. */
  #sackBlocks(): [number, number][] {
    const most = this.#timestamps ? 3 : 4
    const twice = this.#duplicate === undefined ? [] : [this.#duplicate]
    this.#duplicate = undefined
    return [...twice, ...this.receiveQueue.sackBlocks(this.#newestEarly, most - twice.length)]
  }

  // ── errors, the end ─────────────────────────────────────────────────────────────────────────

  /** An ICMP error about this connection. Models tcp_v4_err. */
  icmpError(errno: Errno, fatal: boolean): void {
    if (this.state === TcpState.SYN_SENT || this.state === TcpState.SYN_RECV) {
      // During the handshake soft errors end it too once the address is known not to answer.
      this.net.snmp.tcpAttemptFails++
      this.#destroy(errno)
    } else if (fatal) this.error = errno
  }

  /** The path takes less than was sent: sends again in smaller pieces. Models tcp_v4_mtu_reduced. */
  mtuReduced(): void {
    const way = this.#routeOrNone()
    const mtu = way === undefined ? this.#pathMtu : routeMtu(this.net, way.dev, this.remoteAddress)
    // What is no news changes nothing: else a segment that is too long would be answered by another.
    if (mtu >= this.#pathMtu) return
    this.#pathMtu = mtu
    if (this.#inFlight > 0 && this.#canSend()) this.#retransmit()
  }

  #reset(errno: Errno): void {
    if (this.state === TcpState.SYN_SENT) this.net.snmp.tcpAttemptFails++
    else this.net.snmp.tcpEstabResets++
    this.#destroy(errno)
  }

  get #gone(): boolean {
    return this.state === TcpState.CLOSE
  }

  #destroy(errno: Errno | undefined): void {
    if (errno !== undefined) this.error = errno
    this.state = TcpState.CLOSE
    this.peerClosed = true
    this.#rtoTimer.cancel()
    this.#delackTimer.cancel()
    this.#lifeTimer.cancel()
    this.onDestroy()
    this.changed.wake()
  }

  // ── small things ────────────────────────────────────────────────────────────────────────────

  get #now(): number {
    return this.net.kernel.sim.now
  }

  #arm(timer: Timer, delay: number): void {
    timer.arm(wheelDelay(this.#now, delay))
  }

  /** Milliseconds with a random start a connection (RFC 7323 section 5.4). */
  #timestampNow(): number {
    return (Math.floor(this.#now / MILLISECOND) + this.#timestampOffset) >>> 0
  }

  /** A new flow hash after a timeout: perhaps another path works. Models sk_rethink_txhash. */
  #rehash(): void {
    if (this.net.sysctl.txrehash) this.#txhash = this.net.prng.uint32() || 1
  }

  #confirmNeighbour(): void {
    const way = this.#routeOrNone()
    if (way !== undefined && way.dev !== this.net.loopback) neighConfirm(this.net, way.dev, way.nexthop)
  }

  #route(): OutputRoute | Errno {
    if (this.#way === undefined || this.#wayGeneration !== this.net.fib.generation) {
      const way = ipRouteOutput(this.net, this.remoteAddress, this.localAddress)
      if (typeof way === "string") return way
      this.#way = way
      this.#wayGeneration = this.net.fib.generation
    }
    return this.#way
  }

  #routeOrNone(): OutputRoute | undefined {
    const way = this.#route()
    return typeof way === "string" ? undefined : way
  }
}

/** How far the window must be shifted so that the largest buffer fits in 16 bits. Models tcp_select_initial_window. */
function windowScale(most: number): number {
  let scale = 0
  for (let space = most; space > 0xffff && scale < 14; space /= 2) scale++
  return scale
}
