/** The way out. Models net/ipv4/ip_output.c. */

import * as address from "../../wire/address.ts"
import * as ethernetHeader from "../../wire/ethernet.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { RouteType } from "../fib/route.ts"
import { neighOutput } from "../neigh/output.ts"
import { devQueueXmit, type NetDevice } from "../netdev.ts"
import { NfHook } from "../netfilter/hook.ts"
import type { NetNamespace } from "../netns.ts"
import { PacketType, type Skb } from "../skb.ts"
import { ipFragment } from "./fragment.ts"
import { type OutputRoute, routeMtu } from "./route-output.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { isMulticast, LIMITED_BROADCAST } = address
const ethernet = { ...ethernetHeader }
const ipv4 = { ...ipv4Header }
const { BROADCAST } = PacketType
const { BROADCAST: ROUTE_BROADCAST } = RouteType
const { LOCAL_OUT, POST_ROUTING } = NfHook

export interface IpOutputOptions {
  /** SO_MARK: absent keeps the packet's. */
  mark?: number
  source: number
  destination: number
  protocol: number
  /** net.ipv4.ip_default_ttl when 0. */
  ttl: number
  tos: number
  /** Set Don't Fragment. */
  df: boolean
  /** A connected socket's own counter; `undefined` takes the machine's counters (or 0 for DF packets that may not be fragmented). */
  id: number | undefined
  /** Draw an ID and fragment although DF is set, as sockets in IP_PMTUDISC_WANT do (skb->ignore_df). */
  ignoreDf: boolean
}

/**
 * Sends a transport segment: puts an IPv4 header in front of `skb.data` and hands the packet to netfilter and the device. The skb is consumed.
 * Models __ip_queue_xmit and ip_push_pending_frames.
 */
export function ipQueueXmit(net: NetNamespace, skb: Skb, way: OutputRoute, options: IpOutputOptions): void {
  skb.transportHeader = skb.data
  const at = skb.push(ipv4.LENGTH)
  skb.networkHeader = at
  skb.protocol = ethernet.EtherType.IPV4
  skb.ignoreDf = options.ignoreDf
  const { source, destination, protocol } = options
  const id = options.id ?? (options.df && !options.ignoreDf ? 0 : net.kernel.idents.next(source, destination, protocol))
  const ttl = options.ttl || net.sysctl.defaultTtl
  ipv4.emit(
    skb.view,
    at,
    options.tos,
    skb.length,
    id & 0xffff,
    options.df ? ipv4.IP_DF : 0,
    ttl,
    protocol,
    source,
    destination,
  )
  if (options.mark !== undefined) skb.mark = options.mark
  skb.route = way.route
  skb.nexthop = way.nexthop
  skb.dev = way.dev
  net.snmp.ipOutRequests++
  ipLocalOut(net, skb)
}

/** A packet of this machine, header and route done, meets OUTPUT and leaves. Models ip_local_out. */
export function ipLocalOut(net: NetNamespace, skb: Skb): void {
  if (!net.hooks.pass(net, LOCAL_OUT, skb, undefined, skb.dev)) return
  // A rule may have sent it another way.
  ipOutput(net, skb, skb.dev as NetDevice, undefined)
}

/** POSTROUTING, then fragmentation, then the neighbour. Models ip_output, ip_finish_output. `input` is where a forwarded packet came from. */
export function ipOutput(net: NetNamespace, skb: Skb, dev: NetDevice, input: NetDevice | undefined): void {
  skb.dev = dev
  const destination = ipv4.destination(skb.view, skb.networkHeader)
  if (destination === LIMITED_BROADCAST || isMulticast(destination) || skb.route?.type === ROUTE_BROADCAST)
    skb.packetType = BROADCAST
  if (!net.hooks.pass(net, POST_ROUTING, skb, input, dev)) return
  const mtu = routeMtu(net, dev, destination, skb.route)
  // What was put together on the way goes on in pieces as large as those that came.
  if (skb.length > mtu || skb.fragMaxSize !== 0)
    ipFragment(net, skb, skb.fragMaxSize === 0 ? mtu : Math.min(mtu, skb.fragMaxSize), ipFinishOutput)
  else ipFinishOutput(net, skb)
}

/** Models ip_finish_output2. */
function ipFinishOutput(net: NetNamespace, skb: Skb): void {
  const dev = skb.dev as NetDevice
  if (dev === net.loopback) {
    loopbackOutput(dev, skb)
    return
  }
  if (skb.headroom < ethernet.LENGTH) {
    kfreeSkb(net, skb, DropReason.NOT_SPECIFIED)
    return
  }
  neighOutput(net, dev, skb.nexthop, skb)
}

/** Loopback has no neighbours: an all-zero Ethernet header, as NOARP devices get. */
function loopbackOutput(dev: NetDevice, skb: Skb): void {
  const at = skb.push(ethernet.LENGTH)
  ethernet.emit(skb.view, at, 0, 0, ethernet.EtherType.IPV4)
  devQueueXmit(dev, skb)
}
