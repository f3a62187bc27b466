/** Answers a pod's ARP questions with the MAC of its own host side, whatever address it asks for. Models bpf/lib/arp.h and tail_handle_arp. */
import type { NetDevice } from "../../../../linux/netdev.ts"
import type { Skb } from "../../../../linux/skb.ts"
import { TcAct } from "../../../../linux/tc/hook.ts"
import { redirectEgress } from "../../../../linux/tc/redirect.ts"
import { MAC_BROADCAST } from "../../../../wire/address.ts"
import * as arp from "../../../../wire/arp.ts"
import * as ethernet from "../../../../wire/ethernet.ts"
import type { Endpoint } from "../endpoint.ts"

export function respondArp(skb: Skb, dev: NetDevice, endpoint: Endpoint): TcAct {
  const at = skb.data + ethernet.LENGTH
  const request = arp.parse(skb.view, at, skb.tail)
  const to = ethernet.destination(skb.view, skb.data)
  // The rest is the stack's to answer, or not; so is the pod's own address: it looks for duplicates.
  if (request?.operation !== arp.ArpOp.REQUEST || (to !== MAC_BROADCAST && to !== dev.address)) return TcAct.OK
  if (request.targetIp === endpoint.address) return TcAct.OK
  skb.cow()
  ethernet.writeMac(skb.view, skb.data, request.senderMac)
  ethernet.writeMac(skb.view, skb.data + 6, dev.address)
  arp.emit(skb.view, skb.data + ethernet.LENGTH, {
    operation: arp.ArpOp.REPLY,
    senderMac: dev.address,
    senderIp: request.targetIp,
    targetMac: request.senderMac,
    targetIp: request.senderIp,
  })
  return redirectEgress(dev, skb)
}
