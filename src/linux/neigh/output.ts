/** From the IP layer to the link. Models net/core/neighbour.c neigh_output. */
import * as address from "../../wire/address.ts"
import { RouteType } from "../fib/route.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"
import { neighEventSend, neighFor } from "./nud.ts"
import { NUD_CONNECTED } from "./table.ts"
import { neighXmit, xmitTo } from "./xmit.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { isMulticast, LIMITED_BROADCAST, MAC_BROADCAST } = address

/** Sends an IPv4 packet to `nexthop` on `dev`, now or once the neighbour has answered. */
export function neighOutput(net: NetNamespace, dev: NetDevice, nexthop: number, skb: Skb): void {
  if (nexthop === LIMITED_BROADCAST || isMulticast(nexthop) || skb.route?.type === RouteType.BROADCAST) {
    xmitTo(dev, groupMac(nexthop, skb), skb)
    return
  }
  const neigh = net.neigh.lookup(dev, nexthop) ?? neighFor(net, dev, nexthop)
  if ((neigh.state & NUD_CONNECTED) !== 0) neigh.used = net.kernel.sim.now
  else if (!neighEventSend(neigh, skb)) return
  neighXmit(neigh, skb)
}

/** Where groups are reached: everybody, or by RFC 1112 section 6.4: 01:00:5e and the low 23 bits. */
function groupMac(nexthop: number, skb: Skb): number {
  if (nexthop === LIMITED_BROADCAST || skb.route?.type === RouteType.BROADCAST) return MAC_BROADCAST
  return 0x0100_5e00_0000 + (nexthop & 0x7fffff)
}
