/** The last step from a neighbour to the device. Models net/core/neighbour.c neigh_resolve_output. */

import { TraceKind } from "../../sim/trace.ts"
import * as ethernet from "../../wire/ethernet.ts"
import { devQueueXmit, type NetDevice } from "../netdev.ts"
import type { Skb } from "../skb.ts"
import type { Neighbour } from "./table.ts"

/** Sends through an entry whose address is known. */
export function neighXmit(neigh: Neighbour, skb: Skb): void {
  const trace = neigh.net.trace
  if (trace.on !== 0)
    trace.emit(TraceKind.NEIGH_OUTPUT, skb.id, neigh.net.id, neigh.dev.ifindex, neigh.primaryKey | 0, neigh)
  xmitTo(neigh.dev, neigh.lladdr, skb)
}

/** Puts the Ethernet header in front and sends. */
export function xmitTo(dev: NetDevice, to: number, skb: Skb): void {
  skb.cow()
  const at = skb.push(ethernet.LENGTH)
  skb.macHeader = at
  ethernet.emit(skb.view, at, to, dev.address, skb.protocol)
  devQueueXmit(dev, skb)
}
