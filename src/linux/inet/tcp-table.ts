/** The TCP sockets of a namespace: connections by their four numbers, listeners by port. Models net/ipv4/tcp_ipv4.c and inet_hashtables.c. */

import * as checksums from "../../wire/checksum.ts"
import { IcmpType, UnreachCode } from "../../wire/icmp.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import * as tcpHeader from "../../wire/tcp.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import type { Errno } from "../errno.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, PacketType, type Skb } from "../skb.ts"
import { ConnectionTable } from "./connection-table.ts"
import { icmpErrno } from "./icmp-errno.ts"
import { pickPort } from "./port.ts"
import type { TcpSegmentView } from "./tcp-input.ts"
import { tcpSendReset } from "./tcp-output.ts"
import { TcpSock } from "./tcp-sock.ts"
import { TcpState } from "./tcp-state.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold, csumPartial, pseudoHeaderSum } = checksums
const ipv4 = { ...ipv4Header }
const tcp = { ...tcpHeader }
const { HOST } = PacketType
const { NONE } = IpSummed

const { TcpFlag } = tcp

/** Who takes new connections of a port. */
export interface TcpListenEndpoint {
  readonly address: number
  readonly port: number
  /** SO_MARK, which accepted connections inherit. */
  readonly mark: number
  /** IP_TRANSPARENT: a rule may hand it connections to addresses of others. */
  readonly transparent: boolean
  /** True while the accept queue has room. */
  hasRoom(): boolean
  /** A connection finished its handshake. */
  established(sock: TcpSock): void
}

export class TcpTable {
  readonly #net: NetNamespace
  readonly #connections = new ConnectionTable()
  readonly #listeners = new Map<number, TcpListenEndpoint[]>()

  constructor(net: NetNamespace) {
    this.#net = net
  }

