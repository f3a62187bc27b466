/** MASQUERADE: the source becomes an address of the device the packet leaves by. Models net/netfilter/nf_nat_masquerade.c. */

import { RouteScope } from "../../fib/route.ts"
import { inetSelectAddr } from "../../ip/route-output.ts"
import type { NetDevice } from "../../netdev.ts"
import type { NetNamespace } from "../../netns.ts"
import type { NfConn } from "../conntrack/entry.ts"
import { NfVerdict } from "../hook.ts"
import type { XtPacket } from "../xtables/packet.ts"
import { natSetupInfo } from "./core.ts"
import { NatManip, type NatRange } from "./range.ts"
import { stateOf } from "./state.ts"

export function masquerade({ net, skb, output, source }: XtPacket, range: NatRange): number {
  const ct = skb.nfct as NfConn
  // Source address 0.0.0.0 is for DHCP and the like.
  if (source === 0 || output === undefined) return NfVerdict.ACCEPT
  const address = inetSelectAddr(net, output, skb.nexthop, RouteScope.UNIVERSE)
  if (address === 0) {
    net.kernel.printk(6, `${output.name} ate my IP address`)
    return NfVerdict.DROP
  }
  ct.masqueradeIndex = output.ifindex
  stateOf(net).nat.watchDevices()
  return natSetupInfo(net, ct, { ...range, mapAddresses: true, minAddress: address, maxAddress: address }, NatManip.SRC)
}

/** The device lost its link or its address: what was sent from it will not come back. Models masq_device_event. */
export function forgetMasqueraded(net: NetNamespace): void {
  const { conntrack } = stateOf(net)
  const gone = (dev: NetDevice | undefined, ct: NfConn): boolean =>
    dev === undefined || !dev.up || !dev.addresses.some((ifa) => ifa.address === ct.reply.destination)
  for (const ct of conntrack.entries())
    if (ct.masqueradeIndex !== 0 && gone(net.deviceByIndex(ct.masqueradeIndex), ct)) conntrack.kill(ct)
}
