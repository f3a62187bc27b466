/** ARP packets coming in. Models net/ipv4/arp.c arp_process. */

import { SECOND } from "../../sim/simulation.ts"
import { isLoopback, isMulticast } from "../../wire/address.ts"
import * as arp from "../../wire/arp.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { RouteType } from "../fib/route.ts"
import { IFF, type NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { PacketType, type Skb } from "../skb.ts"
import { arpSend } from "./arp-send.ts"
import { neighFor, neighUpdate } from "./nud.ts"
import { Nud } from "./table.ts"

/** Takes an ARP packet: `skb.data` at its start. Consumes the skb. */
export function arpRcv(dev: NetDevice, skb: Skb): void {
  const net = dev.net
  const packet = skb.packetType === PacketType.OTHERHOST ? undefined : arp.parse(skb.view, skb.data, skb.tail)
  if (
    packet === undefined ||
    (dev.flags & IFF.NOARP) !== 0 ||
    isMulticast(packet.targetIp) ||
    isLoopback(packet.targetIp)
  ) {
    kfreeSkb(net, skb, skb.packetType === PacketType.OTHERHOST ? DropReason.OTHERHOST : DropReason.ARP_INVALID)
    return
  }
  if (packet.operation === arp.ArpOp.REQUEST && answersFor(net, packet.targetIp)) arpReply(dev, packet)
  else learnFromReply(net, dev, packet, skb)
  skb.free()
}

/** Every local address is answered on every device (arp_ignore 0). */
function answersFor(net: NetNamespace, target: number): boolean {
  return net.fib.lookup(target)?.type === RouteType.LOCAL
}

function arpReply(dev: NetDevice, request: arp.ArpPacket): void {
  // RFC 2131 duplicate address detection asks without a source: answered, not learned.
  if (request.senderIp !== 0 && request.senderIp !== request.targetIp) {
    const neigh = neighFor(dev.net, dev, request.senderIp)
    neighUpdate(neigh, request.senderMac, Nud.STALE, false)
  }
  arpSend(dev, request.senderMac, {
    operation: arp.ArpOp.REPLY,
    senderMac: dev.address,
    senderIp: request.targetIp,
    targetMac: request.senderMac,
    targetIp: request.senderIp,
  })
}

/** How long a learned address holds against a different one (net.ipv4.neigh.*.locktime). */
const LOCKTIME = SECOND

/** What is not for us still updates entries that exist; nothing is created (arp_accept 0). */
function learnFromReply(net: NetNamespace, dev: NetDevice, packet: arp.ArpPacket, skb: Skb): void {
  const neigh = net.neigh.lookup(dev, packet.senderIp)
  if (neigh === undefined) return
  const solicited = packet.operation === arp.ArpOp.REPLY && skb.packetType === PacketType.HOST
  // Of several answers in a row the first one counts.
  const override = net.kernel.sim.now > neigh.updated + LOCKTIME || isGratuitous(packet)
  neighUpdate(neigh, packet.senderMac, solicited ? Nud.REACHABLE : Nud.STALE, false, override)
}

/** Models arp_is_garp: a reply must name itself as the target too. */
const isGratuitous = ({ operation, senderIp, senderMac, targetIp, targetMac }: arp.ArpPacket): boolean =>
  senderIp === targetIp && (operation !== arp.ArpOp.REPLY || targetMac === senderMac)
