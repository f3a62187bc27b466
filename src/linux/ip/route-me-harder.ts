/** Another way for a packet of this machine whose addresses or mark were changed on the way out. Models net/ipv4/netfilter.c ip_route_me_harder. */
import * as ipv4 from "../../wire/ipv4.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"
import { ipRouteOutput } from "./route-output.ts"

/** False when there is no way. */
export function routeMeHarder(net: NetNamespace, skb: Skb): boolean {
  const source = ipv4.source(skb.view, skb.networkHeader)
  const way = ipRouteOutput(net, ipv4.destination(skb.view, skb.networkHeader), source, undefined, skb.mark)
  if (typeof way === "string") return false
  skb.route = way.route
  skb.nexthop = way.nexthop
  skb.dev = way.dev
  return true
}
