/** Rules from their specifications: what they jump to, and whether they may stand where they are put. */
import type { Chain } from "./chain.ts"
import { misuse, refused } from "./error.ts"
import type { CommandLetter } from "./options.ts"
import type { RuleSpec } from "./parse.ts"
import { Rule, type RuleAction, type RuleHeader, XtVerdict } from "./rule.ts"

const VERDICTS: Readonly<Record<string, number>> = {
  ACCEPT: XtVerdict.ACCEPT,
  DROP: XtVerdict.DROP,
  RETURN: XtVerdict.RETURN,
}
const VERBS: Readonly<Partial<Record<CommandLetter, string>>> = {
  A: "RULE_APPEND",
  I: "RULE_INSERT",
  R: "RULE_REPLACE",
}

export class RuleBuilder {
  readonly #table: string
  readonly #origin: string | undefined
  readonly #find: (name: string) => Chain | undefined
  /** The last change of rules: what the kernel's answer to the whole batch names. */
  #last = { verb: "RULE_APPEND", chain: "" }
  /** Something was built that only the table as a whole can answer for. */
  toValidate = false

  constructor(table: string, find: (name: string) => Chain | undefined, origin: string | undefined) {
    this.#table = table
    this.#find = find
    this.#origin = origin
  }

  /** Rules that are to stand in `chain`, if they may. */
  rules(letter: "A" | "I" | "R", chain: Chain, spec: RuleSpec): Rule[] {
    this.#last = { verb: VERBS[letter] as string, chain: chain.name }
    const rules = this.build(spec)
    for (const rule of rules) this.#checkEntry(chain, rule)
    return rules
  }

  /** The rules a specification stands for: one for each pair of addresses. */
  build(spec: RuleSpec): Rule[] {
    const action = this.#action(spec)
    return spec.headers.map((header) => {
      if (impossible(header)) this.kernelRefuses("Invalid argument")
      const rule = new Rule(header, spec.matches, action, this.#origin)
      rule.packets = spec.packets
      rule.bytes = spec.bytes
      return rule
    })
  }

  #action({ jump, goto, target }: RuleSpec): RuleAction {
    if (target !== undefined) return { kind: "target", target }
    if (jump === "") return { kind: "none" }
    const verdict = goto ? undefined : VERDICTS[jump]
    if (verdict !== undefined) return { kind: "verdict", verdict, name: jump as "ACCEPT" | "DROP" | "RETURN" }
    const chain = this.#find(jump)
    if (chain === undefined) return misuse(`Chain '${jump}' does not exist`)
    if (chain.base !== undefined) this.kernelRefuses("Operation not supported")
    return { kind: "jump", chain, goto }
  }

  kernelRefuses(error: string): never {
    return refused(this.#last.verb, error, `rule in chain ${this.#last.chain}`)
  }

  /** What matches and targets demand of their place. Models xt_check_match and xt_check_target. */
  #checkEntry(chain: Chain, rule: Rule): void {
    if (rule.action.kind === "jump") this.toValidate = true
    for (const part of partsOf(rule)) {
      if (part.tables !== undefined && !part.tables.includes(this.#table)) this.kernelRefuses("Invalid argument")
      if (part.hooks === undefined) continue
      if (part.hooks === 0) this.kernelRefuses("Invalid argument")
      if (chain.base === undefined) this.toValidate = true
      else if ((part.hooks & (1 << chain.base.hook)) === 0) this.kernelRefuses("Invalid argument")
    }
  }
}

const partsOf = (rule: Rule): { tracks?: boolean; hooks?: number; tables?: readonly string[] }[] =>
  rule.action.kind === "target" ? [...rule.matches, rule.action.target] : [...rule.matches]

/** How many parts of these chains' rules need connections tracked. */
export function tracking(chains: Iterable<Chain>, rulesOf: (chain: Chain) => readonly Rule[]): number {
  let count = 0
  for (const chain of chains)
    for (const rule of rulesOf(chain)) for (const part of partsOf(rule)) if (part.tracks === true) count++
  return count
}

/** Nothing is outside of everything. */
const impossible = (h: RuleHeader): boolean =>
  (h.sourceInverted && h.sourceMask === 0) || (h.destinationInverted && h.destinationMask === 0)
