/** cil_from_host and cil_to_host, on cilium_host and cilium_net, and cil_from_netdev on the uplinks. Models bpf/bpf_host.c. */
import type { NetDevice } from "../../../../linux/netdev.ts"
import { PacketType, type Skb } from "../../../../linux/skb.ts"
import { TcAct } from "../../../../linux/tc/hook.ts"
import * as ethernet from "../../../../wire/ethernet.ts"
import { Drop } from "../drop.ts"
import { Identity, isReserved } from "../identity.ts"
import { MARK_HOST_MASK, Mark, markIdentity } from "../mark.ts"
import type { BaseDevices, DropPlace, ProgramContext } from "./context.ts"
import { FROM_EGRESS_PROXY, FROM_INGRESS_PROXY, FROM_POD, ipv4LocalDelivery } from "./deliver.ts"
import { encapAndRedirect } from "./encap.ts"

/** What the host, its proxies or those it forwards for send to pods and to the host's own router address. */
export function fromHost(context: ProgramContext, skb: Skb, dev: NetDevice): TcAct {
  if (ethernet.etherType(skb.view, skb.data) !== ethernet.EtherType.IPV4) return TcAct.OK
  const { packet, maps } = context
  const magic = skb.mark & MARK_HOST_MASK
  let identity = identityFromMark(skb.mark, magic)
  const malformed = packet.load(skb)
  if (malformed !== 0) return context.drop(skb, dev, malformed, placeOf(identity))
  // It has been read: no routing rule may meet it again.
  skb.mark = 0
  identity = resolveSource(context, identity)
  const local = maps.endpoints.lookup(packet.destination)
  if (local !== undefined) {
    if (local.host) return toPeer(context, skb)
    const flags =
      magic === Mark.PROXY_INGRESS ? FROM_INGRESS_PROXY : magic === Mark.PROXY_EGRESS ? FROM_EGRESS_PROXY : FROM_POD
    return ipv4LocalDelivery(context, skb, dev, identity, local, flags)
  }
  const remote = maps.ipcache.lookup(packet.destination)
  if (remote !== undefined && remote.tunnelEndpoint !== 0 && !remote.skipTunnel)
    return encapAndRedirect(context, skb, 0, remote.tunnelEndpoint, identity, remote.identity, "unknown", true)
  if (magic === Mark.PROXY_INGRESS || magic === Mark.PROXY_EGRESS) {
    skb.mark = Mark.SKIP_TPROXY
    return toPeer(context, skb)
  }
  // Nobody knows the address, and the route that led here would lead here again.
  if (remote === undefined || remote.identity === Identity.WORLD)
    return context.drop(skb, dev, Drop.UNROUTABLE, placeOf(identity))
  return toPeer(context, skb)
}

/** Models inherit_identity_from_host. */
function identityFromMark(mark: number, magic: number): number {
  if (magic === Mark.PROXY_INGRESS || magic === Mark.PROXY_EGRESS || magic === Mark.IDENTITY) return markIdentity(mark)
  return magic === Mark.HOST ? Identity.HOST : Identity.WORLD
}

/**
 * A reserved identity is refined by the source address. An address of the host is no proof: whatever was masqueraded has it too; the mark is.
 * Models resolve_srcid_ipv4.
 */
function resolveSource({ packet, maps }: ProgramContext, identity: number): number {
  if (!isReserved(identity)) return identity
  const known = maps.ipcache.lookup(packet.source)?.identity
  return known === undefined || known === 0 || known === Identity.HOST ? identity : known
}

const placeOf = (sourceIdentity: number): DropPlace => ({
  endpoint: 0,
  sourceIdentity,
  destinationIdentity: 0,
  destinationId: 0,
  ingress: true,
})

/** On through cilium_net, whose MAC it must have to be taken in. Models rewrite_dmac_to_host. */
function toPeer(context: ProgramContext, skb: Skb): TcAct {
  const { net } = context.devices as BaseDevices
  ethernet.writeMac(skb.view, skb.data, net.address)
  return TcAct.OK
}

/** What reaches the host through its own pair: proxies' packets are taken in whatever MAC they carry. */
export function toHost(_context: ProgramContext, skb: Skb, _dev: NetDevice): TcAct {
  if ((skb.mark & MARK_HOST_MASK) === Mark.TO_PROXY) skb.packetType = PacketType.HOST
  return TcAct.OK
}

/** Without NodePort in BPF and host firewall it has nothing to decide: traces from-network are left out (aggregation). */
export function fromNetdev(_context: ProgramContext, _skb: Skb, _dev: NetDevice): TcAct {
  return TcAct.OK
}
