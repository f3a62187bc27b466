/** cil_from_container, on the ingress of a pod's host side: what leaves the pod. Models bpf/bpf_lxc.c. */
import type { NetDevice } from "../../../../linux/netdev.ts"
import { PacketType, type Skb } from "../../../../linux/skb.ts"
import { TcAct } from "../../../../linux/tc/hook.ts"
import * as ethernet from "../../../../wire/ethernet.ts"
import { Drop } from "../drop.ts"
import type { Endpoint } from "../endpoint.ts"
import { Identity } from "../identity.ts"
import { type CtEntry, CtFlag } from "../maps/ct-map.ts"
import type { IpcacheEntry } from "../maps/ipcache-map.ts"
import { identityMark, Mark, proxyMark } from "../mark.ts"
import { respondArp } from "./arp.ts"
import { CT_REASONS, CtStatus } from "./conntrack.ts"
import type { DropPlace, ProgramContext, TraceReason } from "./context.ts"
import { FROM_POD, ipv4LocalDelivery } from "./deliver.ts"
import { encapAndRedirect } from "./encap.ts"
import { ipv4L3 } from "./l3.ts"
import { LbState, perPacketLb } from "./lb.ts"
import { respondNoService } from "./no-service.ts"
import { policyCanAccess } from "./policy.ts"

/** EtherTypes start here; below are lengths of IEEE 802.3 frames. */
const FIRST_ETHERTYPE = 0x600

export function fromContainer(context: ProgramContext, endpoint: Endpoint, skb: Skb, dev: NetDevice): TcAct {
  const type = ethernet.etherType(skb.view, skb.data)
  if (type === ethernet.EtherType.IPV4) return fromLxc(context, endpoint, skb, dev)
  if (type === ethernet.EtherType.ARP) return respondArp(skb, dev, endpoint)
  context.packet.loadForeign(skb)
  const reason = type < FIRST_ETHERTYPE ? Drop.UNSUPPORTED_L2 : Drop.UNKNOWN_L3
  return context.drop(skb, dev, reason, placeOf(endpoint, 0))
}

const placeOf = (endpoint: Endpoint, destinationIdentity: number, object?: unknown): DropPlace => ({
  endpoint: endpoint.id,
  sourceIdentity: endpoint.identity,
  destinationIdentity,
  destinationId: 0,
  ingress: false,
  object,
})

const lbState: LbState = new LbState()

/** Models __tail_handle_ipv4 and handle_ipv4_from_lxc up to the policy. */
function fromLxc(context: ProgramContext, endpoint: Endpoint, skb: Skb, dev: NetDevice): TcAct {
  const { packet, maps, conntrack } = context
  const malformed = packet.load(skb)
  if (malformed !== 0) return context.drop(skb, dev, malformed, placeOf(endpoint, 0))
  if (packet.source !== endpoint.address)
    return context.drop(skb, dev, Drop.INVALID_SIP, placeOf(endpoint, 0, endpoint))
  const unreadable = packet.loadPorts(context.fragments, context.maps.config.sctp)
  if (unreadable !== 0) return context.drop(skb, dev, unreadable, placeOf(endpoint, 0))
  const unserved = perPacketLb(context, lbState)
  if (unserved === Drop.NO_SERVICE && maps.config.serviceNoBackendResponse === "reject")
    return respondNoService(packet, dev)
  if (unserved !== 0) return context.drop(skb, dev, unserved, placeOf(endpoint, 0))
  const remote = maps.ipcache.lookup(packet.destination)
  const destinationIdentity = remote === undefined || remote.identity === 0 ? Identity.WORLD : remote.identity
  const status = conntrack.lookup(packet, false, lbState.revNat !== 0)
  const { entry, monitor } = conntrack
  const reason = CT_REASONS[status]
  if (status === CtStatus.REPLY || status === CtStatus.RELATED) {
    // The peer is a proxy of this node, which asked in somebody's name.
    if (((entry as CtEntry).flags & CtFlag.PROXY_REDIRECT) !== 0)
      return toProxy(context, endpoint, skb, 0, 0, reason, monitor)
  } else {
    const proxyPort = request(context, endpoint, skb, dev, destinationIdentity, status, entry)
    if (proxyPort < 0) return TcAct.SHOT
    if (proxyPort > 0) return toProxy(context, endpoint, skb, proxyPort, proxyPort, reason, monitor)
  }
  const hairpin = lbState.loopback || (entry !== undefined && (entry.flags & CtFlag.LB_LOOPBACK) !== 0)
  const loopbackReply = hairpin && status === CtStatus.REPLY
  return forward(context, endpoint, skb, dev, remote, destinationIdentity, loopbackReply, reason, monitor)
}

