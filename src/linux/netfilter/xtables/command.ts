/** Single commands: what `iptables …` does and prints. */
import type { NetNamespace } from "../../netns.ts"
import type { Chain } from "./chain.ts"
import { XtError, XtExit } from "./error.ts"
import { chainHead, ruleLine, ruleRow } from "./list.ts"
import { parseCommand, type XtCommand } from "./parse.ts"
import { Rule } from "./rule.ts"
import { listRules } from "./save.ts"
import { XtStage } from "./stage.ts"
import type { TableView, XtTable } from "./table.ts"
import { xtTable } from "./tables.ts"

export interface XtResult {
  readonly code: number
  readonly output: string
  readonly error: string
}

/** One line to copy: `iptablesCommand(net, ["-t", "nat", "-A", "PREROUTING", "-j", "ACCEPT"])`. */
export function iptablesCommand(net: NetNamespace, words: readonly string[], origin?: string): XtResult {
  try {
    const command = parseCommand(words)
    const table = tableOf(net, command)
    return { code: 0, output: perform(net, table, command, origin), error: "" }
  } catch (thrown) {
    if (!(thrown instanceof XtError)) throw thrown
    return { code: thrown.code, output: "", error: thrown.print("iptables") }
  }
}

function tableOf(net: NetNamespace, { table }: XtCommand): XtTable {
  const found = xtTable(net, table)
  if (found !== undefined) return found
  const text = `table '${table}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.`
  throw new XtError(text, XtExit.VERSION_PROBLEM, "plain")
}

function perform(net: NetNamespace, table: XtTable, command: XtCommand, origin: string | undefined): string {
  const { command: letter } = command
  if (letter === "L" || letter === "S") return showing(table, command)
  const stage = new XtStage(net, table, origin)
  const said = command.verbose > 0 ? verboseText(table, command) : ""
  stage.run(command)
  if (letter !== "C") stage.commit()
  return said
}

/** `-L` and `-S`, in iptables and in a line of iptables-restore. */
export function showing(table: TableView, command: XtCommand): string {
  const chain = table.chains.get(command.chain)
  if (command.chain !== "" && chain === undefined) {
    const text = `chain \`${command.chain}' in table \`${table.name}' is incompatible, use 'nft' tool.`
    throw new XtError(text, XtExit.OTHER_PROBLEM, "plain")
  }
  const chains = chain === undefined ? table.listed() : [chain]
  if (command.command === "S") return listRules(chains, command.number, command.verbose > 0)
  return listing(chains, command)
}

function listing(chains: readonly Chain[], command: XtCommand): string {
  const format = { ...command, verbose: command.verbose > 0 }
  if (command.number > 0) {
    const rule = chains[0]?.rules[command.number - 1]
    return rule === undefined ? "" : ruleRow(rule, command.number, format)
  }
  return chains
    .map((chain) => chainHead(chain, format) + chain.rules.map((rule, i) => ruleRow(rule, i + 1, format)).join(""))
    .join("\n")
}

const DOING: Readonly<Record<string, string>> = { F: "Flushing", X: "Deleting", Z: "Zeroing" }

/** What -v tells of a change. */
function verboseText(table: XtTable, { command, chain, rule, number }: XtCommand): string {
  const doing = DOING[command]
  if (doing !== undefined && number === 0) {
    const all = table.listed().filter(({ base }) => command !== "X" || base === undefined)
    const names = chain === "" ? all.map(({ name }) => name) : table.chains.has(chain) ? [chain] : []
    return names.map((name) => `${doing} chain \`${name}'\n`).join("")
  }
  if (!"AIRCD".includes(command) || (command === "D" && number > 0)) return ""
  const target = rule.jump !== "" && rule.target === undefined ? namedAction(rule.jump, rule.goto) : undefined
  return rule.headers
    .map((header) =>
      ruleLine(
        new Rule(
          header,
          rule.matches,
          rule.target === undefined ? (target ?? { kind: "none" }) : { kind: "target", target: rule.target },
        ),
      ),
    )
    .join("")
}

/** Shown by name only. */
function namedAction(name: string, goto: boolean): Rule["action"] {
  return { kind: "jump", goto, chain: { name } as Chain }
}
