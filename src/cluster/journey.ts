/** One packet's way through the devices, from the frames seen there and the decisions the kernels recorded. */
import { DropReason, dropReasonName } from "../linux/drop-reason.ts"
import type { Route } from "../linux/fib/route.ts"
import type { BridgePort } from "../linux/link/bridge.ts"
import type { Vxlan } from "../linux/link/vxlan.ts"
import { type VxlanFdbRow, VxlanRemote } from "../linux/link/vxlan-fdb.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { TcAct, type TcCause, type TcProgram } from "../linux/tc/hook.ts"
import { type TraceEvent, TraceKind } from "../sim/trace.ts"
import { routeLine } from "../tools/ip/route.ts"
import { hopHeaders } from "../view/hop-headers.ts"
import type { Hop } from "../view/path-data.ts"
import { formatIpv4, formatMac } from "../wire/address.ts"
import { dissect } from "../wire/dissect.ts"
import type { CapturedFrame } from "./capture.ts"

/** A machine's or a pod's network. */
export interface Place {
  /** The machine. */
  node: string
  pod?: string
  net: NetNamespace
}

/** The pod's name, or the machine's. */
export const nameOf = (place: Place): string => place.pod ?? place.node

/** What happened at a device, and why, in the words of the tools that show what decided. */
interface Decision {
  action: string
  detail?: string
}

/** The hops of the packet that `frames` shows, in the order of time, with a "wire" hop where it leaves a machine for another. */
export function journeyOf(
  frames: readonly CapturedFrame[],
  events: readonly TraceEvent[],
  places: readonly Place[],
  placeOf: (frame: CapturedFrame) => Place | undefined,
): Hop[] {
  const [first] = frames
  if (first === undefined) return []
  const own = events.filter((event) => event.packet === first.packet)
  const hops: Hop[] = []
  for (const frame of frames) {
    const before = hops[hops.length - 1]
    if (before?.node !== undefined && before.node !== frame.node)
      hops.push({ device: "wire", time: frame.time, action: "wire", detail: wireText(frame, before) })
    hops.push(hopOf(frame, own, placeOf(frame)))
  }
  const drop = own.find((event) => event.kind === TraceKind.KFREE_SKB)
  if (drop !== undefined) addDrop(hops, dropped(drop, places, hops[hops.length - 1]))
  return hops
}

/** Ethernet, IPv4, UDP and VXLAN (RFC 7348). */
const VXLAN_OVERHEAD = 50

/** How long the frame was between the machines, also when the capture's filter has not let the tunnel's own frame pass. */
function wireText(frame: CapturedFrame, before: Hop): string {
  const tunnelled = before.action === "encapsulated" && !isTunnel(frame)
  return tunnelled ? `${frame.length} bytes and ${VXLAN_OVERHEAD} of the tunnel` : `${frame.length} bytes`
}

/** A device that was given the packet and could not send it is one hop, not two. */
function addDrop(hops: Hop[], drop: Hop): void {
  const last = hops[hops.length - 1]
  if (last?.node === drop.node && last?.device === drop.device && last?.action === "sent")
    hops[hops.length - 1] = { ...last, ...drop }
  else hops.push(drop)
}

function hopOf(frame: CapturedFrame, events: readonly TraceEvent[], place: Place | undefined): Hop {
  const here = events.filter((event) => event.net === place?.net.id && event.ifindex === frame.ifindex)
  const decision = frame.outgoing ? sending(frame, here) : receiving(frame, here, events, place)
  return {
    node: frame.node,
    ...(place?.pod === undefined ? {} : { pod: place.pod }),
    device: frame.device,
    time: frame.time,
    ...decision,
    headers: hopHeaders(dissect(frame.bytes)),
  }
}

function sending(frame: CapturedFrame, here: readonly TraceEvent[]): Decision {
  const tunnel = here.find((event) => event.kind === TraceKind.VXLAN_XMIT)
  if (tunnel?.object instanceof VxlanRemote)
    return { action: "encapsulated", detail: `VNI ${tunnel.value} dst ${formatIpv4(tunnel.object.ip)}` }
  if (tunnel !== undefined) {
    const { mac, remotes } = tunnel.object as VxlanFdbRow
    const to = remotes.map((remote) => formatIpv4(remote.ip)).join(", ")
    return { action: "encapsulated", detail: `${formatMac(mac)} dev ${frame.device} dst ${to}` }
  }
  const bridged = here.find((event) => event.kind === TraceKind.BR_FORWARD)
  if (bridged === undefined) return { action: "sent" }
  return { action: "bridged", detail: `to port ${(bridged.object as BridgePort).dev.name}` }
}

function receiving(
  frame: CapturedFrame,
  here: readonly TraceEvent[],
  all: readonly TraceEvent[],
  place: Place | undefined,
): Decision {
  const tunnel = all.find((event) => event.kind === TraceKind.VXLAN_RCV && event.net === place?.net.id)
  const device = tunnel?.object as Vxlan | undefined
  if (device !== undefined && device.dev.name !== frame.device && isTunnel(frame))
    return {
      action: "decapsulated",
      detail: `UDP port ${device.port}, VNI ${tunnel?.value}: ${device.dev.name}`,
    }
  const steered = here.find((event) => event.kind === TraceKind.TC_PROGRAM && event.value === TcAct.REDIRECT)
  if (steered !== undefined) return { action: "redirected", detail: (steered.object as TcProgram).name }
  const local = here.some((event) => event.kind === TraceKind.IP_LOCAL_DELIVER)
  if (local) return { action: "delivered" }
  const routed = here.find((event) => event.kind === TraceKind.FIB_LOOKUP)
  if (routed !== undefined && here.some((event) => event.kind === TraceKind.IP_FORWARD))
    return { action: "routed", detail: routeLine(routed.object as Route) }
  const port = place?.net.device(frame.device)?.port
  if (port !== undefined) return { action: "bridged", detail: `from port ${frame.device} of ${port.bridge.dev.name}` }
  return { action: "received" }
}

const isTunnel = (frame: CapturedFrame): boolean => dissect(frame.bytes).some((layer) => layer.protocol === "vxlan")

export function dropped(event: TraceEvent, places: readonly Place[], last: Hop | undefined): Hop {
  const place = places.find(({ net }) => net.id === event.net)
  const device = place?.net.devices.find((dev) => dev.ifindex === event.ifindex)?.name
  return {
    ...(place === undefined ? {} : { node: place.node, ...(place.pod === undefined ? {} : { pod: place.pod }) }),
    device: device ?? last?.device ?? "?",
    time: event.time,
    action: "dropped",
    detail: causeText(event),
  }
}

/** Programs and rules say more than their hooks. */
const EXPLAINED: readonly number[] = [DropReason.TC_INGRESS, DropReason.TC_EGRESS, DropReason.NETFILTER_DROP]

/** The reason's name, and what decided. */
export function causeText({ value, object }: Pick<TraceEvent, "value" | "object">): string {
  const name = dropReasonName(value)
  const text = EXPLAINED.includes(value) ? (object as Partial<TcCause>).text : undefined
  return text === undefined ? name : `${name}: ${text}`
}
