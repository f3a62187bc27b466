/** CT --notrack and NOTRACK: the packet is not tracked. Models net/netfilter/xt_CT.c. */
import { CtInfo } from "../../conntrack/entry.ts"
import { misuse, unsupported } from "../error.ts"
import type { TargetExtension } from "../extension.ts"
import type { XtPacket } from "../packet.ts"
import { XtVerdict } from "../rule.ts"

function notrack({ skb }: XtPacket): number {
  // Who was tracked already stays so (skb->_nfct != 0).
  if (skb.nfct === undefined) skb.ctinfo = CtInfo.UNTRACKED
  return XtVerdict.CONTINUE
}

export const NOTRACK: TargetExtension = {
  name: "NOTRACK",
  options: [],
  build: () => ({ name: "NOTRACK", listName: "CT", save: "", list: () => "NOTRACK", tables: ["raw"], apply: notrack }),
}

export const CT: TargetExtension = {
  name: "CT",
  options: [
    { name: "--notrack", args: 0 },
    ...["--helper", "--timeout", "--ctevents", "--expevents", "--zone", "--zone-orig", "--zone-reply"].map((name) => ({
      name,
    })),
  ],
  build(given) {
    const other = given.names.find((name) => name !== "--notrack")
    if (other !== undefined) unsupported(`'CT ${other}'`)
    if (!given.has("--notrack")) misuse("CT: No operation specified")
    return { name: "CT", save: " --notrack", list: () => "CT notrack", tables: ["raw"], apply: notrack }
  },
}
