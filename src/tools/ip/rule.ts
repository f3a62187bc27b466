/** ip rule: the three rules every namespace starts with; there are no others. Models iproute2 ip/iprule.c. */
import { fail, type IpOptions, type Json, renderJson, type Words } from "../iproute.ts"
import { refused, runSubcommand, type Subcommands } from "./subcommand.ts"

interface Rule {
  readonly priority: number
  readonly table: string
}

const RULES: readonly Rule[] = [
  { priority: 0, table: "local" },
  { priority: 32766, table: "main" },
  { priority: 32767, table: "default" },
]
const TABLES: Readonly<Record<string, string>> = { "255": "local", "254": "main", "253": "default" }

const COMMANDS: Subcommands = [
  ["list", show],
  ["lst", show],
  ["show", show],
  ...refused("rule", ["save", "restore", "add", "delete", "flush"]),
]

export function ipRule(args: readonly string[], options: IpOptions): string {
  return runSubcommand("rule", COMMANDS, args, options)
}

function show(words: Words, options: IpOptions): string {
  let rules = options.family === "inet6" ? RULES.filter((rule) => rule.table !== "default") : RULES
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "table" || word === "lookup") {
      const name = words.next()
      rules = rules.filter((rule) => rule.table === (TABLES[name] ?? name))
    } else if (word === "preference" || word === "pref" || word === "order" || word === "priority") {
      const priority = Number(words.next())
      rules = rules.filter((rule) => rule.priority === priority)
    } else fail(`ip: podwire does not support 'rule show ${word}'`, 255)
  }
  if (options.json)
    return renderJson(
      rules.map((rule) => ruleJson(rule, options)),
      options.pretty,
    )
  const protocol = options.details ? " proto kernel" : ""
  return rules.map(({ priority, table }) => `${priority}:\tfrom all lookup ${table}${protocol}\n`).join("")
}

const ruleJson = ({ priority, table }: Rule, options: IpOptions): Json => ({
  priority,
  src: "all",
  table,
  protocol: options.details ? "kernel" : undefined,
})
