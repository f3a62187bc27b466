/** The way in, and through. Models net/ipv4/ip_input.c and ip_forward.c. */

import { TraceKind } from "../../sim/trace.ts"
import { isLoopback, isMulticast, LIMITED_BROADCAST } from "../../wire/address.ts"
import { IcmpType, UnreachCode } from "../../wire/icmp.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { type Route, RouteType } from "../fib/route.ts"
import type { NetDevice } from "../netdev.ts"
import { NfHook } from "../netfilter/hook.ts"
import type { NetNamespace } from "../netns.ts"
import { PacketType, type Skb } from "../skb.ts"
import { icmpRcv, icmpSend } from "./icmp.ts"
import { ipOutput } from "./output.ts"
import { routeMtu } from "./route-output.ts"

const { IpProtocol } = ipv4

/** Takes a packet from a device: `skb.data` at the IPv4 header. Models ip_rcv. */
export function ipRcv(dev: NetDevice, skb: Skb): void {
  const net = dev.net
  net.snmp.ipInReceives++
  if (skb.packetType === PacketType.OTHERHOST) {
    kfreeSkb(net, skb, DropReason.OTHERHOST)
    return
  }
  const at = skb.data
  const view = skb.view
  if (!headerIsSound(skb, at)) {
    net.snmp.ipInHdrErrors++
    kfreeSkb(net, skb, DropReason.IP_INHDR)
    return
  }
  if (!ipv4.checksumOk(view, at)) {
    net.snmp.ipInHdrErrors++
    kfreeSkb(net, skb, DropReason.IP_CSUM)
    return
  }
  // A short frame was padded to 60 bytes on the wire.
  skb.trim(ipv4.totalLength(view, at))
  skb.networkHeader = at
  skb.transportHeader = at + ipv4.headerLength(view, at)
  if (
    (net.hooks.active & (1 << NfHook.PRE_ROUTING)) !== 0 &&
    !net.hooks.run(net, NfHook.PRE_ROUTING, skb, dev, undefined)
  )
    return
  ipRcvFinish(net, dev, skb)
}

function headerIsSound(skb: Skb, at: number): boolean {
  if (skb.length < ipv4.LENGTH) return false
  const view = skb.view
  const hlen = ipv4.headerLength(view, at)
  const total = ipv4.totalLength(view, at)
  return ipv4.version(view, at) === 4 && hlen >= ipv4.LENGTH && total >= hlen && skb.length >= total
}

/** Decides: for us, or onwards. Models ip_rcv_finish with ip_route_input_slow. */
export function ipRcvFinish(net: NetNamespace, dev: NetDevice, skb: Skb): void {
  const view = skb.view
  const source = ipv4.source(view, skb.networkHeader)
  const destination = ipv4.destination(view, skb.networkHeader)
  if (isMartian(net, dev, source, destination)) {
    net.snmp.ipInAddrErrors++
    kfreeSkb(net, skb, DropReason.IP_INADDRERRORS)
    return
  }
  if (destination === LIMITED_BROADCAST) {
    ipLocalDeliver(net, dev, skb)
    return
  }
  const route = net.fib.lookup(destination)
  const trace = net.trace
  if (trace.on !== 0) trace.emit(TraceKind.FIB_LOOKUP, skb.id, net.id, dev.ifindex, route?.dev?.ifindex ?? 0, route)
  if (route !== undefined && (route.type === RouteType.LOCAL || route.type === RouteType.BROADCAST)) {
    ipLocalDeliver(net, dev, skb)
    return
  }
  if (isMulticast(destination)) {
    kfreeSkb(net, skb, DropReason.IP_INADDRERRORS)
    return
  }
  if (!dev.forwarding) {
    net.snmp.ipInAddrErrors++
    kfreeSkb(net, skb, DropReason.IP_FORWARD_DISABLED)
    return
  }
  forwardByRoute(net, dev, skb, route)
}

function isMartian(net: NetNamespace, dev: NetDevice, source: number, destination: number): boolean {
  if (source === LIMITED_BROADCAST || isMulticast(source)) return true
  if (dev === net.loopback) return false
  if (isLoopback(source) || isLoopback(destination)) return true
  // A packet from outside that claims to come from us (fib_validate_source: the source must be unicast).
  return net.isLocal(source)
}

function forwardByRoute(net: NetNamespace, dev: NetDevice, skb: Skb, route: Route | undefined): void {
  if (route === undefined || route.type === RouteType.UNREACHABLE || route.type === RouteType.PROHIBIT) {
    net.snmp.ipInAddrErrors++
    const code =
      route === undefined
        ? UnreachCode.NET
        : route.type === RouteType.PROHIBIT
          ? UnreachCode.PKT_FILTERED
          : UnreachCode.HOST
    icmpSend(net, skb, IcmpType.DEST_UNREACH, code, 0)
    kfreeSkb(net, skb, DropReason.IP_INNOROUTES, route)
    return
  }
  if (route.type !== RouteType.UNICAST) {
    kfreeSkb(net, skb, DropReason.IP_INNOROUTES, route)
    return
  }
  skb.route = route
  skb.nexthop = route.gateway || ipv4.destination(skb.view, skb.networkHeader)
  ipForward(net, dev, skb, route.dev as NetDevice)
}

/** Models net/ipv4/ip_forward.c ip_forward. */
function ipForward(net: NetNamespace, input: NetDevice, skb: Skb, output: NetDevice): void {
  const at = skb.networkHeader
  if (ipv4.ttl(skb.view, at) <= 1) {
    net.snmp.ipInHdrErrors++
    icmpSend(net, skb, IcmpType.TIME_EXCEEDED, 0, 0)
    kfreeSkb(net, skb, DropReason.IP_TTL_EXCEEDED)
    return
  }
  const mtu = routeMtu(net, output, ipv4.destination(skb.view, at))
  if (skb.length > mtu && (ipv4.flagsAndOffset(skb.view, at) & ipv4.IP_DF) !== 0) {
    net.snmp.ipFragFails++
    icmpSend(net, skb, IcmpType.DEST_UNREACH, UnreachCode.FRAG_NEEDED, mtu)
    kfreeSkb(net, skb, DropReason.PKT_TOO_BIG, skb.route)
    return
  }
  skb.cow()
  ipv4.decreaseTtl(skb.view, skb.networkHeader)
  const trace = net.trace
  if (trace.on !== 0) trace.emit(TraceKind.IP_FORWARD, skb.id, net.id, input.ifindex, output.ifindex, skb.route)
  if ((net.hooks.active & (1 << NfHook.FORWARD)) !== 0 && !net.hooks.run(net, NfHook.FORWARD, skb, input, output))
    return
  net.snmp.ipForwDatagrams++
  ipOutput(net, skb, output, input)
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
  if ((net.hooks.active & (1 << NfHook.LOCAL_IN)) !== 0 && !net.hooks.run(net, NfHook.LOCAL_IN, whole, dev, undefined))
    return
  const trace = net.trace
  if (trace.on !== 0) trace.emit(TraceKind.IP_LOCAL_DELIVER, whole.id, net.id, dev.ifindex, 0)
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
