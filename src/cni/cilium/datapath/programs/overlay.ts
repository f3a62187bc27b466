/** cil_from_overlay and cil_to_overlay, on cilium_vxlan. Models bpf/bpf_overlay.c. */
import type { NetDevice } from "../../../../linux/netdev.ts"
import type { Skb } from "../../../../linux/skb.ts"
import { TcAct } from "../../../../linux/tc/hook.ts"
import { redirectIngress } from "../../../../linux/tc/redirect.ts"
import * as ethernet from "../../../../wire/ethernet.ts"
import { Drop } from "../drop.ts"
import { Identity, isRemoteNode } from "../identity.ts"
import { identityMark, Mark } from "../mark.ts"
import type { BaseDevices, DropPlace, ProgramContext } from "./context.ts"
import { FROM_TUNNEL, ipv4LocalDelivery } from "./deliver.ts"
import { ipv4L3 } from "./l3.ts"

export function fromOverlay(context: ProgramContext, skb: Skb, dev: NetDevice): TcAct {
  if (ethernet.etherType(skb.view, skb.data) !== ethernet.EtherType.IPV4) return TcAct.OK
  const { packet, maps } = context
  let identity = skb.tunnelId
  const malformed = packet.load(skb)
  if (malformed !== 0) return context.drop(skb, dev, malformed, placeOf(identity))
  // No node says of itself that it is this one.
  if (identity === Identity.HOST) return context.drop(skb, dev, Drop.INVALID_IDENTITY, placeOf(identity))
  const remote = maps.ipcache.lookup(packet.source)
  if (remote !== undefined && isRemoteNode(identity)) identity = remote.identity
  const local = maps.endpoints.lookup(packet.destination)
  if (local !== undefined && !local.host) return ipv4LocalDelivery(context, skb, dev, identity, local, FROM_TUNNEL)
  // What comes by the tunnel and is for no endpoint is for the host.
  const { host } = context.devices as BaseDevices
  const refused = ipv4L3(packet, dev.address, host.address)
  return refused === 0 ? redirectIngress(host, skb) : context.drop(skb, dev, refused, placeOf(identity))
}

const placeOf = (sourceIdentity: number): DropPlace => ({
  endpoint: 0,
  sourceIdentity,
  destinationIdentity: 0,
  destinationId: 0,
  ingress: true,
})

/** The outer packet says whose it is, for those who encrypt or count it. */
export function toOverlay(_context: ProgramContext, skb: Skb, _dev: NetDevice): TcAct {
  skb.mark = identityMark(skb.tunnelId, Mark.OVERLAY)
  return TcAct.OK
}
