/** A batch of changes to one table: all of it happens, or nothing. Models the transaction of iptables/nft.c and nf_tables_api.c. */
import type { NetNamespace } from "../../netns.ts"
import { netfilterOf } from "../netfilter.ts"
import { RuleBuilder, tracking } from "./build.ts"
import { Chain } from "./chain.ts"
import { failed, misuse, refused } from "./error.ts"
import type { CommandLetter } from "./options.ts"
import type { RuleSpec, XtCommand } from "./parse.ts"
import type { Rule } from "./rule.ts"
import { ruleText } from "./save.ts"
import { listedChains, type TableView, type XtTable } from "./table.ts"
import { validate } from "./validate.ts"

const NO_CHAIN = "No chain/target/match by that name"
const NO_RULE = "Bad rule (does a matching rule exist in that chain?)"
export class XtStage {
  readonly #net: NetNamespace
  readonly #table: XtTable
  readonly #builder: RuleBuilder
  readonly #chains: Map<string, Chain>
  readonly #edits = new Map<Chain, Rule[]>()
  readonly #references = new Map<Chain, number>()
  readonly #policies = new Map<Chain, { policy: "ACCEPT" | "DROP"; packets: number; bytes: number }>()
  readonly #hooked = new Set<Chain>()
  readonly #unhooked = new Set<Chain>()
  readonly #names = new Map<Chain, string>()
  #zeroed: Rule[] = []

  constructor(net: NetNamespace, table: XtTable, origin: string | undefined) {
    this.#net = net
    this.#table = table
    this.#chains = new Map(table.chains)
    this.#builder = new RuleBuilder(table.name, (name) => this.#chains.get(name), origin)
  }

  /** Rules of a chain as they will be. */
  rulesOf(chain: Chain): readonly Rule[] {
    return this.#edits.get(chain) ?? chain.rules
  }

  find(name: string): Chain | undefined {
    return this.#chains.get(name)
  }

