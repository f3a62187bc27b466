/** ClusterIPs for pods: translation before policy, and back. Models bpf/lib/lb.h lb4_local and lb4_rev_nat. */
import * as ipv4 from "../../../../wire/ipv4.ts"
import { Drop } from "../drop.ts"
import { type CtEntry, CtFlag } from "../maps/ct-map.ts"
import type { LbBackend, LbService } from "../maps/lb-map.ts"
import type { ProgramContext } from "./context.ts"
import { setDestination, setDestinationPort, setSource, setSourcePort } from "./translate.ts"

/** Who an endpoint seems to be when it reaches itself through a service (ipv4-service-loopback-address): 169.254.42.1. */
export const IPV4_LOOPBACK = 0xa9fe2a01
const { TCP, UDP } = ipv4.IpProtocol

/** What a translation leaves for the connection tracker. */
export class LbState {
  /** rev_nat_index; 0 when no service was met. */
  revNat = 0
  loopback = false
}

/** Sends a packet for a frontend to one of its backends. 0, or why it cannot. */
export function perPacketLb(context: ProgramContext, state: LbState): number {
  const { packet, maps } = context
  state.revNat = 0
  state.loopback = false
  if (packet.protocol !== TCP && packet.protocol !== UDP) return 0
  const service = maps.lb.lookup(packet.destination, packet.destinationPort, packet.protocol)
  if (service === undefined) return 0
  const backend = backendFor(context, service)
  if (typeof backend === "number") return backend
  state.revNat = service.id
  if (service.affinityTimeout > 0) maps.lb.remember(service, packet.source, backend, maps.kernel.sim.now)
  // To itself: a packet from and to one address would be a martian.
  if (packet.source === backend.address) {
    state.loopback = true
    setSource(packet, IPV4_LOOPBACK)
  }
  setDestination(packet, backend.address)
  setDestinationPort(packet, backend.port)
  return 0
}

/** The backend of the connection, or a new one: by affinity or at random. */
function backendFor(context: ProgramContext, service: LbService): LbBackend | number {
  const { packet, maps, conntrack } = context
  const known = conntrack.service(packet, service.id)
  if (known !== undefined) {
    const backend = maps.lb.backend(known.backendId)
    if (backend !== undefined) return backend
    const chosen = choose(context, service)
    if (chosen === undefined) return Drop.NO_SERVICE
    known.backendId = chosen.id
    return chosen
  }
  if (service.backends.length === 0) return Drop.NO_SERVICE
  const affine = service.affinityTimeout > 0 ? maps.lb.affine(service, packet.source, maps.kernel.sim.now) : undefined
  const backend = affine ?? (choose(context, service) as LbBackend)
  return conntrack.createService(packet, service.id, backend.id) === undefined ? Drop.CT_CREATE_FAILED : backend
}

const choose = (context: ProgramContext, service: LbService): LbBackend | undefined =>
  service.backends.length === 0 ? undefined : service.backends[context.prng.below(service.backends.length)]

/** Makes a reply come from the frontend again. */
export function reverseNat({ packet, maps }: ProgramContext, entry: CtEntry): void {
  const service = maps.lb.byId(entry.revNat)
  if (service === undefined) return
  if ((entry.flags & CtFlag.LB_LOOPBACK) !== 0) setDestination(packet, packet.source)
  setSource(packet, service.address)
  if (packet.protocol === TCP || packet.protocol === UDP) setSourcePort(packet, service.port)
}
