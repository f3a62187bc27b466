/** The way in, and through. Models net/ipv4/ip_input.c and ip_forward.c. */

import { TraceKind } from "../../sim/trace.ts"
import * as address from "../../wire/address.ts"
import { IcmpType, UnreachCode } from "../../wire/icmp.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { nexthopOf, type Route, RouteScope, RouteType } from "../fib/route.ts"
import type { NetDevice } from "../netdev.ts"
import { NfHook } from "../netfilter/hook.ts"
import type { NetNamespace } from "../netns.ts"
import { PacketType, type Skb } from "../skb.ts"
import { icmpRcv, icmpSend } from "./icmp.ts"
import { ipOutput } from "./output.ts"
import { routeMtu } from "./route-output.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { isLoopback, isMulticast, LIMITED_BROADCAST } = address
const ipv4 = { ...ipv4Header }
const { OTHERHOST } = PacketType
const { BROADCAST, LOCAL, UNICAST } = RouteType
const { FORWARD, LOCAL_IN, PRE_ROUTING } = NfHook
const { IpProtocol } = ipv4
/** ICMP_REDIR_HOST: for this destination only. */
const REDIRECT_HOST = 1

/** Takes a packet from a device: `skb.data` at the IPv4 header. Models ip_rcv. */
export function ipRcv(dev: NetDevice, skb: Skb): void {
  const net = dev.net
  net.snmp.ipInReceives++
  if (skb.packetType === OTHERHOST) {
    kfreeSkb(net, skb, DropReason.OTHERHOST)
    return
  }
  const fault = headerFault(skb)
  if (fault !== SOUND) {
    net.snmp.ipInHdrErrors++
    kfreeSkb(net, skb, fault)
    return
  }
  const at = skb.data
  const view = skb.view
  // A short frame was padded to 60 bytes on the wire.
  skb.trim(ipv4.totalLength(view, at))
  skb.networkHeader = at
  skb.transportHeader = at + ipv4.headerLength(view, at)
  if (skb.physIn !== undefined) {
    // The bridge has shown it to these hooks already (ip_sabotage_in).
    skb.physIn = undefined
    ipRcvFinish(net, dev, skb)
  } else if (net.hooks.pass(net, PRE_ROUTING, skb, dev, undefined)) ipRcvFinish(net, dev, skb)
}

export const SOUND = 0

/** What is wrong with the header at `skb.data`, if anything. */
export function headerFault(skb: Skb): typeof SOUND | DropReason {
  const at = skb.data
  const { view, length } = skb
  if (length < ipv4.LENGTH || ipv4.version(view, at) !== 4) return DropReason.IP_INHDR
  const hlen = ipv4.headerLength(view, at)
  const total = ipv4.totalLength(view, at)
  if (hlen < ipv4.LENGTH || total < hlen || length < total) return DropReason.IP_INHDR
  return ipv4.checksumOk(view, at) ? SOUND : DropReason.IP_CSUM
}

/** Decides: for us, or onwards. Models ip_rcv_finish with ip_route_input_slow. */
export function ipRcvFinish(net: NetNamespace, dev: NetDevice, skb: Skb): void {
  const view = skb.view
  const destination = ipv4.destination(view, skb.networkHeader)
  if (isMartian(net, dev, ipv4.source(view, skb.networkHeader), destination)) {
    refuse(net, skb, DropReason.IP_INADDRERRORS)
    return
  }
  if (destination === LIMITED_BROADCAST) {
    ipLocalDeliver(net, dev, skb)
    return
  }
  const route = net.fib.policy
    ? net.fib.lookupFlow(destination, ipv4.source(view, skb.networkHeader), skb.mark, dev.name, "")
    : net.fib.lookup(destination)
  if (net.trace.on !== 0) traceLookup(net, dev, skb, route)
  if (route !== undefined && route.type === UNICAST && dev.forwarding && !isMulticast(destination)) {
    skb.route = route
    skb.nexthop = nexthopOf(route, destination)
    ipForward(net, dev, skb, route.dev as NetDevice)
  } else ipNotForwarded(net, dev, skb, route, destination)
}

/** What arrived is for us, or goes nowhere. */
function ipNotForwarded(
  net: NetNamespace,
  dev: NetDevice,
  skb: Skb,
  route: Route | undefined,
  destination: number,
): void {
  if (route !== undefined && (route.type === LOCAL || route.type === BROADCAST)) ipLocalDeliver(net, dev, skb)
  else if (isMulticast(destination)) kfreeSkb(net, skb, DropReason.IP_INADDRERRORS)
  else if (!dev.forwarding) refuse(net, skb, DropReason.IP_FORWARD_DISABLED)
  else noRoute(net, skb, route)
}

function traceLookup(net: NetNamespace, dev: NetDevice, skb: Skb, route: Route | undefined): void {
  net.trace.emit(TraceKind.FIB_LOOKUP, skb.id, net.id, dev.ifindex, route?.dev?.ifindex ?? 0, route)
}

