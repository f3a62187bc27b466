/** -m mark, connmark, comment. Models net/netfilter/xt_mark.c, xt_connmark.c and xt_comment.c. */
import { type MatchExtension, markText, not, parseMarkMask } from "../extension.ts"
import { quote } from "../quote.ts"

const MARK = { name: "--mark", invert: true, mandatory: true } as const

export const mark: MatchExtension = {
  name: "mark",
  options: [MARK],
  build(given) {
    const test = parseMarkMask(given, "--mark")
    const inverted = given.inverted("--mark")
    const text = not(inverted) + markText(test.mark, test.mask)
    return {
      name: "mark",
      save: ` ${not(inverted)}--mark ${markText(test.mark, test.mask)}`,
      list: () => `mark match ${text}`,
      matches: (packet) => ((packet.skb.mark & test.mask) >>> 0 === test.mark) !== inverted,
    }
  },
}

export const connmark: MatchExtension = {
  name: "connmark",
  options: [MARK],
  build(given) {
    const test = parseMarkMask(given, "--mark")
    const inverted = given.inverted("--mark")
    return {
      name: "connmark",
      save: ` ${not(inverted)}--mark ${markText(test.mark, test.mask)}`,
      list: () => `connmark match ${inverted ? "!" : ""} ${markText(test.mark, test.mask)}`,
      tracks: true,
      matches: ({ skb: { nfct } }) => nfct !== undefined && ((nfct.mark & test.mask) >>> 0 === test.mark) !== inverted,
    }
  },
}

/** XT_MAX_COMMENT_LEN, the end of the string included. */
const MAX_COMMENT = 256

export const comment: MatchExtension = {
  name: "comment",
  options: [{ name: "--comment", mandatory: true }],
  build(given) {
    const text = (given.value("--comment") ?? "").slice(0, MAX_COMMENT - 1)
    return { name: "comment", save: ` --comment ${quote(text)}`, list: () => `/* ${text} */`, matches: () => true }
  },
}
