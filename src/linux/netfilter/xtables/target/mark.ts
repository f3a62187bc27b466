/** MARK and CONNMARK. Models net/netfilter/xt_mark.c and xt_connmark.c. */
import { misuse } from "../error.ts"
import {
  badInteger,
  type Given,
  hex,
  markText,
  parseMarkMask,
  parseNumber,
  type TargetExtension,
} from "../extension.ts"
import { type XtTarget, XtVerdict } from "../rule.ts"

interface MarkChange {
  /** new = (old & ~mask) ^ mark */
  readonly mark: number
  readonly mask: number
}

/** --set-xmark, --set-mark, --and-mark, --or-mark, --xor-mark: one thing said in five ways. */
function markChange(given: Given): MarkChange | undefined {
  if (given.has("--set-xmark")) return parseMarkMask(given, "--set-xmark")
  if (given.has("--set-mark")) {
    const { mark, mask } = parseMarkMask(given, "--set-mark")
    return { mark, mask: (mark | mask) >>> 0 }
  }
  for (const option of ["--and-mark", "--or-mark", "--xor-mark"]) {
    if (!given.has(option)) continue
    const bits = parseNumber(given.value(option) ?? "")
    if (bits === undefined) return badInteger(given, option)
    if (option === "--and-mark") return { mark: 0, mask: ~bits >>> 0 }
    return { mark: bits, mask: option === "--or-mark" ? bits : 0 }
  }
  return undefined
}

/** `set 0x1`, `and 0xff`, `or 0x4000`, `xor 0x4000`, `xset 0x10/0xff`. */
function listChange({ mark, mask }: MarkChange): string {
  if (mark === 0) return `and ${hex(~mask)}`
  if (mark === mask) return `or ${hex(mark)}`
  if (mask === 0) return `xor ${hex(mark)}`
  return mask === 0xffffffff ? `set ${hex(mark)}` : `xset ${markText(mark, mask)}`
}

const CHANGES = ["--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark"].map((name) => ({ name }))

export const MARK: TargetExtension = {
  name: "MARK",
  options: CHANGES,
  build(given) {
    const change = markChange(given)
    if (change === undefined) return misuse("MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required")
    return {
      name: "MARK",
      save: ` --set-xmark ${hex(change.mark)}/${hex(change.mask)}`,
      list: () => `MARK ${listChange(change)}`,
      apply({ skb }) {
        skb.mark = ((skb.mark & ~change.mask) ^ change.mark) >>> 0
        return XtVerdict.CONTINUE
      },
    }
  },
}

export const CONNMARK: TargetExtension = {
  name: "CONNMARK",
  options: [
    ...CHANGES,
    { name: "--save-mark", args: 0 },
    { name: "--restore-mark", args: 0 },
    { name: "--nfmask" },
    { name: "--ctmask" },
    { name: "--mask" },
  ],
  build(given) {
    const change = markChange(given)
    if (change !== undefined) return setConnmark(change)
    if (!given.has("--save-mark") && !given.has("--restore-mark"))
      return misuse("CONNMARK target: No operation specified")
    return copyMark(given, given.has("--save-mark"))
  },
}

function setConnmark(change: MarkChange): XtTarget {
  return {
    name: "CONNMARK",
    save: ` --set-xmark ${hex(change.mark)}/${hex(change.mask)}`,
    list: () => `CONNMARK ${listChange(change)}`,
    tracks: true,
    apply({ skb: { nfct } }) {
      if (nfct !== undefined) nfct.mark = ((nfct.mark & ~change.mask) ^ change.mark) >>> 0
      return XtVerdict.CONTINUE
    },
  }
}

function maskOf(given: Given, option: "--nfmask" | "--ctmask"): number {
  const name = given.has(option) ? option : "--mask"
  if (!given.has(name)) return 0xffffffff
  return parseNumber(given.value(name) ?? "") ?? badInteger(given, name)
}

function copyMark(given: Given, save: boolean): XtTarget {
  const nfmask = maskOf(given, "--nfmask")
  const ctmask = maskOf(given, "--ctmask")
  const word = save ? "save" : "restore"
  const full = nfmask === 0xffffffff && ctmask === 0xffffffff
  const masks = full ? "" : nfmask === ctmask ? ` mask ${hex(nfmask)}` : ` nfmask ${hex(nfmask)} ctmask ~${hex(ctmask)}`
  return {
    name: "CONNMARK",
    save: ` --${word}-mark --nfmask ${hex(nfmask)} --ctmask ${hex(ctmask)}`,
    list: () => `CONNMARK ${word}${masks}`,
    tracks: true,
    apply({ skb }) {
      const ct = skb.nfct
      if (ct === undefined) return XtVerdict.CONTINUE
      if (save) ct.mark = ((ct.mark & ~ctmask) ^ (skb.mark & nfmask)) >>> 0
      else skb.mark = ((skb.mark & ~nfmask) ^ (ct.mark & ctmask)) >>> 0
      return XtVerdict.CONTINUE
    },
  }
}
