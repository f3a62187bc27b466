/** The last step from a neighbour to the device. Models net/core/neighbour.c neigh_resolve_output. */

import { TraceKind } from "../../sim/trace.ts"
import * as ethernetHeader from "../../wire/ethernet.ts"
import { devQueueXmit, type NetDevice } from "../netdev.ts"
import type { Skb } from "../skb.ts"
import type { Neighbour } from "./table.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const ethernet = { ...ethernetHeader }

/** Sends through an entry whose address is known. */
export function neighXmit(neigh: Neighbour, skb: Skb): void {
  if (neigh.net.trace.on !== 0) traceNeighbour(neigh, skb)
  xmitTo(neigh.dev, neigh.lladdr, skb)
}

function traceNeighbour(neigh: Neighbour, skb: Skb): void {
  const { net, dev } = neigh
  net.trace.emit(TraceKind.NEIGH_OUTPUT, skb.id, net.id, dev.ifindex, neigh.primaryKey | 0, neigh)
}

/** Puts the Ethernet header in front and sends. */
export function xmitTo(dev: NetDevice, to: number, skb: Skb): void {
  skb.cow()
  const at = skb.push(ethernet.LENGTH)
  skb.macHeader = at
  ethernet.emit(skb.view, at, to, dev.address, skb.protocol)
  devQueueXmit(dev, skb)
}
