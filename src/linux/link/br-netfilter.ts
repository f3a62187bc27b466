/** IPv4 inside frames that are bridged meets the hooks of IPv4 (net.bridge.bridge-nf-call-iptables). Models net/bridge/br_netfilter_hooks.c. */

import * as ethernet from "../../wire/ethernet.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { RouteType } from "../fib/route.ts"
import { ipFragment } from "../ip/fragment.ts"
import { headerFault, SOUND } from "../ip/input.ts"
import { neighFor } from "../neigh/nud.ts"
import { neighOutput } from "../neigh/output.ts"
import { devQueueXmit, type NetDevice } from "../netdev.ts"
import { NfHook } from "../netfilter/hook.ts"
import { PacketType, type Skb } from "../skb.ts"

const ipv4 = { ...ipv4Header }
const { HOST, OTHERHOST } = PacketType
const { FORWARD, POST_ROUTING, PRE_ROUTING } = NfHook

/** True when a frame that came in by a port of `br` is to be shown to the hooks. */
export const brNetfilter = (br: NetDevice, skb: Skb): boolean =>
  br.net.hooks.any && br.net.sysctl.bridgeNfCallIptables && skb.protocol === ethernet.EtherType.IPV4

/** PREROUTING of a frame that stands at its IPv4 header. True when the bridge goes on with it. Models br_nf_pre_routing. */
export function brPreRouting(br: NetDevice, port: NetDevice, skb: Skb): boolean {
  const { net } = br
  const fault = headerFault(skb)
  if (fault !== SOUND) {
    kfreeSkb(net, skb, fault)
    return false
  }
  skb.trim(ipv4.totalLength(skb.view, skb.data))
  skb.networkHeader = skb.data
  skb.transportHeader = skb.data + ipv4.headerLength(skb.view, skb.data)
  skb.physIn = port
  skb.dev = br
  const destination = ipv4.destination(skb.view, skb.networkHeader)
  // To the hooks it looks like a packet for this machine (pkt_otherhost).
  const { packetType } = skb
  if (packetType === OTHERHOST) skb.packetType = HOST
  if (!net.hooks.pass(net, PRE_ROUTING, skb, br, undefined)) return false
  skb.packetType = packetType
  const changed = ipv4.destination(skb.view, skb.networkHeader)
  return changed === destination || redirected(br, skb, changed)
}

/** A rule gave the packet another destination. Models br_nf_pre_routing_finish. */
function redirected(br: NetDevice, skb: Skb, destination: number): boolean {
  const { net } = br
  const source = ipv4.source(skb.view, skb.networkHeader)
  const route = net.fib.lookupFlow(destination, source, skb.mark, br.name, "")
  if (route === undefined) {
    kfreeSkb(net, skb, DropReason.IP_INNOROUTES)
    return false
  }
  if (route.type === RouteType.UNICAST && route.dev === br) return bridgedDnat(br, skb, route.gateway || destination)
  // Elsewhere, or here: it goes up to be routed.
  setDestination(skb, br.address)
  skb.packetType = HOST
  return true
}

/** Its new destination is behind the same bridge: the frame changes its address and stays a frame. Models br_nf_pre_routing_finish_bridge. */
function bridgedDnat(br: NetDevice, skb: Skb, nexthop: number): boolean {
  const neigh = neighFor(br.net, br, nexthop)
  if (neigh.valid) {
    setDestination(skb, neigh.lladdr)
    return true
  }
  // Once the neighbour has answered, the bridge's own transmission goes on where this stops.
  neighOutput(br.net, br, nexthop, skb)
  return false
}

function setDestination(skb: Skb, address: number): void {
  skb.cow()
  ethernet.writeMac(skb.view, skb.macHeader, address)
}

/** FORWARD and POSTROUTING of a frame on its way from port to port; true when it goes out. Models br_nf_forward_ip and br_nf_post_routing. */
export function brForward(br: NetDevice, skb: Skb, to: NetDevice): boolean {
  const { hooks } = br.net
  if (skb.packetType === OTHERHOST) skb.packetType = HOST
  skb.physOut = to
  skb.dev = br
  if (!hooks.pass(br.net, FORWARD, skb, br, br) || !hooks.pass(br.net, POST_ROUTING, skb, br, br)) return false
  if (skb.length <= to.mtu && skb.fragMaxSize === 0) return true
  sendPieces(br, skb, to)
  return false
}

/** What was put together for the hooks leaves in pieces again. Models br_nf_dev_queue_xmit. */
function sendPieces(br: NetDevice, skb: Skb, to: NetDevice): void {
  const frame = ethernet.parse(skb.view, skb.macHeader, skb.tail)
  if (frame === undefined) {
    skb.free()
    return
  }
  const mtu = skb.fragMaxSize === 0 ? to.mtu : Math.min(to.mtu, skb.fragMaxSize)
  skb.ignoreDf = true
  ipFragment(br.net, skb, mtu, (_net, piece) => {
    ethernet.emit(piece.view, piece.push(ethernet.LENGTH), frame.destination, frame.source, frame.etherType)
    devQueueXmit(to, piece)
  })
}
