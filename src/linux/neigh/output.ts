/** From the IP layer to the link. Models net/core/neighbour.c neigh_output. */
import { isMulticast, LIMITED_BROADCAST, MAC_BROADCAST } from "../../wire/address.ts"
import { RouteType } from "../fib/route.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"
import { neighEventSend, neighFor } from "./nud.ts"
import { NUD_CONNECTED } from "./table.ts"
import { neighXmit, xmitTo } from "./xmit.ts"

/** Sends an IPv4 packet to `nexthop` on `dev`, now or once the neighbour has answered. */
export function neighOutput(net: NetNamespace, dev: NetDevice, nexthop: number, skb: Skb): void {
  if (nexthop === LIMITED_BROADCAST || skb.route?.type === RouteType.BROADCAST) {
    xmitTo(dev, MAC_BROADCAST, skb)
    return
  }
  if (isMulticast(nexthop)) {
    // RFC 1112 section 6.4: 01:00:5e and the low 23 bits.
    xmitTo(dev, 0x0100_5e00_0000 + (nexthop & 0x7fffff), skb)
    return
  }
  const neigh = net.neigh.lookup(dev, nexthop)
  if (neigh !== undefined && (neigh.state & NUD_CONNECTED) !== 0) {
    neigh.used = net.kernel.sim.now
    neighXmit(neigh, skb)
    return
  }
  const created = neigh ?? neighFor(net, dev, nexthop)
  if (neighEventSend(created, skb)) neighXmit(created, skb)
}
