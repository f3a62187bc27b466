/** What all programs of a node share: maps, devices, the packet in hand, and the events they write. */
import { skbFlowHash } from "../../../../linux/flow-hash.ts"
import type { Kernel } from "../../../../linux/kernel.ts"
import type { NetDevice } from "../../../../linux/netdev.ts"
import type { Skb } from "../../../../linux/skb.ts"
import { TcAct } from "../../../../linux/tc/hook.ts"
import type { PolicyEntry } from "../../../../policy/api.ts"
import type { Prng } from "../../../../sim/prng.ts"
import type { DropNotify, ObservationPoint, PolicyVerdictNotify, TraceNotify } from "../../monitor/event.ts"
import type { MonitorRing } from "../../monitor/ring.ts"
import type { DatapathConfig } from "../config.ts"
import type { Endpoint } from "../endpoint.ts"
import type { CtMap } from "../maps/ct-map.ts"
import type { EndpointMap } from "../maps/endpoint-map.ts"
import { FragmentMap } from "../maps/fragment-map.ts"
import type { IpcacheMap } from "../maps/ipcache-map.ts"
import type { LbMap } from "../maps/lb-map.ts"
import { Conntrack } from "./conntrack.ts"
import { Packet } from "./packet.ts"

/** The maps and the ring, as the data path owns them. */
export interface ProgramMaps {
  readonly kernel: Kernel
  config: DatapathConfig
  readonly endpoints: EndpointMap
  readonly ipcache: IpcacheMap
  readonly ct: CtMap
  readonly lb: LbMap
  readonly events: MonitorRing
}

/** The devices of {@link CiliumDatapath.base}. */
export interface BaseDevices {
  readonly host: NetDevice
  readonly net: NetDevice
  readonly overlay: NetDevice
}

export type TraceReason = TraceNotify["reason"]

/** What a drop is told with. */
export interface DropPlace {
  readonly endpoint: number
  readonly sourceIdentity: number
  readonly destinationIdentity: number
  readonly destinationId: number
  readonly ingress: boolean
  readonly object?: unknown
}

export class ProgramContext {
  readonly maps: ProgramMaps
  readonly packet: Packet = new Packet()
  readonly conntrack: Conntrack
  readonly fragments: FragmentMap = new FragmentMap()
  /** Chooses backends. */
  readonly prng: Prng
  /** By endpoint id: cilium_call_policy. */
  readonly policies: Map<number, Endpoint> = new Map()
  devices: BaseDevices | undefined = undefined
  /** The entry that gave the last policy verdict. */
  decidedBy: PolicyEntry | undefined = undefined
  /** The event of the last drop: what the kernel's trace shows as its cause. */
  lastDrop: DropNotify | undefined = undefined

  constructor(maps: ProgramMaps) {
    this.maps = maps
    this.conntrack = new Conntrack(maps.ct, maps.kernel.sim, () => maps.config)
    this.prng = maps.kernel.prng.fork("cilium/backends")
  }

  /** Models send_drop_notify. */
  drop(skb: Skb, dev: NetDevice, reason: number, place: DropPlace): TcAct {
    const event: DropNotify = {
      kind: "drop",
      time: this.maps.kernel.sim.now,
      hash: skbFlowHash(this.maps.kernel, skb),
      packet: this.packet.tuple(this.fragments),
      endpoint: place.endpoint,
      sourceIdentity: place.sourceIdentity,
      destinationIdentity: place.destinationIdentity,
      destinationId: place.destinationId,
      reason,
      ifindex: dev.ifindex,
      ingress: place.ingress,
      object: place.object,
    }
    this.lastDrop = event
    this.maps.events.write(event)
    return TcAct.SHOT
  }

  /** Models send_trace_notify under monitor aggregation "medium": told only when the connection tracker asks for it. */
  trace(
    skb: Skb,
    point: ObservationPoint,
    endpoint: number,
    sourceIdentity: number,
    destinationIdentity: number,
    destinationId: number,
    ifindex: number,
    reason: TraceReason,
    originalAddress = 0,
  ): void {
    const event: TraceNotify = {
      kind: "trace",
      time: this.maps.kernel.sim.now,
      hash: skbFlowHash(this.maps.kernel, skb),
      packet: this.packet.tuple(this.fragments),
      endpoint,
      sourceIdentity,
      destinationIdentity,
      point,
      reason,
      destinationId,
      ifindex,
      originalAddress,
    }
    this.maps.events.write(event)
  }

  verdict(
    skb: Skb,
    endpoint: Endpoint,
    remoteIdentity: number,
    ingress: boolean,
    verdict: number,
    audited: boolean,
    decision: Pick<PolicyVerdictNotify, "match" | "authRequired" | "entry">,
  ): void {
    const action = verdict < 0 ? "deny" : audited ? "audit" : verdict > 0 ? "redirect" : "allow"
    this.maps.events.write({
      kind: "policy-verdict",
      time: this.maps.kernel.sim.now,
      hash: skbFlowHash(this.maps.kernel, skb),
      packet: this.packet.tuple(this.fragments),
      endpoint: endpoint.id,
      sourceIdentity: ingress ? remoteIdentity : endpoint.identity,
      destinationIdentity: ingress ? endpoint.identity : remoteIdentity,
      remoteIdentity,
      ingress,
      action,
      verdict,
      ...decision,
    })
  }
}