/** A packet in the direction the connection began: policy, then its entry. A proxy's port, 0, or below 0 when it was dropped. */
function request(
  context: ProgramContext,
  endpoint: Endpoint,
  skb: Skb,
  dev: NetDevice,
  destinationIdentity: number,
  status: CtStatus,
  entry: CtEntry | undefined,
): number {
  const { packet, conntrack } = context
  let proxyPort = 0
  if (!lbState.loopback) {
    proxyPort = policyCanAccess(context, endpoint, destinationIdentity, false, status)
    if (proxyPort < 0) {
      context.drop(skb, dev, -proxyPort, placeOf(endpoint, destinationIdentity, context.decidedBy))
      return proxyPort
    }
  }
  const flags = (proxyPort > 0 ? CtFlag.PROXY_REDIRECT : 0) | (lbState.loopback ? CtFlag.LB_LOOPBACK : 0)
  const stale =
    entry !== undefined && (entry.revNat !== lbState.revNat || ((entry.flags ^ flags) & CtFlag.PROXY_REDIRECT) !== 0)
  if (status === CtStatus.ESTABLISHED && !stale) return proxyPort
  const { revNat } = lbState
  if (conntrack.create(packet, false, { revNat, sourceIdentity: endpoint.identity, flags })) return proxyPort
  context.drop(skb, dev, Drop.CT_CREATE_FAILED, placeOf(endpoint, destinationIdentity))
  return -Drop.CT_CREATE_FAILED
}

function toProxy(
  context: ProgramContext,
  endpoint: Endpoint,
  skb: Skb,
  proxyPort: number,
  destinationId: number,
  reason: TraceReason,
  monitor: boolean,
): TcAct {
  if (monitor) context.trace(skb, "to-proxy", endpoint.id, endpoint.identity, 0, destinationId, 0, reason)
  skb.mark = proxyMark(proxyPort)
  skb.packetType = PacketType.HOST
  return TcAct.OK
}

/** Local endpoint, tunnel, or the stack. */
function forward(
  context: ProgramContext,
  endpoint: Endpoint,
  skb: Skb,
  dev: NetDevice,
  remote: IpcacheEntry | undefined,
  destinationIdentity: number,
  loopbackReply: boolean,
  reason: TraceReason,
  monitor: boolean,
): TcAct {
  const { packet, maps } = context
  // Answers to oneself are addressed to the loopback stand-in.
  const destination = loopbackReply ? packet.source : packet.destination
  const local = maps.endpoints.lookup(destination)
  if (local !== undefined && !local.host)
    return ipv4LocalDelivery(context, skb, dev, endpoint.identity, local, FROM_POD)
  if (local === undefined && remote !== undefined && remote.tunnelEndpoint !== 0 && !remote.skipTunnel) {
    const { id, identity } = endpoint
    return encapAndRedirect(context, skb, id, remote.tunnelEndpoint, identity, destinationIdentity, reason, monitor)
  }
  return toStack(context, endpoint, skb, dev, destinationIdentity, reason, monitor)
}

function toStack(
  context: ProgramContext,
  endpoint: Endpoint,
  skb: Skb,
  dev: NetDevice,
  destinationIdentity: number,
  reason: TraceReason,
  monitor: boolean,
): TcAct {
  const refused = ipv4L3(context.packet, 0, dev.address)
  if (refused !== 0) return context.drop(skb, dev, refused, placeOf(endpoint, destinationIdentity))
  skb.packetType = PacketType.HOST
  skb.mark = identityMark(endpoint.identity, Mark.IDENTITY)
  if (monitor) context.trace(skb, "to-stack", endpoint.id, endpoint.identity, destinationIdentity, 0, 0, reason)
  return TcAct.OK
}
