/** ip rule: which table answers for which packet. Models iproute2 ip/iprule.c. */
import type { FibRule } from "../../linux/fib/rule.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { type RuleSpec, ruleAdd, ruleDel } from "../../linux/rtnetlink/rule.ts"
import { formatIpv4, networkOf, type Prefix } from "../../wire/address.ts"
import { check, fail, type IpOptions, invalid, type Json, pick, renderJson, type Words } from "../iproute.ts"
import { PROTOCOLS, readPrefix, TABLES } from "./route.ts"
import { refused, runSubcommand, type Subcommands } from "./subcommand.ts"

const COMMANDS: Subcommands = [
  ["list", show],
  ["lst", show],
  ["show", show],
  ["add", (words, options) => modify(words, options, "add")],
  ["delete", (words, options) => modify(words, options, "del")],
  ["flush", flush],
  ...refused("rule", ["save", "restore"]),
]

export function ipRule(args: readonly string[], options: IpOptions): string {
  return runSubcommand("rule", COMMANDS, args, options)
}

const named = (table: readonly (readonly [string, number])[], value: number): string =>
  table.find(([, known]) => known === value)?.[0] ?? String(value)

function readTable(word: string): number {
  const known = TABLES.find(([name]) => name === word)?.[1]
  return known ?? (/^\d+$/.test(word) ? Number(word) : invalid(word, "invalid table ID\n"))
}

function readNumber(word: string, what: string): number {
  return /^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : invalid(word, `${what} value is invalid\n`)
}

/** `0x200/0xf00`. */
function readMark(word: string): { mark: number; markMask: number } {
  const [mark = "", mask] = word.split("/")
  const value = readNumber(mark, "fwmark")
  return { mark: value, markMask: mask === undefined ? 0xffffffff : readNumber(mask, "fwmask") }
}

// ── changing ──────────────────────────────────────────────────────────────────────────────────

const ACTIONS: readonly (readonly [string, FibRule["action"]])[] = [
  ["blackhole", "blackhole"],
  ["unreachable", "unreachable"],
  ["prohibit", "prohibit"],
]
/** Real words that are not here. */
const UNSUPPORTED: ReadonlySet<string> = new Set(
  "tos dsfield realms suppress_prefixlength sup_pl suppress_ifgroup sup_group protocol l3mdev uidrange nat map-to ipproto sport dport goto nop".split(
    " ",
  ),
)

type Setter = (spec: RuleSpec, words: Words) => void

const prefix =
  (set: (spec: RuleSpec, prefix: Prefix) => void): Setter =>
  (spec, words) =>
    set(spec, readPrefix(words.next()))

const SETTERS: readonly (readonly [readonly string[], Setter])[] = [
  [
    ["not"],
    (spec) => {
      spec.inverted = true
    },
  ],
  [["from"], prefix((spec, { address, length }) => Object.assign(spec, { from: address, fromLength: length }))],
  [["to"], prefix((spec, { address, length }) => Object.assign(spec, { to: address, toLength: length }))],
  [
    ["preference", "pref", "order", "priority"],
    (spec, words) => {
      spec.priority = readNumber(words.next(), "preference")
    },
  ],
  [["fwmark"], (spec, words) => Object.assign(spec, readMark(words.next()))],
  [
    ["table", "lookup"],
    (spec, words) => {
      spec.table = readTable(words.next())
      spec.action = "lookup"
    },
  ],
  [
    ["dev", "iif"],
    (spec, words) => {
      spec.input = words.next()
    },
  ],
  [
    ["oif"],
    (spec, words) => {
      spec.output = words.next()
    },
  ],
]

function modify(words: Words, options: IpOptions, verb: "add" | "del"): string {
  if (words.left === 0) fail(`"ip rule ${verb}" requires arguments.`, 1)
  const spec: RuleSpec = {}
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const setter = SETTERS.find(([names]) => names.includes(word as string))?.[1]
    if (setter !== undefined) setter(spec, words)
    else if (UNSUPPORTED.has(word)) fail(`ip: podwire does not support 'rule ${verb} ${word}'`, 255)
    else if (word !== "type") spec.action = pick(word, ACTIONS) ?? invalid(word, "Failed to parse rule type")
  }
  const { net } = options
  if (verb === "del") {
    check(ruleDel(net, spec))
    return ""
  }
  if ((spec.action ?? "lookup") === "lookup") spec.table = spec.table === 0 ? emptyTable(net) : (spec.table ?? 254)
  // iproute2 sends no protocol of its own.
  check(ruleAdd(net, { ...spec, protocol: 0, origin: "ip rule add" }))
  return ""
}

/** Table 0 is the kernel's to choose. Models fib_empty_table. */
function emptyTable(net: NetNamespace): number {
  let table = 1
  while (net.fib.hasTable(table)) table++
  return table
}

/** All but the very first. */
function flush(words: Words, { net }: IpOptions): string {
  const word = words.take()
  if (word !== undefined) fail(`ip: podwire does not support 'rule flush ${word}'`, 255)
  for (const { origin: _, ...rule } of [...net.fib.rules]) if (rule.priority !== 0) check(ruleDel(net, rule))
  return ""
}

// ── looking ───────────────────────────────────────────────────────────────────────────────────

