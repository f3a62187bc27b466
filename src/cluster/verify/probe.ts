/**
 * Sends one packet for each question and sees where it comes out. All of a batch travel at once: each has a source port (or ICMP id) of its
 * own, and the trace knows a packet through tunnels and copies.
 */

import { ipQueueXmit } from "../../linux/ip/output.ts"
import { ipRouteOutput } from "../../linux/ip/route-output.ts"
import { checksumHelp } from "../../linux/netdev.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { IpSummed, type Skb } from "../../linux/skb.ts"
import type { Simulation } from "../../sim/simulation.ts"
import { TraceKind } from "../../sim/trace.ts"
import { csumFold16, pseudoHeaderSum } from "../../wire/checksum.ts"
import * as icmp from "../../wire/icmp.ts"
import { IpProtocol } from "../../wire/ipv4.ts"
import * as tcp from "../../wire/tcp.ts"
import * as udp from "../../wire/udp.ts"
import { causeText } from "../journey.ts"
import type { CaseProtocol } from "./case.ts"

export interface Probe {
  readonly from: NetNamespace
  /** The sender's address, one of its own. */
  readonly source: number
  readonly destination: number
  readonly protocol: CaseProtocol
  /** For ICMP the type. */
  readonly port: number
  /** SO_MARK (0). */
  readonly mark?: number
}

export interface Arrival {
  /** The namespaces the packet was delivered in; none when it died on the way or could not be sent. */
  readonly nets: readonly number[]
  /** Its source port, or ICMP id. */
  readonly port: number
  /** Why a kernel dropped it. */
  readonly dropped: string | undefined
}

export const SCTP = 132
/** A common header and an INIT chunk: without one, connection tracking calls the packet invalid. */
const SCTP_LENGTH = 12 + 20
const SCTP_INIT = 1
const PAYLOAD = new TextEncoder().encode("podwire verify\n")
/** Time for the way, ARP included. */
const TRAVEL = 50e6
const WINDOW = 64240
const ABREAST = 16
const GAP = 500e3

/** Ports below those programs take by themselves: nobody else's connection has them. */
const FIRST_PORT = 1_100
const PORTS = 31_000

export class Prober {
  readonly #sim: Simulation
  #next = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** What became of each packet, in the order of `probes`. */
  async send(probes: readonly Probe[]): Promise<Arrival[]> {
    const results: { nets: number[]; port: number; dropped: string | undefined }[] = []
    const byPacket = new Map<number, (typeof results)[number]>()
    const { trace } = this.#sim
    const from = trace.start()
    for (const [i, probe] of probes.entries()) {
      // Few enough at a time for the queues of addresses not known yet (NEIGH_QUEUEFULL).
      if (i % ABREAST === ABREAST - 1) await this.#sim.advance(GAP)
      const port = FIRST_PORT + (this.#next++ % PORTS)
      const result = { nets: [], port, dropped: undefined }
      results.push(result)
      const id = emit(probe, port)
      if (id !== undefined) byPacket.set(id, result)
    }
    await this.#sim.advance(TRAVEL)
    for (const { kind, packet, net, value, object } of trace.stop(from)) {
      const result = byPacket.get(packet)
      if (kind === TraceKind.IP_LOCAL_DELIVER) result?.nets.push(net)
      // What was delivered is freed by whoever had no use for it.
      else if (kind === TraceKind.KFREE_SKB && result?.nets.length === 0)
        result.dropped ??= causeText({ value, object })
    }
    return results
  }
}

/** Sends the packet; its id, or undefined when there is no way. */
function emit(probe: Probe, port: number): number | undefined {
  const { from, source, destination, mark = 0 } = probe
  const way = ipRouteOutput(from, destination, source, undefined, mark)
  if (typeof way === "string") return undefined
  const skb = from.kernel.arena.alloc(64)
  const protocol = write(skb, probe, port)
  const { id } = skb
  ipQueueXmit(from, skb, way, {
    source,
    destination,
    protocol,
    ttl: 0,
    tos: 0,
    mark,
    df: true,
    id: undefined,
    ignoreDf: false,
  })
  return id
}

function write(skb: Skb, { protocol, port, source, destination }: Probe, own: number): number {
  if (protocol === "TCP") {
    const at = skb.put(tcp.LENGTH)
    tcp.emit(skb.view, at, own, port, own, 0, tcp.LENGTH, tcp.TcpFlag.SYN, WINDOW)
    finish(skb, at, tcp.CHECKSUM_OFFSET, source, destination, IpProtocol.TCP)
    return IpProtocol.TCP
  }
  if (protocol === "UDP") {
    const at = skb.put(udp.LENGTH + PAYLOAD.length)
    udp.emit(skb.view, at, own, port, udp.LENGTH + PAYLOAD.length, 0)
    skb.arena.bytes.set(PAYLOAD, at + udp.LENGTH)
    finish(skb, at, udp.CHECKSUM_OFFSET, source, destination, IpProtocol.UDP)
    return IpProtocol.UDP
  }
  if (protocol === "ICMP") {
    const at = skb.put(icmp.LENGTH + PAYLOAD.length)
    icmp.emit(skb.view, at, port, 0, (own << 16) | 1)
    skb.arena.bytes.set(PAYLOAD, at + icmp.LENGTH)
    icmp.updateChecksum(skb.view, at, icmp.LENGTH + PAYLOAD.length)
    return IpProtocol.ICMP
  }
  writeInit(skb.view, skb.put(SCTP_LENGTH), own, port)
  return SCTP
}

/** RFC 9260 sections 3.1 and 3.3.2. The CRC stays 0: nobody here looks at it. */
function writeInit(view: DataView, at: number, source: number, destination: number): void {
  view.setUint16(at, source)
  view.setUint16(at + 2, destination)
  view.setUint32(at + 4, 0)
  view.setUint32(at + 8, 0)
  view.setUint16(at + 12, SCTP_INIT << 8)
  view.setUint16(at + 14, SCTP_LENGTH - 12)
  // Tag, window, streams out and in, first TSN.
  view.setUint32(at + 16, source)
  view.setUint32(at + 20, WINDOW)
  view.setUint16(at + 24, 1)
  view.setUint16(at + 26, 1)
  view.setUint32(at + 28, source)
}

function finish(skb: Skb, at: number, offset: number, source: number, destination: number, protocol: number): void {
  skb.view.setUint16(at + offset, csumFold16(pseudoHeaderSum(source, destination, protocol, skb.length)))
  skb.ipSummed = IpSummed.PARTIAL
  skb.csumStart = at
  skb.csumOffset = offset
  checksumHelp(skb)
}
