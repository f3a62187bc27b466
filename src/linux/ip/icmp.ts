/** ICMP in the kernel: answers echo requests, sends errors, tells sockets of errors. Models net/ipv4/icmp.c. */

import { isMulticast, LIMITED_BROADCAST } from "../../wire/address.ts"
import * as icmp from "../../wire/icmp.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { RouteType } from "../fib/route.ts"
import { neighEventSend, neighFor } from "../neigh/nud.ts"
import { checksumFinish } from "../netdev.ts"
import { CtInfo, ctDirection } from "../netfilter/conntrack/entry.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, PacketType, type Skb } from "../skb.ts"
import { ipQueueXmit } from "./output.ts"
import { ipRouteOutput } from "./route-output.ts"

const { IpProtocol } = ipv4
const { IcmpType, UnreachCode } = icmp
/** An error is never longer than this, its own IP header included (RFC 1812 section 4.3.2.3). */
const ERROR_MAX = 576
/** IPTOS_PREC_INTERNETCONTROL: what icmp_send gives errors. */
const ERROR_TOS = 0xc0

/** Takes a message for this machine: `skb.data` at the ICMP header. Consumes the skb. Models icmp_rcv. */
export function icmpRcv(net: NetNamespace, skb: Skb): void {
  net.snmp.icmpInMsgs++
  const view = skb.view
  const at = skb.data
  if (skb.length < icmp.LENGTH) {
    kfreeSkb(net, skb, DropReason.HDR_TRUNC)
    return
  }
  if (skb.ipSummed === IpSummed.NONE && !icmp.checksumOk(view, at, skb.length)) {
    net.snmp.icmpInCsumErrors++
    kfreeSkb(net, skb, DropReason.ICMP_CSUM)
    return
  }
  const type = icmp.type(view, at)
  if (type === IcmpType.ECHO) {
    icmpEcho(net, skb)
    return
  }
  if (type === IcmpType.DEST_UNREACH || type === IcmpType.TIME_EXCEEDED || type === IcmpType.PARAMETER_PROBLEM)
    icmpUnreach(net, skb)
  else if (type === IcmpType.REDIRECT) icmpRedirect(net, skb)
  skb.free()
}

const isBroadcast = (net: NetNamespace, destination: number): boolean =>
  destination === LIMITED_BROADCAST ||
  isMulticast(destination) ||
  net.fib.lookup(destination)?.type === RouteType.BROADCAST

/** Answers a ping with the same bytes. Models icmp_echo. */
function icmpEcho(net: NetNamespace, skb: Skb): void {
  const request = skb.networkHeader
  const source = ipv4.source(skb.view, request)
  const destination = ipv4.destination(skb.view, request)
  // Broadcasts are not answered (net.ipv4.icmp_echo_ignore_broadcasts).
  if (net.sysctl.icmpEchoIgnoreAll || isBroadcast(net, destination)) {
    skb.free()
    return
  }
  const way = ipRouteOutput(net, source, destination)
  if (typeof way === "string") {
    kfreeSkb(net, skb, DropReason.IP_OUTNOROUTES)
    return
  }
  const reply = skb.arena.alloc(skb.length)
  const at = reply.put(skb.length)
  skb.arena.bytes.copyWithin(at, skb.data, skb.tail)
  reply.view.setUint8(at, IcmpType.ECHO_REPLY)
  icmp.updateChecksum(reply.view, at, reply.length)
  reply.mark = 0
  const tos = ipv4.tos(skb.view, request)
  skb.free()
  net.snmp.icmpOutMsgs++
  ipQueueXmit(net, reply, way, {
    source: destination,
    destination: source,
    protocol: IpProtocol.ICMP,
    ttl: 0,
    tos,
    df: false,
    id: undefined,
    ignoreDf: true,
  })
}

/** Another gateway is nearer to the quoted packet's destination: believed when the present one says so. Models __ip_do_redirect. */
function icmpRedirect(net: NetNamespace, skb: Skb): void {
  const view = skb.view
  const at = skb.data
  const quoted = at + icmp.LENGTH
  if (skb.length < icmp.LENGTH + ipv4.LENGTH || skb.dev?.forwarding !== false) return
  const gateway = view.getUint32(at + 4)
  const destination = ipv4.destination(view, quoted)
  const way = ipRouteOutput(net, destination, 0)
  if (typeof way === "string" || way.dev !== skb.dev || way.nexthop !== ipv4.source(view, skb.networkHeader)) return
  const back = net.fib.lookup(gateway)
  if (gateway === way.nexthop || back?.type !== RouteType.UNICAST || back.dev !== skb.dev) return
  const neigh = neighFor(net, way.dev, gateway)
  if (!neigh.valid) {
    // First the new gateway is asked for; the next redirect finds it.
    neighEventSend(neigh, undefined)
    return
  }
  const lifetime = net.pmtu.redirect(destination, gateway)
  net.fib.touch()
  net.kernel.sim.schedule(lifetime, { fire: () => net.fib.touch() }, 0)
}