/** Addresses that no packet from outside may have. Models the martian checks of ip_route_input_slow and fib_validate_source. */
export function isMartian(net: NetNamespace, dev: NetDevice, source: number, destination: number): boolean {
  if (source === LIMITED_BROADCAST || isMulticast(source)) return true
  // Only who has no address yet may speak from none, and to everybody (DHCP).
  if (source >>> 24 === 0 && destination !== LIMITED_BROADCAST) return true
  if (destination >>> 24 === 0) return true
  if (dev === net.loopback) return false
  if (isLoopback(source) || isLoopback(destination)) return !net.sysctl.routeLocalnet
  // A packet from outside that claims to come from us (fib_validate_source: the source must be unicast).
  return !dev.acceptLocal && net.isLocal(source)
}

/** Drops a packet for its addresses. */
function refuse(net: NetNamespace, skb: Skb, reason: DropReason): void {
  net.snmp.ipInAddrErrors++
  kfreeSkb(net, skb, reason)
}

/** No way onwards: says so, unless the way is a black hole. Models ip_error. */
function noRoute(net: NetNamespace, skb: Skb, route: Route | undefined): void {
  if (route === undefined || route.type === RouteType.UNREACHABLE || route.type === RouteType.PROHIBIT) {
    net.snmp.ipInAddrErrors++
    const code =
      route === undefined
        ? UnreachCode.NET
        : route.type === RouteType.PROHIBIT
          ? UnreachCode.PKT_FILTERED
          : UnreachCode.HOST
    if (net.kernel.icmpRateLimit.allowRouteError(net, ipv4.source(skb.view, skb.networkHeader)))
      icmpSend(net, skb, IcmpType.DEST_UNREACH, code, 0)
  }
  kfreeSkb(net, skb, DropReason.IP_INNOROUTES, route)
}

/** Models net/ipv4/ip_forward.c ip_forward. */
function ipForward(net: NetNamespace, input: NetDevice, skb: Skb, output: NetDevice): void {
  const at = skb.networkHeader
  if (ipv4.ttl(skb.view, at) <= 1) {
    ttlExceeded(net, skb)
    return
  }
  const mtu = routeMtu(net, output, ipv4.destination(skb.view, at), skb.route)
  if (skb.length > mtu && (ipv4.flagsAndOffset(skb.view, at) & ipv4.IP_DF) !== 0) {
    tooBig(net, skb, mtu)
    return
  }
  skb.cow()
  ipv4.decreaseTtl(skb.view, skb.networkHeader)
  if (output === input) sendRedirect(net, skb, input)
  if (net.trace.on !== 0) net.trace.emit(TraceKind.IP_FORWARD, skb.id, net.id, input.ifindex, output.ifindex, skb.route)
  if (!net.hooks.pass(net, FORWARD, skb, input, output)) return
  net.snmp.ipForwDatagrams++
  ipOutput(net, skb, output, input)
}

function ttlExceeded(net: NetNamespace, skb: Skb): void {
  net.snmp.ipInHdrErrors++
  icmpSend(net, skb, IcmpType.TIME_EXCEEDED, 0, 0)
  kfreeSkb(net, skb, DropReason.IP_TTL_EXCEEDED)
}

/** The packet goes out where it came in: its sender could have asked the next hop itself. Models ip_rt_send_redirect. */
function sendRedirect(net: NetNamespace, skb: Skb, dev: NetDevice): void {
  const source = ipv4.source(skb.view, skb.networkHeader)
  const back = net.fib.lookup(source)
  if (back?.dev !== dev || back.scope < RouteScope.LINK || !net.kernel.icmpRateLimit.allowRedirect(net, source)) return
  icmpSend(net, skb, IcmpType.REDIRECT, REDIRECT_HOST, skb.nexthop)
}

function tooBig(net: NetNamespace, skb: Skb, mtu: number): void {
  net.snmp.ipFragFails++
  icmpSend(net, skb, IcmpType.DEST_UNREACH, UnreachCode.FRAG_NEEDED, mtu)
  kfreeSkb(net, skb, DropReason.PKT_TOO_BIG, skb.route)
}

/** Models ip_local_deliver: reassembly, INPUT, then the protocol. */
function ipLocalDeliver(net: NetNamespace, dev: NetDevice, skb: Skb): void {
  let whole: Skb = skb
  if (ipv4.isFragment(skb.view, skb.networkHeader)) {
    const joined = net.fragments.add(skb)
    if (joined === undefined) return
    whole = joined
    whole.data = whole.networkHeader
  }
  if (!net.hooks.pass(net, LOCAL_IN, whole, dev, undefined)) return
  if (net.trace.on !== 0) net.trace.emit(TraceKind.IP_LOCAL_DELIVER, whole.id, net.id, dev.ifindex, 0)
  deliverToProtocol(net, whole)
}

/** Models ip_protocol_deliver_rcu. */
function deliverToProtocol(net: NetNamespace, skb: Skb): void {
  const protocol = ipv4.protocol(skb.view, skb.networkHeader)
  skb.data = skb.transportHeader
  net.snmp.ipInDelivers++
  const wanted = net.raw.deliver(net, skb)
  if (protocol === IpProtocol.TCP) net.tcp.rcv(skb)
  else if (protocol === IpProtocol.UDP) net.udp.rcv(skb)
  else if (protocol === IpProtocol.ICMP) icmpRcv(net, skb)
  else {
    if (!wanted) icmpSend(net, skb, IcmpType.DEST_UNREACH, UnreachCode.PROT, 0)
    kfreeSkb(net, skb, DropReason.INVALID_PROTO)
  }
}