  /** The table as it will be, for listing. */
  view(): TableView {
    const chains = new Map<string, Chain>()
    for (const [name, chain] of this.#chains) {
      const copy = new Chain(name, chain.base)
      const { packets, bytes, counting } = chain
      Object.assign(copy, { packets, bytes, counting, policy: this.#policies.get(chain)?.policy ?? chain.policy })
      copy.rules = this.rulesOf(chain)
      copy.references = this.#referencesOf(chain)
      chains.set(name, copy)
    }
    return { name: this.#table.name, chains, listed: () => listedChains(this.#table.spec, chains) }
  }

  /** Everything goes: iptables-restore without --noflush. */
  flushTable(): void {
    for (const [name, chain] of [...this.#chains]) {
      this.#edits.set(chain, [])
      if (chain.base === undefined) this.#chains.delete(name)
      else this.#policies.set(chain, { policy: "ACCEPT", packets: 0, bytes: 0 })
    }
    this.#references.clear()
    for (const chain of this.#table.chains.values()) this.#references.set(chain, 0)
  }

  /** `:NAME POLICY [n:n]` of iptables-restore: a chain that is there is emptied, a hook's chain keeps its rules. */
  declare(name: string, policy: string, packets: number, bytes: number): void {
    const chain = this.#chains.get(name)
    if (chain?.base !== undefined) {
      if (policy !== "-") this.#setPolicy(chain, policy, packets, bytes)
      return
    }
    if (chain === undefined) this.#chains.set(name, new Chain(name))
    else this.#replaceRules(chain, [])
  }

  run(command: XtCommand): void {
    const { chain, number, rule } = command
    const { A, I, R, D, C, F, Z, N, X, E, P } = {
      A: () => this.#insert("A", chain, Number.POSITIVE_INFINITY, rule),
      I: () => this.#insert("I", chain, number === 0 ? 1 : number, rule),
      R: () => this.#replace(chain, number, rule),
      D: () => (number > 0 ? this.#deleteAt(chain, number) : this.#deleteRule(chain, rule)),
      C: () => this.#check(chain, rule),
      F: () => this.#flush(chain),
      Z: () => this.#zero(chain, number),
      N: () => this.#newChain(chain),
      X: () => this.#deleteChain(chain),
      E: () => this.#rename(chain, command.newName),
      P: () => this.#policy(chain, command.policy),
    }
    const actions: Partial<Record<CommandLetter, () => void>> = { A, I, R, D, C, F, Z, N, X, E, P }
    actions[command.command]?.()
  }

  // ── rules ────────────────────────────────────────────────────────────────────────────────────

  #chain(name: string): Chain {
    return this.#chains.get(name) ?? failed(NO_CHAIN)
  }

  #insert(letter: "A" | "I", name: string, number: number, spec: RuleSpec): void {
    const chain = this.#chain(name)
    const rules = this.#builder.rules(letter, chain, spec)
    const old = this.rulesOf(chain)
    if (letter === "I" && number > old.length + 1) failed("Index of insertion too big")
    const edited = this.#edit(chain)
    if (letter === "A") edited.push(...rules)
    else edited.splice(number - 1, 0, ...rules)
    for (const rule of rules) this.#refer(rule, 1)
    this.#hooked.add(chain)
  }

  #replace(name: string, number: number, spec: RuleSpec): void {
    const chain = this.#chain(name)
    const rules = this.#builder.rules("R", chain, spec)
    if (rules.length > 1) misuse("Replacement rule does not specify a unique address")
    const old = this.rulesOf(chain)[number - 1]
    if (old === undefined) this.#tooBig(chain, "replacement")
    this.#edit(chain)[number - 1] = rules[0] as Rule
    this.#refer(old, -1)
    this.#refer(rules[0] as Rule, 1)
  }

  /** A hook's chain that was never made has no rule at all to count. */
  #tooBig(chain: Chain, what: string): never {
    if (chain.base !== undefined && !this.#table.isHooked(chain) && !this.#hooked.has(chain)) failed(NO_CHAIN)
    return failed(`Index of ${what} too big`)
  }

  #deleteAt(name: string, number: number): void {
    const chain = this.#chain(name)
    const old = this.rulesOf(chain)[number - 1]
    if (old === undefined) this.#tooBig(chain, "deletion")
    this.#edit(chain).splice(number - 1, 1)
    this.#refer(old, -1)
  }

  #deleteRule(name: string, spec: RuleSpec): void {
    const found = this.#positions(name, spec)
    const chain = this.#chain(name)
    for (const at of found) {
      this.#refer(this.rulesOf(chain)[at] as Rule, -1)
      this.#edit(chain).splice(at, 1)
    }
  }

  #check(name: string, spec: RuleSpec): void {
    this.#positions(name, spec)
  }

