/** Which table answers for a packet. Models net/core/fib_rules.c and net/ipv4/fib_rules.c. */
import { netmask } from "../../wire/address.ts"
import { RouteTable } from "./route.ts"

/** What a lookup knows of the packet. */
export interface FibFlow {
  destination: number
  source: number
  mark: number
  /** Where it came in; empty for packets of this machine. */
  input: string
  /** What the socket is bound to. */
  output: string
}

export interface FibRule {
  readonly priority: number
  /** The table to look in; 0 for the other actions. */
  readonly table: number
  /** FR_ACT_*. */
  readonly action: "lookup" | "unreachable" | "blackhole" | "prohibit"
  readonly from: number
  readonly fromLength: number
  readonly to: number
  readonly toLength: number
  readonly mark: number
  readonly markMask: number
  readonly input: string
  readonly output: string
  /** `not`: for packets that do not match. */
  readonly inverted: boolean
  /** RTPROT_*: `ip -d rule` shows it. */
  readonly protocol: number
  readonly origin: string | undefined
}

const KERNEL = 2
const ANY = { from: 0, fromLength: 0, to: 0, toLength: 0, mark: 0, markMask: 0, input: "", output: "", inverted: false }

const tableRule = (priority: number, table: number): FibRule => ({
  ...ANY,
  priority,
  table,
  action: "lookup",
  protocol: KERNEL,
  origin: undefined,
})

/** Every namespace begins with these. */
export const DEFAULT_RULES: readonly FibRule[] = [
  tableRule(0, RouteTable.LOCAL),
  tableRule(32766, RouteTable.MAIN),
  tableRule(32767, RouteTable.DEFAULT),
]

/** Models fib_rule_match and fib4_rule_match. */
export function ruleFits(rule: FibRule, flow: FibFlow): boolean {
  const fits =
    (rule.input === "" || rule.input === (flow.input === "" ? "lo" : flow.input)) &&
    (rule.output === "" || rule.output === flow.output) &&
    ((flow.mark ^ rule.mark) & rule.markMask) === 0 &&
    (flow.source & netmask(rule.fromLength)) >>> 0 === rule.from &&
    (flow.destination & netmask(rule.toLength)) >>> 0 === rule.to
  return fits !== rule.inverted
}
