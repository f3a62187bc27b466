/** Raw ICMP sockets, as ping and traceroute use them. Models net/ipv4/raw.c and the error queue of IP_RECVERR. */

import { WaitQueue } from "../../sim/task.ts"
import * as icmp from "../../wire/icmp.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import type { Errno } from "../errno.ts"
import { ipQueueXmit } from "../ip/output.ts"
import { ipRouteOutput, routeMtu } from "../ip/route-output.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"
import type { Process } from "../task/process.ts"

/** Something that arrived: an ICMP message, or an error about something sent. */
export interface IcmpMessage {
  /** Virtual nanoseconds, stamped by the kernel (SO_TIMESTAMP). */
  time: number
  source: number
  destination: number
  ttl: number
  tos: number
  /** The ICMP message, header first. */
  data: Uint8Array
  /** Set for entries of the error queue: `data` is then the quoted ICMP message, `source` who complained. */
  error?: { type: number; code: number; info: number }
}

export interface IcmpSendOptions {
  ttl?: number
  tos?: number
  /** IP_MTU_DISCOVER: `do` forbids fragmentation, `want` sets DF and fragments at home, `dont` leaves DF clear (want). */
  pmtudisc?: "do" | "want" | "dont"
  device?: NetDevice
  source?: number
}

export class RawTable {
  readonly #sockets = new Set<RawIcmpSocket>()

  add(socket: RawIcmpSocket): void {
    this.#sockets.add(socket)
  }

  remove(socket: RawIcmpSocket): void {
    this.#sockets.delete(socket)
  }

  /** Copies a packet to the sockets of its protocol; true when one wanted it. `skb` stays the caller's. */
  deliver(net: NetNamespace, skb: Skb): boolean {
    if (this.#sockets.size === 0 || ipv4.protocol(skb.view, skb.networkHeader) !== ipv4.IpProtocol.ICMP) return false
    for (const socket of this.#sockets) socket.receive(messageOf(net, skb))
    return true
  }

  /** An ICMP error: `skb.data` at the quoted IPv4 header. */
  error(net: NetNamespace, skb: Skb, type: number, code: number, info: number): void {
    const view = skb.view
    const quoted = skb.data
    if (this.#sockets.size === 0 || ipv4.protocol(view, quoted) !== ipv4.IpProtocol.ICMP) return
    const message: IcmpMessage = {
      ...messageOf(net, skb),
      destination: ipv4.destination(view, quoted),
      data: skb.arena.bytes.slice(quoted + ipv4.headerLength(view, quoted), skb.tail),
      error: { type, code, info },
    }
    for (const socket of this.#sockets) socket.receive(message)
  }
}

function messageOf(net: NetNamespace, skb: Skb): IcmpMessage {
  const view = skb.view
  const at = skb.networkHeader
  return {
    time: net.kernel.sim.now,
    source: ipv4.source(view, at),
    destination: ipv4.destination(view, at),
    ttl: ipv4.ttl(view, at),
    tos: ipv4.tos(view, at),
    data: skb.copyBytes(),
  }
}

/** One program's ICMP socket. Every message to the machine is delivered to it: the program picks its own by id. */
export class RawIcmpSocket {
  readonly net: NetNamespace
  readonly #queue: IcmpMessage[] = []
  readonly #arrived = new WaitQueue()

  constructor(net: NetNamespace) {
    this.net = net
    net.raw.add(this)
  }

  /** What has arrived and was not read. */
  get pending(): readonly IcmpMessage[] {
    return this.#queue
  }

  receive(message: IcmpMessage): void {
    this.#queue.push(message)
    this.#arrived.wake()
  }

  /** The MTU of the way to `destination`, 0 when there is none. */
  mtuTo(destination: number, device?: NetDevice): number {
    const way = ipRouteOutput(this.net, destination, 0, device)
    return typeof way === "string" ? 0 : routeMtu(this.net, way.dev, destination, way.route)
  }

  /** Sends an ICMP message; its checksum is filled in. `{ mtu }` when it may not be fragmented and does not fit. */
  send(destination: number, data: Uint8Array, options: IcmpSendOptions = {}): Errno | { mtu: number } | undefined {
    const way = ipRouteOutput(this.net, destination, options.source ?? 0, options.device)
    if (typeof way === "string") return way
    const mode = options.pmtudisc ?? "want"
    const mtu = routeMtu(this.net, way.dev, destination, way.route)
    if (mode === "do" && data.length + ipv4.LENGTH > mtu) return { mtu }
    const skb = this.net.kernel.arena.alloc(data.length)
    const at = skb.put(data.length)
    skb.arena.bytes.set(data, at)
    icmp.updateChecksum(skb.view, at, data.length)
    const id = undefined
    const { ttl = 0, tos = 0 } = options
    const protocol = ipv4.IpProtocol.ICMP
    // A datagram longer than the MTU goes out in fragments, without DF.
    const df = mode === "do" || (mode === "want" && data.length + ipv4.LENGTH <= mtu)
    ipQueueXmit(this.net, skb, way, {
      source: way.source,
      destination,
      protocol,
      ttl,
      tos,
      df,
      id,
      ignoreDf: mode !== "do",
    })
    return undefined
  }

  /** The next message, or `undefined` after `timeout` nanoseconds. */
  async receiveFrom(proc: Process, timeout: number): Promise<IcmpMessage | undefined> {
    const deadline = this.net.kernel.sim.now + timeout
    while (this.#queue.length === 0) {
      const left = deadline - this.net.kernel.sim.now
      if (left <= 0 || !(await proc.task.wait(this.#arrived, left))) return undefined
    }
    return this.#queue.shift()
  }

  close(): void {
    this.net.raw.remove(this)
  }
}
