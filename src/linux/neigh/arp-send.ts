/** ARP packets on their way out. Models net/ipv4/arp.c arp_send_dst and arp_solicit. */

import { MAC_BROADCAST, MAC_ZERO } from "../../wire/address.ts"
import * as arp from "../../wire/arp.ts"
import * as ethernet from "../../wire/ethernet.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import { RouteScope } from "../fib/route.ts"
import { inetSelectAddr } from "../ip/route-output.ts"
import { devQueueXmit, type NetDevice } from "../netdev.ts"
import type { Skb } from "../skb.ts"
import { type Neighbour, Nud } from "./table.ts"

export function arpSend(dev: NetDevice, to: number, packet: arp.ArpPacket): void {
  const skb = dev.net.kernel.arena.alloc(arp.LENGTH)
  arp.emit(skb.view, skb.put(arp.LENGTH), packet)
  skb.networkHeader = skb.data
  skb.protocol = ethernet.EtherType.ARP
  const at = skb.push(ethernet.LENGTH)
  skb.macHeader = at
  ethernet.emit(skb.view, at, to, dev.address, ethernet.EtherType.ARP)
  devQueueXmit(dev, skb)
}

/** Asks for `neigh`: the known address directly while probing, everybody otherwise. `skb` is what waits; its source is asked with, if it is ours. */
export function arpSolicit(neigh: Neighbour, skb: Skb | undefined): void {
  const { net, dev } = neigh
  const waiting = skb === undefined ? 0 : ipv4.source(skb.view, skb.networkHeader)
  const senderIp =
    waiting !== 0 && net.isLocal(waiting) ? waiting : inetSelectAddr(net, dev, neigh.primaryKey, RouteScope.LINK)
  const to = neigh.state === Nud.PROBE ? neigh.lladdr : MAC_BROADCAST
  arpSend(dev, to, {
    operation: arp.ArpOp.REQUEST,
    senderMac: dev.address,
    senderIp,
    targetMac: MAC_ZERO,
    targetIp: neigh.primaryKey,
  })
}

/** Announces an address of our own (arp_notify; RFC 5944 section 4.6): sender and target are the same. */
export function arpAnnounce(dev: NetDevice, address: number): void {
  arpSend(dev, MAC_BROADCAST, {
    operation: arp.ArpOp.REQUEST,
    senderMac: dev.address,
    senderIp: address,
    targetMac: dev.address,
    targetIp: address,
  })
}
