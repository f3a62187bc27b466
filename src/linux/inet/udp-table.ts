/** UDP: which socket gets a datagram. Models net/ipv4/udp.c. */

import * as checksums from "../../wire/checksum.ts"
import * as icmp from "../../wire/icmp.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import * as udpHeader from "../../wire/udp.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import type { Errno } from "../errno.ts"
import { icmpSend } from "../ip/icmp.ts"
import { checksumFinish } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { NumberMap } from "../number-map.ts"
import { IpSummed, PacketType, type Skb } from "../skb.ts"
import { icmpErrno } from "./icmp-errno.ts"
import { pickPort } from "./port.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold, csumPartial, pseudoHeaderSum } = checksums
const ipv4 = { ...ipv4Header }
const udp = { ...udpHeader }
const { HOST } = PacketType
const { NONE } = IpSummed

/** What the table needs of a socket. */
export interface UdpEndpoint {
  localAddress: number
  localPort: number
  remoteAddress: number
  remotePort: number
  /** SO_MARK. */
  readonly mark: number
  /** IP_TRANSPARENT: a rule may hand it datagrams for others. */
  readonly transparent: boolean
  /** SO_REUSEPORT. */
  readonly reuse: boolean
  /** Takes a datagram: `skb.data` at the UDP header. Consumes it. */
  receive(skb: Skb): void
  /** An ICMP error about something this socket sent. */
  error(errno: Errno): void
}

/** A user inside the kernel, as a VXLAN device is. */
export interface KernelUdpUser {
  encapRcv(net: NetNamespace, skb: Skb): boolean
}

export class UdpTable {
  readonly #net: NetNamespace
  readonly #ports = new NumberMap<UdpEndpoint[]>()
  readonly #kernelUsers = new NumberMap<KernelUdpUser>()

  constructor(net: NetNamespace) {
    this.#net = net
  }

  /** All sockets, kernel users as bare ports: for `ss -u`. */
  endpoints(): UdpEndpoint[] {
    return [...this.#ports.values()].flat()
  }

  kernelPorts(): number[] {
    return [...this.#kernelUsers.keys()]
  }

  /** Binds a socket; port 0 draws an ephemeral one. */
  bind(endpoint: UdpEndpoint): Errno | undefined {
    if (endpoint.localPort === 0) {
      const port = pickPort(this.#net, (candidate) => this.#ports.has(candidate) || this.#kernelUsers.has(candidate))
      if (port === undefined) return "EAGAIN"
      endpoint.localPort = port
    }
    const bound = this.#ports.get(endpoint.localPort) ?? []
    const clash = bound.some(
      (other) =>
        !(other.reuse && endpoint.reuse) &&
        (other.localAddress === 0 || endpoint.localAddress === 0 || other.localAddress === endpoint.localAddress),
    )
    if (clash || this.#kernelUsers.has(endpoint.localPort)) return "EADDRINUSE"
    this.#ports.set(endpoint.localPort, [...bound, endpoint])
    return undefined
  }

  unbind(endpoint: UdpEndpoint): void {
    const left = (this.#ports.get(endpoint.localPort) ?? []).filter((other) => other !== endpoint)
    if (left.length === 0) this.#ports.delete(endpoint.localPort)
    else this.#ports.set(endpoint.localPort, left)
  }

  bindKernel(port: number, user: KernelUdpUser): Errno | undefined {
    if (this.#ports.has(port) || this.#kernelUsers.has(port)) return "EADDRINUSE"
    this.#kernelUsers.set(port, user)
    return undefined
  }

  unbindKernel(port: number): void {
    this.#kernelUsers.delete(port)
  }

  /** Models __udp4_lib_rcv: `skb.data` at the UDP header. Consumes the skb. */
  rcv(skb: Skb): void {
    const net = this.#net
    const view = skb.view
    const at = skb.data
    const length = skb.length < udp.LENGTH ? 0 : udp.length(view, at)
    if (length < udp.LENGTH || length > skb.length) {
      net.snmp.udpInErrors++
      kfreeSkb(net, skb, DropReason.PKT_TOO_SMALL)
      return
    }
    skb.trim(length)
    if (!checksumOk(skb)) {
      net.snmp.udpInCsumErrors++
      net.snmp.udpInErrors++
      kfreeSkb(net, skb, DropReason.UDP_CSUM)
      return
    }
    const port = udp.destinationPort(view, at)
    const user = this.#kernelUsers.get(port)
    if (user !== undefined) {
      net.snmp.udpInDatagrams++
      if (user.encapRcv(net, skb)) return
    }
    const endpoint =
      this.#chosen(skb) ??
      this.lookup(
        ipv4.destination(view, skb.networkHeader),
        port,
        ipv4.source(view, skb.networkHeader),
        udp.sourcePort(view, at),
      )
    if (endpoint !== undefined) {
      net.snmp.udpInDatagrams++
      // Somebody else's tunnel ends in a program: it reads the inner packet's checksum.
      if (skb.csumStart > at) checksumFinish(skb)
      endpoint.receive(skb)
      return
    }
    net.snmp.udpNoPorts++
    if (skb.packetType === HOST) icmpSend(net, skb, icmp.IcmpType.DEST_UNREACH, icmp.UnreachCode.PORT, 0)
    kfreeSkb(net, skb, DropReason.NO_SOCKET)
  }

  /** What a rule or a program chose for it before routing, if it is still there. Models skb_steal_sock. */
  #chosen({ sk }: Skb): UdpEndpoint | undefined {
    if (sk === undefined || !("localPort" in sk)) return undefined
    const endpoint = sk as UdpEndpoint
    return this.#ports.get(endpoint.localPort)?.includes(endpoint) === true ? endpoint : undefined
  }

  /** An ICMP error came back: `skb.data` at the quoted IPv4 header. Models __udp4_lib_err. */
  err(skb: Skb, type: number, code: number, _info: number): void {
    const view = skb.view
    const quoted = skb.data
    const at = quoted + ipv4.headerLength(view, quoted)
    if (at + 4 > skb.tail) return
    const endpoint = this.lookup(
      ipv4.source(view, quoted),
      udp.sourcePort(view, at),
      ipv4.destination(view, quoted),
      udp.destinationPort(view, at),
    )
    const errno = icmpErrno(type, code)
    // Soft errors reach connected sockets only.
    if (endpoint !== undefined && endpoint.remotePort !== 0 && errno !== undefined) endpoint.error(errno.errno)
  }

  /** The best match: more bound parts score higher (compute_score). */
  lookup(local: number, localPort: number, remote: number, remotePort: number): UdpEndpoint | undefined {
    let best: UdpEndpoint | undefined
    let bestScore = -1
    for (const endpoint of this.#ports.get(localPort) ?? []) {
      let score = 0
      if (endpoint.localAddress !== 0) {
        if (endpoint.localAddress !== local) continue
        score += 4
      }
      if (endpoint.remotePort !== 0) {
        if (endpoint.remoteAddress !== remote || endpoint.remotePort !== remotePort) continue
        score += 8
      }
      if (score > bestScore) {
        best = endpoint
        bestScore = score
      }
    }
    return best
  }
}

function checksumOk(skb: Skb): boolean {
  const view = skb.view
  if (skb.ipSummed !== NONE || udp.checksum(view, skb.data) === 0) return true
  const source = ipv4.source(view, skb.networkHeader)
  const destination = ipv4.destination(view, skb.networkHeader)
  const pseudo = pseudoHeaderSum(source, destination, ipv4.IpProtocol.UDP, skb.length)
  return csumFold(csumPartial(view, skb.data, skb.length, pseudo)) === 0
}
