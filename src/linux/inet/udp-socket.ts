/** A UDP socket as programs use it. Models the SOCK_DGRAM calls of net/ipv4/udp.c. */

import { WaitQueue } from "../../sim/task.ts"
import * as checksums from "../../wire/checksum.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import * as udpHeader from "../../wire/udp.ts"
import type { Errno } from "../errno.ts"
import { DstCache } from "../ip/dst-cache.ts"
import { type IpOutputOptions, ipQueueXmit } from "../ip/output.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, type Skb } from "../skb.ts"
import type { Process } from "../task/process.ts"
import type { UdpEndpoint } from "./udp-table.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold16, pseudoHeaderSum } = checksums
const ipv4 = { ...ipv4Header }
const udp = { ...udpHeader }
const { PARTIAL } = IpSummed

export interface Datagram {
  data: Uint8Array
  address: number
  port: number
  /** Where it was sent: only with IP_RECVORIGDSTADDR. */
  original?: { address: number; port: number }
}

export interface UdpSocketOptions {
  /** SO_MARK (0). */
  mark?: number
  /** IP_TRANSPARENT: it may have an address of somebody else, and a rule may hand it datagrams for others (TPROXY). */
  transparent?: boolean
  /** SO_REUSEADDR with SO_REUSEPORT: others that say so too may have the same address and port. */
  reuse?: boolean
  /** IP_RECVORIGDSTADDR. */
  originalDestination?: boolean
}

/** Datagrams a socket holds before it drops (about net.core.rmem_default). */
const QUEUE_MAX = 256

export class UdpSocket implements UdpEndpoint {
  readonly net: NetNamespace
  localAddress = 0
  localPort = 0
  remoteAddress = 0
  remotePort = 0
  ttl = 0
  readonly mark: number
  readonly transparent: boolean
  readonly reuse: boolean
  readonly #originalDestination: boolean
  #bound = false
  readonly #queue: Datagram[] = []
  readonly #arrived = new WaitQueue()
  readonly #dst = new DstCache()
  /** What the IPv4 header of the last datagram said: mostly the next one's too. */
  #header: IpOutputOptions | undefined
  #error: Errno | undefined

  constructor(net: NetNamespace, options: UdpSocketOptions = {}) {
    this.net = net
    this.mark = options.mark ?? 0
    this.transparent = options.transparent ?? false
    this.reuse = options.reuse ?? false
    this.#originalDestination = options.originalDestination ?? false
  }

  /** Binds to an address (0: any) and port (0: an ephemeral one). */
  bind(address: number, port: number): Errno | undefined {
    if (address !== 0 && !this.transparent && !this.net.isLocal(address)) return "EADDRNOTAVAIL"
    this.localAddress = address
    this.localPort = port
    const errno = this.net.udp.bind(this)
    this.#bound = errno === undefined
    return errno
  }

  /** Fixes the peer: errors about it are reported, datagrams of others are not delivered. */
  connect(address: number, port: number): Errno | undefined {
    const way = this.#dst.lookup(this.net, address, this.localAddress, undefined, this.mark)
    if (typeof way === "string") return way
    if (!this.#bound) {
      const errno = this.bind(0, 0)
      if (errno !== undefined) return errno
    }
    if (this.localAddress === 0) this.localAddress = way.source
    this.remoteAddress = address
    this.remotePort = port
    return undefined
  }

  /** Sends a datagram; address and port default to the connected peer's. */
  send(data: Uint8Array, address: number = this.remoteAddress, port: number = this.remotePort): Errno | undefined {
    const pending = this.#error
    this.#error = undefined
    if (pending !== undefined) return pending
    if (data.length > 65507) return "EMSGSIZE"
    if (!this.#bound) {
      const errno = this.bind(0, 0)
      if (errno !== undefined) return errno
    }
    const way = this.#dst.lookup(this.net, address, this.localAddress, undefined, this.mark)
    if (typeof way === "string") return way
    const length = udp.LENGTH + data.length
    const skb = this.net.kernel.arena.alloc(length)
    const at = skb.put(length)
    const seed = csumFold16(pseudoHeaderSum(way.source, address, ipv4.IpProtocol.UDP, length))
    udp.emit(skb.view, at, this.localPort, port, length, seed)
    skb.arena.bytes.set(data, at + udp.LENGTH)
    skb.ipSummed = PARTIAL
    skb.csumStart = at
    skb.csumOffset = udp.CHECKSUM_OFFSET
    this.net.snmp.udpOutDatagrams++
    ipQueueXmit(this.net, skb, way, this.#headerFor(way.source, address))
    return undefined
  }

  #headerFor(source: number, destination: number): IpOutputOptions {
    let header = this.#header
    if (
      header === undefined ||
      header.source !== source ||
      header.destination !== destination ||
      header.ttl !== this.ttl
    ) {
      const protocol = ipv4.IpProtocol.UDP
      // IP_PMTUDISC_WANT: DF stands in the header, yet the sender may fragment.
      header = { source, destination, protocol, ttl: this.ttl, tos: 0, df: true, id: undefined, ignoreDf: true }
      if (this.mark !== 0) header.mark = this.mark
      this.#header = header
    }
    return header
  }

  /** The next datagram; an errno when an ICMP error came, `ETIMEDOUT` after `timeout` nanoseconds. */
  async receiveFrom(proc: Process, timeout: number = Number.POSITIVE_INFINITY): Promise<Datagram | Errno> {
    const deadline = this.net.kernel.sim.now + timeout
    while (this.#queue.length === 0) {
      const error = this.#error
      this.#error = undefined
      if (error !== undefined) return error
      if (!(await proc.task.wait(this.#arrived, deadline - this.net.kernel.sim.now))) return "ETIMEDOUT"
    }
    return this.#queue.shift() as Datagram
  }

  receive(skb: Skb): void {
    if (this.#queue.length < QUEUE_MAX) {
      const view = skb.view
      const data = skb.arena.copyOut(skb.data + udp.LENGTH, skb.tail)
      const datagram: Datagram = {
        data,
        address: ipv4.source(view, skb.networkHeader),
        port: udp.sourcePort(view, skb.data),
      }
      if (this.#originalDestination)
        datagram.original = {
          address: ipv4.destination(view, skb.networkHeader),
          port: udp.destinationPort(view, skb.data),
        }
      this.#queue.push(datagram)
      this.#arrived.wake()
    }
    skb.free()
  }

  error(errno: Errno): void {
    this.#error = errno
    this.#arrived.wake()
  }

  close(): void {
    if (this.#bound) this.net.udp.unbind(this)
    this.#bound = false
  }
}