  /** Where the first rule that says the same stands, for each address of the specification. */
  #positions(name: string, spec: RuleSpec): number[] {
    const chain = this.#chains.get(name)
    if (chain === undefined) return failed(NO_RULE)
    const texts = this.rulesOf(chain).map(ruleText)
    return this.#builder.build(spec).map((rule) => {
      const at = texts.indexOf(ruleText(rule))
      if (at < 0) failed(NO_RULE)
      texts.splice(at, 1)
      return at
    })
  }

  #edit(chain: Chain): Rule[] {
    let rules = this.#edits.get(chain)
    if (rules === undefined) {
      rules = [...chain.rules]
      this.#edits.set(chain, rules)
    }
    return rules
  }

  #replaceRules(chain: Chain, rules: Rule[]): void {
    for (const rule of this.rulesOf(chain)) this.#refer(rule, -1)
    this.#edits.set(chain, rules)
  }

  // ── chains ───────────────────────────────────────────────────────────────────────────────────

  #refer(rule: Rule, by: number): void {
    if (rule.action.kind !== "jump") return
    const { chain } = rule.action
    this.#references.set(chain, this.#referencesOf(chain) + by)
  }

  #referencesOf(chain: Chain): number {
    return this.#references.get(chain) ?? chain.references
  }

  #flush(name: string): void {
    const chains = name === "" ? [...this.#chains.values()] : [this.#chain(name)]
    for (const chain of chains) this.#replaceRules(chain, [])
  }

  #zero(name: string, number: number): void {
    const chains = name === "" ? [...this.#chains.values()] : [this.#chain(name)]
    for (const chain of chains) {
      const rules = this.rulesOf(chain)
      if (number > 0 && rules[number - 1] === undefined) failed(NO_RULE)
      if (name !== "" && chain.base !== undefined && !this.#table.isHooked(chain)) failed(NO_CHAIN)
      this.#zeroed.push(...(number > 0 ? [rules[number - 1] as Rule] : rules))
    }
  }

  #newChain(name: string): void {
    if (this.#chains.has(name)) failed("Chain already exists")
    this.#chains.set(name, new Chain(name))
  }

  #deleteChain(name: string): void {
    // Without a name, hooks' chains that say nothing go as well.
    if (name === "")
      for (const chain of this.#chains.values())
        if (chain.base !== undefined && this.rulesOf(chain).length === 0 && chain.policy === "ACCEPT")
          this.#unhooked.add(chain)
    const chains =
      name === "" ? [...this.#chains.values()].filter(({ base }) => base === undefined) : [this.#chain(name)]
    for (const chain of chains) {
      if (chain.base !== undefined) failed(NO_CHAIN)
      if (this.#referencesOf(chain) > 0 || this.rulesOf(chain).length > 0)
        refused("CHAIN_DEL", "Device or resource busy", `chain ${chain.name}`)
      this.#chains.delete(chain.name)
    }
  }

  #rename(name: string, newName: string): void {
    const chain = this.#chains.get(name)
    if (this.#chains.has(newName)) failed("File exists")
    if (chain === undefined || chain.base !== undefined) failed(NO_CHAIN)
    this.#chains.delete(name)
    this.#chains.set(newName, chain)
    this.#names.set(chain, newName)
  }

  #policy(name: string, policy: string): void {
    const chain = this.#chains.get(name)
    if (policy !== "ACCEPT" && policy !== "DROP") failed("Bad policy name. Run `dmesg' for more information")
    if (chain?.base === undefined) failed("Bad built-in chain name")
    this.#setPolicy(chain, policy, 0, 0)
  }

  #setPolicy(chain: Chain, policy: string, packets: number, bytes: number): void {
    if (policy !== "ACCEPT" && policy !== "DROP") failed("Bad policy name")
    this.#policies.set(chain, { policy, packets, bytes })
    this.#hooked.add(chain)
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────

  /** The kernel takes the batch, or refuses all of it. */
  commit(): void {
    if (this.#builder.toValidate) {
      const fault = validate([...this.#chains.values()], (chain) => this.rulesOf(chain))
      if (fault !== undefined) this.#builder.kernelRefuses(fault)
    }
    const before = tracking(this.#edits.keys(), (chain) => chain.rules)
    for (const [chain, rules] of this.#edits) chain.rules = rules
    const after = tracking(this.#edits.keys(), (chain) =>
      this.#chains.get(this.#names.get(chain) ?? chain.name) === chain ? chain.rules : [],
    )
    for (const [chain, references] of this.#references) chain.references = references
    for (const [chain, name] of this.#names) chain.name = name
    for (const rule of this.#zeroed) rule.packets = rule.bytes = 0
    for (const [chain, { policy, packets, bytes }] of this.#policies) Object.assign(chain, { policy, packets, bytes })
    for (const chain of this.#policies.keys()) if (this.#hooked.has(chain)) chain.counting = true
    this.#table.chains = this.#chains
    this.#table.present = true
    for (const chain of this.#unhooked) this.#table.unhook(this.#net, chain)
    for (const chain of this.#hooked) this.#table.hookUp(this.#net, chain)
    netfilterOf(this.#net).use(after - before)
    this.#net.kernel.notify(this.#net, "nftables")
  }
}
