/** "Port unreachable" for a service without backends, as if it came from the frontend. Models bpf/lib/lb.h tail_no_service_ipv4. */
import type { NetDevice } from "../../../../linux/netdev.ts"
import { checksumFinish } from "../../../../linux/netdev.ts"
import type { TcAct } from "../../../../linux/tc/hook.ts"
import { redirectEgress } from "../../../../linux/tc/redirect.ts"
import * as ethernet from "../../../../wire/ethernet.ts"
import * as icmp from "../../../../wire/icmp.ts"
import * as ipv4 from "../../../../wire/ipv4.ts"
import { TUNNEL_TTL } from "./encap.ts"
import type { Packet } from "./packet.ts"

/** How much of the packet is quoted. */
const SAMPLE = 64

export function respondNoService(packet: Packet, dev: NetDevice): TcAct {
  const { skb, source, destination } = packet
  checksumFinish(skb)
  const from = ethernet.source(skb.view, skb.data)
  const to = ethernet.destination(skb.view, skb.data)
  const tos = ipv4.tos(skb.view, packet.l3)
  skb.trim(ethernet.LENGTH + SAMPLE)
  skb.pull(ethernet.LENGTH)
  const quoted = skb.length
  let at = skb.push(icmp.LENGTH)
  icmp.emit(skb.view, at, icmp.IcmpType.DEST_UNREACH, icmp.UnreachCode.PORT, 0)
  icmp.updateChecksum(skb.view, at, icmp.LENGTH + quoted)
  at = skb.push(ipv4.LENGTH)
  ipv4.emit(skb.view, at, tos, skb.length, 0, 0, TUNNEL_TTL, ipv4.IpProtocol.ICMP, destination, source)
  skb.networkHeader = at
  at = skb.push(ethernet.LENGTH)
  ethernet.emit(skb.view, at, from, to, ethernet.EtherType.IPV4)
  skb.macHeader = at
  return redirectEgress(dev, skb)
}