/** Tells the socket that sent the quoted packet, and learns path MTUs. Models icmp_unreach. */
function icmpUnreach(net: NetNamespace, skb: Skb): void {
  const view = skb.view
  const at = skb.data
  const type = icmp.type(view, at)
  const code = icmp.code(view, at)
  skb.pull(icmp.LENGTH)
  const quoted = skb.data
  if (skb.length < ipv4.LENGTH || skb.length < ipv4.headerLength(view, quoted)) return
  let info = 0
  if (type === IcmpType.DEST_UNREACH && code === UnreachCode.FRAG_NEEDED) {
    info = icmp.nextHopMtu(view, at)
    if (info > 0) net.pmtu.learn(ipv4.destination(view, quoted), info)
  }
  net.raw.error(net, skb, type, code, info)
  const protocol = ipv4.protocol(view, quoted)
  if (protocol === IpProtocol.TCP) net.tcp.err(skb, type, code, info)
  else if (protocol === IpProtocol.UDP) net.udp.err(skb, type, code, info)
}

/**
 * Sends an error about `skb`, whose `networkHeader` stands at its IPv4 header; `skb` stays the caller's. `info` is the next-hop MTU of
 * "fragmentation needed", the gateway of a redirect. Models icmp_send and RFC 1122 section 3.2.2.
 */
export function icmpSend(net: NetNamespace, skb: Skb, type: number, code: number, info: number): void {
  const header = skb.networkHeader
  const view = skb.view
  if (!deservesError(skb, header)) return
  const source = ipv4.source(view, header)
  const destination = ipv4.destination(view, header)
  if (net.fib.lookup(destination)?.type === RouteType.BROADCAST) return
  const local = net.isLocal(destination)
  const way = ipRouteOutput(net, source, local ? destination : 0)
  if (typeof way === "string" || way.route.type === RouteType.BROADCAST) return
  // Nobody is flooded by what stays at home.
  if (way.dev !== net.loopback && !net.kernel.icmpRateLimit.allow(net, source, type)) return
  // The quote shows what was sent: a checksum still to be computed would be rubbish to the reader.
  checksumFinish(skb)
  const quoted = Math.min(skb.tail - skb.networkHeader, ERROR_MAX - ipv4.LENGTH - icmp.LENGTH)
  const error = skb.arena.alloc(icmp.LENGTH + quoted)
  const at = error.put(icmp.LENGTH + quoted)
  icmp.emit(error.view, at, type, code, info)
  skb.arena.bytes.copyWithin(at + icmp.LENGTH, skb.networkHeader, skb.networkHeader + quoted)
  icmp.updateChecksum(error.view, at, error.length)
  error.mark = 0
  attachConnection(error, skb)
  net.snmp.icmpOutMsgs++
  ipQueueXmit(net, error, way, {
    source: way.source,
    destination: source,
    protocol: IpProtocol.ICMP,
    ttl: 0,
    tos: (ipv4.tos(view, skb.networkHeader) & 0x1e) | ERROR_TOS,
    df: false,
    id: undefined,
    ignoreDf: true,
  })
}

/** The error is part of the connection it is about, whether that is confirmed yet or not. Models nf_ct_attach in icmp_glue_bits. */
export function attachConnection(error: Skb, skb: Skb): void {
  if (skb.nfct === undefined) return
  error.nfct = skb.nfct
  error.ctinfo = ctDirection(skb.ctinfo) === 0 ? CtInfo.RELATED_REPLY : CtInfo.RELATED
}

/** No errors about broadcasts, later fragments, other errors, or packets without a single sender. */
function deservesError(skb: Skb, header: number): boolean {
  const view = skb.view
  if (skb.packetType !== PacketType.HOST && skb.packetType !== PacketType.OUTGOING) return false
  if ((ipv4.flagsAndOffset(view, header) & ipv4.IP_OFFSET) !== 0) return false
  const source = ipv4.source(view, header)
  const destination = ipv4.destination(view, header)
  if (source === 0 || source === LIMITED_BROADCAST || isMulticast(source) || isMulticast(destination)) return false
  if (ipv4.protocol(view, header) !== IpProtocol.ICMP) return true
  return !icmp.isError(icmp.type(view, header + ipv4.headerLength(view, header)))
}
