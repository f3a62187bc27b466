/** Where programs send packets. Models net/core/filter.c bpf_redirect and bpf_redirect_peer. `skb.data` stands at the Ethernet header. */

import { devQueueXmit, type NetDevice } from "../netdev.ts"
import type { Skb } from "../skb.ts"
import { TcAct } from "./hook.ts"

/** Out of `dev`, as if sent there: its egress programs see it. Models __bpf_tx_skb. */
export function redirectEgress(dev: NetDevice, skb: Skb): TcAct {
  devQueueXmit(dev, skb)
  return TcAct.REDIRECT
}

/** Into `dev`, as if it had arrived there: its ingress programs see it, a little later. Models __bpf_rx_skb. */
export function redirectIngress(dev: NetDevice, skb: Skb): TcAct {
  skb.ignoreDf = false
  skb.route = undefined
  dev.net.kernel.netifRx(dev, skb)
  return TcAct.REDIRECT
}
