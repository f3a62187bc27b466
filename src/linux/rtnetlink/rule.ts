/** Policy rules: RTM_NEWRULE, RTM_DELRULE. Models net/core/fib_rules.c fib_nl_newrule and fib_nl_delrule. */
import { networkOf } from "../../wire/address.ts"
import type { FibRule } from "../fib/rule.ts"
import type { NetNamespace } from "../netns.ts"
import { type NetlinkError, refuse } from "./error.ts"

/** What is absent does not matter to a rule, and any will do to a deletion. */
export interface RuleSpec {
  priority?: number
  table?: number
  action?: FibRule["action"]
  from?: number
  fromLength?: number
  to?: number
  toLength?: number
  mark?: number
  markMask?: number
  input?: string
  output?: string
  inverted?: boolean
  protocol?: number
  origin?: string
}

const RTPROT_BOOT = 3

/** One line to copy: `ruleAdd(net, { priority: 9, mark: 0x200, markMask: 0xf00, table: 2004 })`. */
export function ruleAdd(net: NetNamespace, spec: RuleSpec): NetlinkError | undefined {
  const from = spec.from ?? 0
  const to = spec.to ?? 0
  const fromLength = spec.fromLength ?? (spec.from === undefined ? 0 : 32)
  const toLength = spec.toLength ?? (spec.to === undefined ? 0 : 32)
  if (networkOf(from, fromLength) !== from || networkOf(to, toLength) !== to) return refuse("EINVAL")
  const rule: FibRule = {
    priority: spec.priority ?? defaultPriority(net),
    table: spec.table ?? 0,
    action: spec.action ?? "lookup",
    from,
    fromLength,
    to,
    toLength,
    mark: spec.mark ?? 0,
    markMask: spec.markMask ?? (spec.mark === undefined ? 0 : 0xffffffff),
    input: spec.input ?? "",
    output: spec.output ?? "",
    inverted: spec.inverted ?? false,
    protocol: spec.protocol ?? RTPROT_BOOT,
    origin: spec.origin,
  }
  if (rule.action === "lookup" && rule.table === 0) return refuse("EINVAL")
  if (net.fib.rules.some((other) => same(other, rule))) return refuse("EEXIST")
  // After those of the same priority.
  const at = net.fib.rules.findIndex((other) => other.priority > rule.priority)
  const rules = [...net.fib.rules]
  rules.splice(at < 0 ? rules.length : at, 0, rule)
  net.fib.rules = rules
  net.kernel.notify(net, "rule")
  return undefined
}

/** Deletes the first rule that agrees with everything `spec` says. */
export function ruleDel(net: NetNamespace, spec: RuleSpec): NetlinkError | undefined {
  const keys = (Object.keys(spec) as (keyof RuleSpec)[]).filter((key) => key !== "origin" && spec[key] !== undefined)
  const found = net.fib.rules.find((rule) => keys.every((key) => rule[key] === spec[key]))
  if (found === undefined) return refuse("ENOENT")
  net.fib.rules = net.fib.rules.filter((rule) => rule !== found)
  net.kernel.notify(net, "rule")
  return undefined
}

/** One before the second rule. Models fib_default_rule_pref. */
function defaultPriority(net: NetNamespace): number {
  const second = net.fib.rules[1]
  return second === undefined || second.priority === 0 ? 0 : second.priority - 1
}

const KEYS = [
  "priority",
  "table",
  "action",
  "from",
  "fromLength",
  "to",
  "toLength",
  "mark",
  "markMask",
  "input",
  "output",
  "inverted",
] as const

const same = (a: FibRule, b: FibRule): boolean => KEYS.every((key) => a[key] === b[key])
