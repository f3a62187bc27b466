/** Rules as a table: `iptables -L`. Models iptables/xshared.c print_header, print_rule_details and nft-ipv4.c. */
import { formatIpv4 } from "../../../wire/address.ts"
import type { Chain } from "./chain.ts"
import { maskLength, protocolText } from "./names.ts"
import type { Rule, RuleHeader } from "./rule.ts"

export interface ListFormat {
  readonly numeric: boolean
  readonly verbose: boolean
  readonly exact: boolean
  readonly lineNumbers: boolean
}

/** `100K`, `5000M`. Models xtables_print_num. */
function kilomega(number: number, width: number): string {
  let value = number
  if (value <= 99_999) return String(value).padStart(width)
  for (const unit of ["K", "M", "G", "T"]) {
    value = Math.floor((value + 500) / 1000)
    if (value <= 9999 || unit === "T") return `${String(value).padStart(width - 1)}${unit}`
  }
  return ""
}

const count = (number: number, exact: boolean): string => (exact ? String(number).padStart(8) : kilomega(number, 5))

export function chainHead(chain: Chain, format: ListFormat): string {
  const number = (value: number): string => (format.exact ? String(value) : kilomega(value, 0))
  const counters = format.verbose ? ` ${number(chain.packets)} packets, ${number(chain.bytes)} bytes` : ""
  const about = chain.base === undefined ? `${chain.references} references` : `policy ${chain.policy}${counters}`
  let head = ""
  if (format.lineNumbers) head += "num  "
  if (format.verbose) head += format.exact ? "    pkts      bytes " : " pkts bytes "
  head += "target     prot opt "
  if (format.verbose) head += "in     out     "
  return `Chain ${chain.name} (${about})\n${head}source               destination         \n`
}

const targetName = ({ action }: Rule): string => {
  if (action.kind === "verdict") return action.name
  return action.kind === "jump"
    ? action.chain.name
    : action.kind === "target"
      ? (action.target.listName ?? action.target.name)
      : ""
}

const fragmentText = ({ fragment }: RuleHeader): string =>
  fragment === "-f" ? "-f" : fragment === undefined ? "--" : "!f"

function protocolCell(protocol: number, numeric: boolean): string {
  if (numeric) return String(protocol)
  return protocol === 0 ? "all" : protocolText(protocol)
}

function deviceCell(name: string, inverted: boolean, numeric: boolean): string {
  return (inverted ? "!" : "") + (name === "" ? (numeric ? "*" : "any") : name)
}

/** Debian's /etc/hosts and /etc/networks: without -n names stand for addresses, and these need no resolver. */
const HOSTS: ReadonlyMap<number, string> = new Map([[0x7f000001, "localhost"]])
const NETWORKS: ReadonlyMap<number, string> = new Map([
  [0x7f000000, "loopback"],
  [0xa9fe0000, "link-local"],
])

function addressCell(address: number, mask: number, inverted: boolean, numeric: boolean): string {
  if (mask === 0 && !inverted && !numeric) return "anywhere"
  const names = mask === 0xffffffff ? HOSTS : NETWORKS
  const host = (numeric ? undefined : names.get(address)) ?? formatIpv4(address)
  const length = maskLength(mask)
  return mask === 0xffffffff ? host : `${host}/${length < 0 ? formatIpv4(mask) : length}`
}

/** What matches and target have to say. */
function details(rule: Rule, numeric: boolean): string {
  const { action } = rule
  let text = action.kind === "jump" && action.goto ? "[goto] " : ""
  for (const match of rule.matches) text += ` ${match.list(numeric)}`
  const target = action.kind === "target" ? action.target.list(numeric) : ""
  return target === "" ? text : `${text} ${target}`
}

export function ruleRow(rule: Rule, number: number, format: ListFormat): string {
  const h = rule.header
  const { numeric } = format
  let row = ""
  if (format.lineNumbers) row += `${String(number).padEnd(4)} `
  if (format.verbose) row += `${count(rule.packets, format.exact)} ${count(rule.bytes, format.exact)} `
  row += `${targetName(rule).padEnd(9)} ${h.protocolInverted ? "!" : " "}`
  row += `${protocolCell(h.protocol, numeric).padEnd(4)} ${fragmentText(h)} `
  if (format.verbose)
    row += ` ${deviceCell(h.input, h.inputInverted, numeric).padEnd(6)} ${deviceCell(h.output, h.outputInverted, numeric).padEnd(6)} `
  const source = addressCell(h.source, h.sourceMask, h.sourceInverted, numeric)
  const destination = addressCell(h.destination, h.destinationMask, h.destinationInverted, numeric)
  row += `${h.sourceInverted ? "!" : " "}${source.padEnd(19)} ${h.destinationInverted ? "!" : " "}${destination.padEnd(19)} `
  return `${row}${details(rule, numeric)}\n`
}

/** What `iptables -v -A …` repeats of the rule. */
export function ruleLine(rule: Rule): string {
  const h = rule.header
  const device = (name: string, inverted: boolean): string => deviceCell(name, inverted, true)
  const source = `${h.sourceInverted ? "!" : ""}${addressCell(h.source, h.sourceMask, h.sourceInverted, true)}`
  const destination = addressCell(h.destination, h.destinationMask, h.destinationInverted, true)
  return (
    `${targetName(rule)}  ${h.protocolInverted ? "!" : ""}${protocolCell(h.protocol, false)} opt ${fragmentText(h)} ` +
    `in ${device(h.input, h.inputInverted)} out ${device(h.output, h.outputInverted)}  ` +
    `${source} ${h.destinationInverted ? "!" : " "}-> ${destination}  ${details(rule, true)}\n`
  )
}