type Filter = (rule: FibRule) => boolean

const inside = ({ address, length }: Prefix, own: number, ownLength: number): boolean =>
  length === 0 || (ownLength >= length && networkOf(own, length) === networkOf(address, length))

const FILTERS: readonly (readonly [readonly string[], (words: Words) => Filter])[] = [
  [
    ["table", "lookup"],
    (words) => {
      const table = readTable(words.next())
      return (rule) => rule.action === "lookup" && rule.table === table
    },
  ],
  [
    ["preference", "pref", "order", "priority"],
    (words) => {
      const priority = readNumber(words.next(), "preference")
      return (rule) => rule.priority === priority
    },
  ],
  [
    ["from"],
    (words) => {
      const wanted = readPrefix(words.next())
      return (rule) => inside(wanted, rule.from, rule.fromLength)
    },
  ],
  [
    ["to"],
    (words) => {
      const wanted = readPrefix(words.next())
      return (rule) => inside(wanted, rule.to, rule.toLength)
    },
  ],
  [
    ["fwmark"],
    (words) => {
      const { mark, markMask } = readMark(words.next())
      return (rule) =>
        rule.markMask !== 0 && rule.mark === mark && (markMask === 0xffffffff || rule.markMask === markMask)
    },
  ],
  [
    ["dev", "iif"],
    (words) => {
      const name = words.next()
      return (rule) => rule.input === name
    },
  ],
  [
    ["oif"],
    (words) => {
      const name = words.next()
      return (rule) => rule.output === name
    },
  ],
]

function show(words: Words, options: IpOptions): string {
  const filters: Filter[] = []
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const filter = FILTERS.find(([names]) => names.includes(word as string))?.[1]
    if (filter !== undefined) filters.push(filter(words))
    else if (UNSUPPORTED.has(word)) fail(`ip: podwire does not support 'rule show ${word}'`, 255)
    else fail(`Error: inet prefix is expected rather than "${word}".`, 1)
  }
  const rules = options.family === "inet6" ? IPV6_RULES : options.net.fib.rules
  const shown = rules.filter((rule) => filters.every((fits) => fits(rule)))
  if (!options.json) return shown.map((rule) => `${ruleText(rule, options)}\n`).join("")
  return renderJson(
    shown.map((rule) => ruleJson(rule, options)),
    options.pretty,
  )
}

/** IPv6 has two of its own. */
const rule6 = (priority: number, table: number): FibRule => {
  const any = {
    from: 0,
    fromLength: 0,
    to: 0,
    toLength: 0,
    mark: 0,
    markMask: 0,
    input: "",
    output: "",
    inverted: false,
  }
  return { ...any, priority, table, action: "lookup", protocol: 2, origin: undefined }
}
const IPV6_RULES: readonly FibRule[] = [rule6(0, 255), rule6(32766, 254)]

const prefixText = (address: number, length: number): string =>
  length === 32 ? formatIpv4(address) : `${formatIpv4(address)}/${length}`

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`

/** A device that is not there (any more). */
const detached = (name: string, { net }: IpOptions): boolean => net.device(name) === undefined

function ruleText(rule: FibRule, options: IpOptions): string {
  const { fromLength, toLength, markMask, input, output } = rule
  const parts = [`${rule.priority}:\t${rule.inverted ? "not " : ""}from `]
  parts.push(fromLength === 0 ? "all" : prefixText(rule.from, fromLength))
  if (toLength !== 0) parts.push(` to ${prefixText(rule.to, toLength)}`)
  if (markMask !== 0) parts.push(` fwmark ${hex(rule.mark)}${markMask === 0xffffffff ? "" : `/${hex(markMask)}`}`)
  for (const [word, name] of [
    ["iif", input],
    ["oif", output],
  ] as const)
    if (name !== "") parts.push(` ${word} ${name}${detached(name, options) ? " [detached]" : ""}`)
  parts.push(rule.action === "lookup" ? ` lookup ${named(TABLES, rule.table)}` : ` ${rule.action}`)
  if (options.details) parts.push(` proto ${named(PROTOCOLS, rule.protocol)}`)
  return parts.join("")
}

function ruleJson(rule: FibRule, options: IpOptions): Json {
  const { fromLength, toLength, markMask, input, output } = rule
  const length = (value: number): number | undefined => (value === 0 || value === 32 ? undefined : value)
  return {
    priority: rule.priority,
    not: rule.inverted ? null : undefined,
    src: fromLength === 0 ? "all" : formatIpv4(rule.from),
    srclen: length(fromLength),
    dst: toLength === 0 ? undefined : formatIpv4(rule.to),
    dstlen: length(toLength),
    fwmark: markMask === 0 ? undefined : hex(rule.mark),
    fwmask: markMask === 0 || markMask === 0xffffffff ? undefined : hex(markMask),
    iif: input || undefined,
    iif_detached: input !== "" && detached(input, options) ? null : undefined,
    oif: output || undefined,
    oif_detached: output !== "" && detached(output, options) ? null : undefined,
    table: rule.action === "lookup" ? named(TABLES, rule.table) : undefined,
    action: rule.action === "lookup" ? undefined : rule.action,
    protocol: options.details ? named(PROTOCOLS, rule.protocol) : undefined,
  }
}
