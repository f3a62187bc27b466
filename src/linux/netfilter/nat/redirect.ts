/** REDIRECT: to this machine itself. Models net/netfilter/nf_nat_redirect.c. */
import { NfHook, NfVerdict } from "../hook.ts"
import type { XtPacket } from "../xtables/packet.ts"
import { natSetupInfo } from "./core.ts"
import { NatManip, type NatRange } from "./range.ts"

const LOOPBACK = 0x7f000001

export function redirect({ net, skb, hook, input }: XtPacket, range: NatRange): number {
  const ct = skb.nfct
  const address = hook === NfHook.LOCAL_OUT ? LOOPBACK : (input?.addresses.find((ifa) => !ifa.secondary)?.address ?? 0)
  if (ct === undefined || address === 0) return NfVerdict.DROP
  return natSetupInfo(net, ct, { ...range, mapAddresses: true, minAddress: address, maxAddress: address }, NatManip.DST)
}
