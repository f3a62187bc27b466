/** Building and sending segments. Models net/ipv4/tcp_output.c __tcp_transmit_skb. */

import * as checksums from "../../wire/checksum.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import * as tcpHeader from "../../wire/tcp.ts"
import { ipQueueXmit } from "../ip/output.ts"
import { ipRouteOutput, type OutputRoute } from "../ip/route-output.ts"
import { checksumHelp } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, type Skb } from "../skb.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold16, pseudoHeaderSum } = checksums
const ipv4 = { ...ipv4Header }
const tcp = { ...tcpHeader }
const { PARTIAL } = IpSummed

const { TcpFlag, TcpOption } = tcp

/** Everything a segment says. All fields are always there: one shape for all segments, and none is changed by adding to it. */
export interface Segment {
  source: number
  destination: number
  sourcePort: number
  destinationPort: number
  seq: number
  ack: number
  flags: number
  /** As it goes on the wire: already scaled. */
  window: number
  /** SYN options; `undefined` leaves them out. */
  mss: number | undefined
  wscale: number | undefined
  sackPermitted: boolean
  timestamp: { value: number; echo: number } | undefined
  sack: readonly [number, number][] | undefined
  /** The connection's own IP ID; `undefined` for segments without a socket, which get 0. */
  ipId: number | undefined
  /** sk_txhash: steers the outer UDP port of a tunnel. 0 lets the flow decide. */
  hash: number
  /** SO_MARK. */
  mark: number
}

/** Bytes of options, padded to words, in the order Linux writes them. */
function optionsLength(segment: Segment): number {
  let length = 0
  if (segment.mss !== undefined) length += 4
  // SACK-permitted shares the word of the timestamp's padding when there is one.
  if (segment.timestamp !== undefined) length += 12
  else if (segment.sackPermitted) length += 4
  if (segment.wscale !== undefined) length += 4
  if (segment.sack !== undefined && segment.sack.length > 0) length += 4 + segment.sack.length * 8
  return length
}

/** Models tcp_options_write. */
function writeOptions(view: DataView, start: number, segment: Segment): void {
  let at = start
  const { mss, timestamp, wscale, sack } = segment
  if (mss !== undefined) {
    view.setUint32(at, (TcpOption.MSS << 24) | (4 << 16) | mss)
    at += 4
  }
  if (timestamp !== undefined) {
    const lead = segment.sackPermitted
      ? (TcpOption.SACK_PERMITTED << 24) | (2 << 16)
      : (TcpOption.NOP << 24) | (TcpOption.NOP << 16)
    view.setUint32(at, lead | (TcpOption.TIMESTAMP << 8) | 10)
    view.setUint32(at + 4, timestamp.value)
    view.setUint32(at + 8, timestamp.echo)
    at += 12
  } else if (segment.sackPermitted) {
    view.setUint32(at, (TcpOption.NOP << 24) | (TcpOption.NOP << 16) | (TcpOption.SACK_PERMITTED << 8) | 2)
    at += 4
  }
  if (wscale !== undefined) {
    view.setUint32(at, (TcpOption.NOP << 24) | (TcpOption.WSCALE << 16) | (3 << 8) | wscale)
    at += 4
  }
  if (sack !== undefined && sack.length > 0) {
    view.setUint32(at, (TcpOption.NOP << 24) | (TcpOption.NOP << 16) | (TcpOption.SACK << 8) | (2 + sack.length * 8))
    at += 4
    for (const [left, right] of sack) {
      view.setUint32(at, left)
      view.setUint32(at + 4, right)
      at += 8
    }
  }
}

/** Sends a segment; `fill` writes its `length` payload bytes. The way may be given by a socket that remembers it. */
export function tcpTransmit(
  net: NetNamespace,
  segment: Segment,
  length: number,
  fill: ((bytes: Uint8Array, at: number) => void) | undefined,
  way: OutputRoute | undefined,
  /** The checksum is computed here: replies without a socket have it whole. Models ip_send_unicast_reply. */
  finished = false,
): void {
  const route = way ?? ipRouteOutput(net, segment.destination, segment.source, undefined, segment.mark)
  if (typeof route === "string") return
  const options = optionsLength(segment)
  const header = tcp.LENGTH + options
  const skb = net.kernel.arena.alloc(header + length)
  const at = skb.put(header + length)
  tcp.emit(
    skb.view,
    at,
    segment.sourcePort,
    segment.destinationPort,
    segment.seq,
    segment.ack,
    header,
    segment.flags,
    segment.window,
  )
  if (options > 0) writeOptions(skb.view, at + tcp.LENGTH, segment)
  if (fill !== undefined) fill(skb.arena.bytes, at + header)
  leaveChecksum(skb, at, segment, header + length)
  if (finished) checksumHelp(skb)
  skb.hash = segment.hash
  skb.mark = segment.mark
  net.snmp.tcpOutSegs++
  ipQueueXmit(net, skb, route, {
    source: segment.source,
    destination: segment.destination,
    protocol: ipv4.IpProtocol.TCP,
    ttl: 0,
    tos: 0,
    df: true,
    id: segment.ipId,
    ignoreDf: false,
  })
}

/** The field gets the pseudo-header's sum; who puts the frame on a wire finishes it (CHECKSUM_PARTIAL). */
function leaveChecksum(skb: Skb, at: number, segment: Segment, length: number): void {
  const seed = csumFold16(pseudoHeaderSum(segment.source, segment.destination, ipv4.IpProtocol.TCP, length))
  skb.view.setUint16(at + tcp.CHECKSUM_OFFSET, seed)
  skb.ipSummed = PARTIAL
  skb.csumStart = at
  skb.csumOffset = tcp.CHECKSUM_OFFSET
}

/** Answers a segment that belongs to no connection (RFC 9293 section 3.10.7.1). Models tcp_v4_send_reset. */
export function tcpSendReset(net: NetNamespace, skb: Skb): void {
  const view = skb.view
  const at = skb.data
  const flags = tcp.flags(view, at)
  if ((flags & TcpFlag.RST) !== 0) return
  const hasAck = (flags & TcpFlag.ACK) !== 0
  const length =
    skb.length -
    tcp.headerLength(view, at) +
    ((flags & TcpFlag.SYN) !== 0 ? 1 : 0) +
    ((flags & TcpFlag.FIN) !== 0 ? 1 : 0)
  net.snmp.tcpOutRsts++
  const segment: Segment = {
    source: ipv4.destination(view, skb.networkHeader),
    destination: ipv4.source(view, skb.networkHeader),
    sourcePort: tcp.destinationPort(view, at),
    destinationPort: tcp.sourcePort(view, at),
    seq: hasAck ? tcp.acknowledgment(view, at) : 0,
    ack: hasAck ? 0 : (tcp.sequence(view, at) + length) >>> 0,
    flags: hasAck ? TcpFlag.RST : TcpFlag.RST | TcpFlag.ACK,
    window: 0,
    mss: undefined,
    wscale: undefined,
    sackPermitted: false,
    timestamp: undefined,
    sack: undefined,
    ipId: undefined,
    hash: 0,
    mark: 0,
  }
  tcpTransmit(net, segment, 0, undefined, undefined, true)
}
