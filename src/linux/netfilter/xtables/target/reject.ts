/** REJECT: drops, and tells the sender. Models net/ipv4/netfilter/ipt_REJECT.c and nf_reject_ipv4.c. */
import { IcmpType } from "../../../../wire/icmp.ts"
import * as ipv4 from "../../../../wire/ipv4.ts"
import { NfHook } from "../../hook.ts"
import { sendReset } from "../../reset.ts"
import { misuse } from "../error.ts"
import type { TargetExtension } from "../extension.ts"
import { XtVerdict } from "../rule.ts"

/** Name, other name, ICMP code. */
const KINDS: readonly (readonly [string, string, number])[] = [
  ["icmp-net-unreachable", "net-unreach", 0],
  ["icmp-host-unreachable", "host-unreach", 1],
  ["icmp-proto-unreachable", "proto-unreach", 2],
  ["icmp-port-unreachable", "port-unreach", 3],
  ["icmp-net-prohibited", "net-prohib", 9],
  ["icmp-host-prohibited", "host-prohib", 10],
  ["tcp-reset", "tcp-rst", -1],
  ["icmp-admin-prohibited", "admin-prohib", 13],
]
const HOOKS = (1 << NfHook.LOCAL_IN) | (1 << NfHook.FORWARD) | (1 << NfHook.LOCAL_OUT)

export const REJECT: TargetExtension = {
  name: "REJECT",
  options: [{ name: "--reject-with" }],
  build(given, header) {
    const word = (given.value("--reject-with") ?? "icmp-port-unreachable").toLowerCase()
    const kind = KINDS.find(([name, alias]) => name.startsWith(word) || alias.startsWith(word))
    if (kind === undefined) return misuse(`unknown reject type "${given.value("--reject-with")}"`)
    const [name, , code] = kind
    const reset = code < 0
    // The kernel resets TCP only.
    const sound = !reset || (header.protocol === ipv4.IpProtocol.TCP && !header.protocolInverted)
    return {
      name: "REJECT",
      save: ` --reject-with ${name}`,
      list: () => `reject-with ${name}`,
      hooks: sound ? HOOKS : 0,
      tables: ["filter"],
      apply({ net, skb, hook }) {
        if (reset) sendReset(net, skb, hook)
        else net.kernel.icmpSend(net, skb, IcmpType.DEST_UNREACH, code, 0)
        return XtVerdict.DROP
      },
    }
  },
}