  /** Connections in order of birth: for `ss`. */
  get sockets(): TcpSock[] {
    return [...this.#connections.values()]
  }

  get listeners(): TcpListenEndpoint[] {
    return [...this.#listeners.values()].flat()
  }

  /** A new connection's socket, bound to an ephemeral port when `localPort` is 0. */
  create(
    localAddress: number,
    localPort: number,
    remoteAddress: number,
    remotePort: number,
    options: { mark?: number; transparent?: boolean } = {},
  ): TcpSock | Errno {
    const port =
      localPort ||
      pickPort(
        this.#net,
        (candidate) =>
          this.#connections.get(localAddress, candidate, remoteAddress, remotePort) !== undefined ||
          this.#listeners.has(candidate),
      )
    if (port === undefined) return "EADDRNOTAVAIL"
    if (this.#connections.get(localAddress, port, remoteAddress, remotePort) !== undefined) return "EADDRINUSE"
    return this.#add(new TcpSock(this.#net, { ...options, localAddress, localPort: port, remoteAddress, remotePort }))
  }

  #add(sock: TcpSock): TcpSock {
    this.#connections.add(sock)
    sock.onDestroy = () => this.#connections.delete(sock)
    return sock
  }

  listen(endpoint: TcpListenEndpoint): Errno | undefined {
    const bound = this.#listeners.get(endpoint.port) ?? []
    if (bound.some((other) => other.address === 0 || endpoint.address === 0 || other.address === endpoint.address))
      return "EADDRINUSE"
    this.#listeners.set(endpoint.port, [...bound, endpoint])
    return undefined
  }

  unlisten(endpoint: TcpListenEndpoint): void {
    const left = (this.#listeners.get(endpoint.port) ?? []).filter((other) => other !== endpoint)
    if (left.length === 0) this.#listeners.delete(endpoint.port)
    else this.#listeners.set(endpoint.port, left)
  }

  /** Models tcp_v4_rcv: `skb.data` at the TCP header. Consumes the skb. */
  rcv(skb: Skb): void {
    const net = this.#net
    net.snmp.tcpInSegs++
    const view = skb.view
    const at = skb.data
    const header = skb.length < tcp.LENGTH ? 0 : tcp.headerLength(view, at)
    if (header < tcp.LENGTH || header > skb.length || skb.packetType !== HOST) {
      net.snmp.tcpInErrs++
      kfreeSkb(net, skb, DropReason.PKT_TOO_SMALL)
      return
    }
    if (!checksumOk(skb)) {
      net.snmp.tcpInCsumErrors++
      kfreeSkb(net, skb, DropReason.TCP_CSUM)
      return
    }
    const local = ipv4.destination(view, skb.networkHeader)
    const remote = ipv4.source(view, skb.networkHeader)
    const chosen = skb.sk
    const sock =
      chosen instanceof TcpSock
        ? chosen
        : this.#connections.get(local, tcp.destinationPort(view, at), remote, tcp.sourcePort(view, at))
    if (sock !== undefined && !this.#reopens(sock, skb)) {
      sock.receive(segmentOf(skb, header))
      skb.free()
    } else this.#rcvNew(skb, header, local, remote)
  }

  /** A SYN above the old sequence space ends a TIME-WAIT early (RFC 6191). */
  #reopens(sock: TcpSock, skb: Skb): boolean {
    const flags = tcp.flags(skb.view, skb.data)
    if (sock.state !== TcpState.TIME_WAIT || (flags & (TcpFlag.SYN | TcpFlag.RST | TcpFlag.ACK)) !== TcpFlag.SYN)
      return false
    sock.onDestroy()
    return true
  }

  #rcvNew(skb: Skb, header: number, local: number, remote: number): void {
    const net = this.#net
    const flags = tcp.flags(skb.view, skb.data)
    const port = tcp.destinationPort(skb.view, skb.data)
    // A rule or a program may have chosen the listener (skb_steal_sock): then it is not the one of this address.
    const chosen = skb.sk instanceof TcpSock ? undefined : (skb.sk as TcpListenEndpoint | undefined)
    const endpoint = chosen ?? this.listener(local, port)
    if (endpoint === undefined || (flags & TcpFlag.ACK) !== 0) {
      tcpSendReset(net, skb)
      kfreeSkb(net, skb, DropReason.NO_SOCKET)
      return
    }
    if ((flags & (TcpFlag.SYN | TcpFlag.RST)) !== TcpFlag.SYN || !endpoint.hasRoom()) {
      kfreeSkb(net, skb, DropReason.NOT_SPECIFIED)
      return
    }
    const addresses = {
      localAddress: local,
      localPort: port,
      remoteAddress: remote,
      remotePort: tcp.sourcePort(skb.view, skb.data),
      mark: endpoint.mark,
      transparent: endpoint.transparent,
    }
    const sock = this.#add(new TcpSock(net, addresses))
    sock.onEstablished = () => endpoint.established(sock)
    sock.acceptSyn(segmentOf(skb, header))
    skb.free()
  }

  /** The connection with these four numbers, for rules that look ahead. */
  connection(local: number, localPort: number, remote: number, remotePort: number): TcpSock | undefined {
    return this.#connections.get(local, localPort, remote, remotePort)
  }

  /** Who listens there: on the address itself, else on all. */
  listener(address: number, port: number): TcpListenEndpoint | undefined {
    const candidates = this.#listeners.get(port)
    return (
      candidates?.find((endpoint) => endpoint.address === address) ??
      candidates?.find((endpoint) => endpoint.address === 0)
    )
  }

  /** An ICMP error came back: `skb.data` at the quoted IPv4 header. */
  err(skb: Skb, type: number, code: number, _info: number): void {
    const view = skb.view
    const quoted = skb.data
    const at = quoted + ipv4.headerLength(view, quoted)
    if (at + 8 > skb.tail) return
    const sock = this.#connections.get(
      ipv4.source(view, quoted),
      tcp.sourcePort(view, at),
      ipv4.destination(view, quoted),
      tcp.destinationPort(view, at),
    )
    if (sock === undefined) return
    if (type === IcmpType.DEST_UNREACH && code === UnreachCode.FRAG_NEEDED) sock.mtuReduced()
    else {
      const converted = icmpErrno(type, code)
      if (converted !== undefined) sock.icmpError(converted.errno, converted.fatal)
    }
  }
}

function segmentOf(skb: Skb, header: number): TcpSegmentView {
  const view = skb.view
  const at = skb.data
  return {
    seq: tcp.sequence(view, at),
    ack: tcp.acknowledgment(view, at),
    flags: tcp.flags(view, at),
    window: tcp.window(view, at),
    options: tcp.parseOptions(view, at + tcp.LENGTH, at + header),
    payload: skb.arena.copyOut(at + header, skb.tail),
  }
}

function checksumOk(skb: Skb): boolean {
  if (skb.ipSummed !== NONE) return true
  const view = skb.view
  const pseudo = pseudoHeaderSum(
    ipv4.source(view, skb.networkHeader),
    ipv4.destination(view, skb.networkHeader),
    ipv4.IpProtocol.TCP,
    skb.length,
  )
  return csumFold(csumPartial(view, skb.data, skb.length, pseudo)) === 0
}
