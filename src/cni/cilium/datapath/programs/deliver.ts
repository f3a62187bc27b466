/** To an endpoint of this node: a hop, its ingress policy, and its device. Models bpf/lib/local_delivery.h and bpf_lxc.c tail_ipv4_policy. */
import type { NetDevice } from "../../../../linux/netdev.ts"
import { PacketType, type Skb } from "../../../../linux/skb.ts"
import { TcAct } from "../../../../linux/tc/hook.ts"
import { redirectEgress } from "../../../../linux/tc/redirect.ts"
import { Drop } from "../drop.ts"
import type { Endpoint } from "../endpoint.ts"
import { type CtEntry, CtFlag } from "../maps/ct-map.ts"
import type { EndpointInfo } from "../maps/endpoint-map.ts"
import { proxyMark } from "../mark.ts"
import { CT_REASONS, CtStatus } from "./conntrack.ts"
import type { DropPlace, ProgramContext, TraceReason } from "./context.ts"
import { ipv4L3 } from "./l3.ts"
import { IPV4_LOOPBACK, reverseNat } from "./lb.ts"
import { policyCanAccess } from "./policy.ts"

/** Where a packet for a local endpoint comes from. */
export interface DeliveryFlags {
  readonly fromTunnel: boolean
  readonly fromIngressProxy: boolean
  readonly fromEgressProxy: boolean
}

export const FROM_POD: DeliveryFlags = { fromTunnel: false, fromIngressProxy: false, fromEgressProxy: false }
export const FROM_TUNNEL: DeliveryFlags = { fromTunnel: true, fromIngressProxy: false, fromEgressProxy: false }
export const FROM_INGRESS_PROXY: DeliveryFlags = { fromTunnel: false, fromIngressProxy: true, fromEgressProxy: false }
export const FROM_EGRESS_PROXY: DeliveryFlags = { fromTunnel: false, fromIngressProxy: false, fromEgressProxy: true }

/** `identity` is the sender's. REDIRECT, OK (on to the stack, for a proxy) or SHOT. */
export function ipv4LocalDelivery(
  context: ProgramContext,
  skb: Skb,
  dev: NetDevice,
  identity: number,
  info: EndpointInfo,
  flags: DeliveryFlags,
): TcAct {
  const endpoint = context.policies.get(info.id)
  const refused = ipv4L3(context.packet, info.nodeMac, info.mac)
  if (refused !== 0) return context.drop(skb, dev, refused, placeOf(identity, info))
  if (endpoint?.policy === undefined) return context.drop(skb, dev, Drop.EP_NOT_READY, placeOf(identity, info))
  return receive(context, skb, dev, identity, endpoint, flags)
}

const placeOf = (
  sourceIdentity: number,
  { id, identity }: Pick<EndpointInfo, "id" | "identity">,
  object?: unknown,
): DropPlace => ({
  endpoint: id,
  sourceIdentity,
  destinationIdentity: identity,
  destinationId: id,
  ingress: true,
  object,
})

/** Models ipv4_policy. */
function receive(
  context: ProgramContext,
  skb: Skb,
  dev: NetDevice,
  identity: number,
  endpoint: Endpoint,
  flags: DeliveryFlags,
): TcAct {
  const { packet, conntrack } = context
  const originalSource = packet.source
  const malformed = packet.loadPorts(context.fragments, context.maps.config.sctp)
  if (malformed !== 0) return context.drop(skb, dev, malformed, placeOf(identity, endpoint))
  const status = conntrack.lookup(packet, true, false)
  const { entry, monitor } = conntrack
  const reason = CT_REASONS[status]
  let proxyPort = 0
  let looped = false
  if (status === CtStatus.REPLY || status === CtStatus.RELATED) {
    const known = entry as CtEntry
    // Answers go back through the proxy that asked, unless they come from it.
    if ((known.flags & CtFlag.PROXY_REDIRECT) !== 0 && !flags.fromEgressProxy)
      return toProxy(context, skb, identity, endpoint, 0, reason, monitor, originalSource)
    if (known.revNat !== 0) reverseNat(context, known)
  } else if (!flags.fromIngressProxy) {
    looped = isLoopback(context, status, entry)
    const verdict = looped ? 0 : policyCanAccess(context, endpoint, identity, true, status)
    if (verdict < 0) return context.drop(skb, dev, -verdict, placeOf(identity, endpoint, context.decidedBy))
    proxyPort = verdict
  }
  if (status === CtStatus.NEW) {
    const state = { revNat: 0, sourceIdentity: identity, flags: createdFlags(flags, looped, proxyPort) }
    if (!conntrack.create(packet, true, state))
      return context.drop(skb, dev, Drop.CT_CREATE_FAILED, placeOf(identity, endpoint))
  }
  if (proxyPort > 0) return toProxy(context, skb, identity, endpoint, proxyPort, reason, monitor, originalSource)
  if (monitor) {
    const { dev: own, id } = endpoint
    context.trace(skb, "to-endpoint", id, identity, endpoint.identity, id, own.ifindex, reason, originalSource)
  }
  return redirectEgress(endpoint.dev, skb)
}

/** The endpoint talks to itself through a service: no policy stands between. */
function isLoopback(context: ProgramContext, status: CtStatus, entry: CtEntry | undefined): boolean {
  if (status === CtStatus.NEW)
    return context.packet.source === IPV4_LOOPBACK && context.conntrack.isLoopback(context.packet)
  return ((entry as CtEntry).flags & CtFlag.LB_LOOPBACK) !== 0
}

const createdFlags = (flags: DeliveryFlags, looped: boolean, proxyPort: number): number =>
  (flags.fromTunnel ? CtFlag.FROM_TUNNEL : 0) |
  (looped ? CtFlag.LB_LOOPBACK : 0) |
  (proxyPort > 0 ? CtFlag.PROXY_REDIRECT : 0)

/** The stack's TPROXY rule takes it from here. Models ctx_redirect_to_proxy4. */
function toProxy(
  context: ProgramContext,
  skb: Skb,
  identity: number,
  endpoint: Endpoint,
  proxyPort: number,
  reason: TraceReason,
  monitor: boolean,
  originalSource: number,
): TcAct {
  if (monitor)
    context.trace(
      skb,
      "to-proxy",
      endpoint.id,
      identity,
      endpoint.identity,
      proxyPort,
      endpoint.dev.ifindex,
      reason,
      originalSource,
    )
  skb.mark = proxyMark(proxyPort)
  skb.packetType = PacketType.HOST
  return TcAct.OK
}
