/** -m conntrack and -m state. Models net/netfilter/xt_conntrack.c and xt_state.c. */
import { protocolNumber } from "../../../../wire/services.ts"
import { CtInfo, CtStatus, ctDirection, type NfConn } from "../../conntrack/entry.ts"
import { misuse } from "../error.ts"
import { type Given, type MatchExtension, not, parseNumber } from "../extension.ts"
import { addressText, parseAddresses } from "../names.ts"
import type { XtPacket } from "../packet.ts"

/** State bits in the order iptables writes them. */
const STATES = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"] as const
const STATUSES: readonly (readonly [string, number])[] = [
  ["NONE", 0],
  ["EXPECTED", CtStatus.EXPECTED],
  ["SEEN_REPLY", CtStatus.SEEN_REPLY],
  ["ASSURED", CtStatus.ASSURED],
  ["CONFIRMED", CtStatus.CONFIRMED],
]
const bit = (state: (typeof STATES)[number]): number => 1 << STATES.indexOf(state)
const [INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED, SNAT, DNAT] = STATES.map(bit) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]

function stateOf(packet: XtPacket): number {
  const { nfct, ctinfo } = packet.skb
  if (nfct === undefined) return ctinfo === CtInfo.UNTRACKED ? UNTRACKED : INVALID
  const kind = ctinfo % CtInfo.IS_REPLY
  return kind === CtInfo.NEW ? NEW : kind === CtInfo.RELATED ? RELATED : ESTABLISHED
}

function parseStates(text: string, known: number, what: string): number {
  let states = 0
  for (const word of text.split(",")) {
    const at = STATES.indexOf(word.toUpperCase() as (typeof STATES)[number])
    if (at < 0 || at >= known) misuse(`Bad ${what} "${word}"`)
    states |= 1 << at
  }
  return states
}

const statesText = (states: number): string => STATES.filter((state) => (states & bit(state)) !== 0).join(",")

export const state: MatchExtension = {
  name: "state",
  options: [{ name: "--state", invert: true, mandatory: true }],
  build(given) {
    const states = parseStates(given.value("--state") ?? "", 5, "state")
    const inverted = given.inverted("--state")
    return {
      name: "state",
      save: ` ${not(inverted)}--state ${statesText(states)}`,
      list: () => `${not(inverted)}state ${statesText(states)}`,
      tracks: true,
      matches: (packet) => ((stateOf(packet) & states) !== 0) !== inverted,
    }
  },
}

type Part = {
  readonly option: string
  readonly text: string
  readonly inverted: boolean
  test(ct: NfConn, packet: XtPacket): boolean
}

const ADDRESSES = ["--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst"] as const
const PORTS = ["--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport"] as const
const OPTIONS = ["--ctstate", "--ctproto", ...ADDRESSES, ...PORTS, "--ctstatus", "--ctexpire", "--ctdir"] as const

const addressOf = (ct: NfConn, which: number): number => {
  const tuple = which < 2 ? ct.original : ct.reply
  return which % 2 === 0 ? tuple.source : tuple.destination
}
const portOf = (ct: NfConn, which: number): number => {
  const tuple = which < 2 ? ct.original : ct.reply
  return which % 2 === 0 ? tuple.sourcePort : tuple.destinationPort
}

function range(given: Given, option: string, max: number): [number, number, string] {
  const [low = "", high] = (given.value(option) ?? "").split(":", 2)
  const from = parseNumber(low, max)
  const to = high === undefined ? from : parseNumber(high, max)
  if (from === undefined || to === undefined)
    return misuse(`conntrack: bad value for option "${option}", or out of range (0-${max}).\n`)
  return [from, to, from === to ? `${from}` : `${from}:${to}`]
}

function partOf(given: Given, option: (typeof OPTIONS)[number]): Part {
  const value = given.value(option) ?? ""
  const part = (text: string, test: Part["test"]): Part => ({ option, text, inverted: given.inverted(option), test })
  const address = (ADDRESSES as readonly string[]).indexOf(option)
  if (address >= 0) {
    const { address: network, mask } = parseAddresses(value)[0] as { address: number; mask: number }
    return part(
      addressText(network, mask).replace(/\/32$/, ""),
      (ct) => (addressOf(ct, address) & mask) >>> 0 === network,
    )
  }
  const port = (PORTS as readonly string[]).indexOf(option)
  if (port >= 0) {
    const [low, high, text] = range(given, option, 65535)
    return part(text, (ct) => portOf(ct, port) >= low && portOf(ct, port) <= high)
  }
  if (option === "--ctproto") {
    const number =
      parseNumber(value, 255) ?? protocolNumber(value) ?? misuse(`conntrack: bad value for option "--ctproto"`)
    return part(String(number), (ct) => ct.original.protocol === number)
  }
  if (option === "--ctstatus") return statusPart(value, part)
  if (option === "--ctexpire") {
    const [low, high, text] = range(given, option, 0xffffffff)
    const left = (ct: NfConn, packet: XtPacket): number => Math.floor((ct.expires - packet.net.kernel.sim.now) / 1e9)
    return part(text, (ct, packet) => left(ct, packet) >= low && left(ct, packet) <= high)
  }
  if (value !== "ORIGINAL" && value !== "REPLY") return misuse(`--ctdir must be ORIGINAL or REPLY`)
  const direction = value === "ORIGINAL" ? 0 : 1
  return part(value, (_, packet) => ctDirection(packet.skb.ctinfo) === direction)
}

function statusPart(value: string, part: (text: string, test: Part["test"]) => Part): Part {
  let mask = 0
  for (const word of value.split(",")) {
    const found = STATUSES.find(([name]) => name === word.toUpperCase())
    if (found === undefined) return misuse(`Bad ctstatus "${word}"`)
    mask |= found[1]
  }
  const text = STATUSES.filter(([, status]) => status !== 0 && (mask & status) !== 0).map(([name]) => name)
  return part(text.join(",") || "NONE", (ct) => (mask === 0 ? ct.status === 0 : (ct.status & mask) !== 0))
}

export const conntrack: MatchExtension = {
  name: "conntrack",
  options: OPTIONS.map((name) => ({ name, invert: name !== "--ctdir" })),
  build(given) {
    if (given.names.length === 0) misuse("conntrack: At least one option is required")
    const states = given.has("--ctstate") ? parseStates(given.value("--ctstate") ?? "", 7, "ctstate") : 0
    const inverted = given.inverted("--ctstate")
    const parts = OPTIONS.filter((name) => name !== "--ctstate" && given.has(name)).map((name) => partOf(given, name))
    const texts = parts.map((part) => [not(part.inverted), part.option, part.text] as const)
    if (states !== 0) texts.unshift([not(inverted), "--ctstate", statesText(states)])
    return {
      name: "conntrack",
      save: texts.map(([no, option, text]) => ` ${no}${option} ${text}`).join(""),
      list: () => texts.map(([no, option, text]) => `${no}${option.slice(2)} ${text}`).join(" "),
      tracks: true,
      matches(packet) {
        const ct = packet.skb.nfct
        if (states !== 0) {
          let actual = stateOf(packet)
          if (ct !== undefined && (ct.status & CtStatus.SRC_NAT) !== 0) actual |= SNAT
          if (ct !== undefined && (ct.status & CtStatus.DST_NAT) !== 0) actual |= DNAT
          if (((actual & states) !== 0) === inverted) return false
        }
        if (parts.length === 0) return true
        return ct !== undefined && parts.every((part) => part.test(ct, packet) !== part.inverted)
      },
    }
  },
}
