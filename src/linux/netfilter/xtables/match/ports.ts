/** -m tcp, udp, sctp: ports, and TCP's flags. Models net/netfilter/xt_tcpudp.c and xt_sctp.c. */
import { portName } from "../../../../wire/services.ts"
import { misuse } from "../error.ts"
import { type ExtensionOption, type Given, type MatchExtension, not } from "../extension.ts"
import { parsePortRange } from "../names.ts"
import type { XtPacket } from "../packet.ts"
import type { RuleHeader, XtMatch } from "../rule.ts"

type Transport = "tcp" | "udp" | "sctp"

interface PortRange {
  readonly low: number
  readonly high: number
  readonly inverted: boolean
}

const ANY: PortRange = { low: 0, high: 65535, inverted: false }
const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] as const
const NUMBERS: Readonly<Record<Transport, number>> = { tcp: 6, udp: 17, sctp: 132 }

const port = (name: string, long: string, transport: Transport): ExtensionOption => ({
  name,
  aliases: [long],
  invert: true,
  check: (value) => void parsePortRange(value, transport),
  ...(transport === "tcp" ? { twice: `Only one \`${long}' allowed` } : {}),
})

const extension = (name: Transport, more: readonly ExtensionOption[]): MatchExtension => ({
  name,
  options: [port("--sport", "--source-port", name), port("--dport", "--destination-port", name), ...more],
  build: (given, header) => build(name, given, header),
})

export const tcp: MatchExtension = extension("tcp", [
  { name: "--tcp-flags", args: 2, invert: true, twice: "Only one of `--syn' or `--tcp-flags'  allowed" },
  { name: "--syn", args: 0, invert: true, twice: "Only one of `--syn' or `--tcp-flags'  allowed" },
])
export const udp: MatchExtension = extension("udp", [])
export const sctp: MatchExtension = extension("sctp", [])

function range(given: Given, option: string, transport: Transport): PortRange {
  const found = given.get(option)
  if (found === undefined) return ANY
  const [low, high] = parsePortRange(found.value, transport)
  return { low, high, inverted: found.inverted }
}

const saveRange = (option: string, { low, high, inverted }: PortRange): string =>
  low === 0 && high === 65535 && !inverted ? "" : ` ${not(inverted)}${option} ${low}${high === low ? "" : `:${high}`}`

function listRange(word: string, { low, high, inverted }: PortRange, name: (port: number) => string): string {
  if (low === 0 && high === 65535 && !inverted) return ""
  const invert = inverted ? "!" : ""
  return low === high ? ` ${word}:${invert}${name(low)}` : ` ${word}s:${invert}${name(low)}:${name(high)}`
}

function parseFlags(text: string): number {
  let flags = 0
  for (const word of text.split(",")) {
    const at = FLAGS.indexOf(word.toUpperCase() as (typeof FLAGS)[number])
    if (word.toUpperCase() === "ALL") flags |= 0x3f
    else if (at >= 0) flags |= 1 << at
    else if (word.toUpperCase() !== "NONE") misuse(`Unknown TCP flag \`${word}'`)
  }
  return flags
}

const flagsText = (flags: number): string => FLAGS.filter((_, i) => (flags & (1 << i)) !== 0).join(",") || "NONE"
const flagsHex = (flags: number): string => `0x${flags.toString(16).toUpperCase().padStart(2, "0")}`

interface FlagTest {
  readonly mask: number
  readonly compare: number
  readonly inverted: boolean
}

function flagTest(given: Given): FlagTest | undefined {
  const flags = given.get("--tcp-flags")
  const syn = given.get("--syn")
  if (flags !== undefined && syn !== undefined) misuse("Only one of `--syn' or `--tcp-flags'  allowed")
  if (syn !== undefined) return { mask: 0x17, compare: 2, inverted: syn.inverted }
  if (flags === undefined) return undefined
  return { mask: parseFlags(flags.value), compare: parseFlags(flags.second), inverted: flags.inverted }
}

function build(name: Transport, given: Given, header: RuleHeader): XtMatch {
  if (header.protocol !== NUMBERS[name] || header.protocolInverted)
    misuse(`${name.toUpperCase()} match requires '-p ${name}'`)
  const source = range(given, "--sport", name)
  const destination = range(given, "--dport", name)
  const flags = name === "tcp" ? flagTest(given) : undefined
  const flagsSave =
    flags === undefined ? "" : ` ${not(flags.inverted)}--tcp-flags ${flagsText(flags.mask)} ${flagsText(flags.compare)}`
  const length = name === "tcp" ? 20 : name === "udp" ? 8 : 12
  return {
    name,
    save: saveRange("--sport", source) + saveRange("--dport", destination) + flagsSave,
    list: (numeric) => name + listAll(name, source, destination, flags, numeric),
    matches: (packet) => packet.has(length) && portsFit(packet, source, destination) && flagsFit(packet, flags),
  }
}

function listAll(
  name: Transport,
  source: PortRange,
  destination: PortRange,
  flags: FlagTest | undefined,
  numeric: boolean,
): string {
  const service = (number: number): string => (numeric ? String(number) : portName(name, number))
  const ports = listRange("spt", source, service) + listRange("dpt", destination, service)
  if (flags === undefined) return ports
  const show = numeric ? flagsHex : flagsText
  return `${ports} flags:${flags.inverted ? "!" : ""}${show(flags.mask)}/${show(flags.compare)}`
}

function portsFit(packet: XtPacket, source: PortRange, destination: PortRange): boolean {
  const { view } = packet.skb
  const from = view.getUint16(packet.transport)
  if ((from >= source.low && from <= source.high) === source.inverted) return false
  const to = view.getUint16(packet.transport + 2)
  return (to >= destination.low && to <= destination.high) !== destination.inverted
}

function flagsFit(packet: XtPacket, flags: FlagTest | undefined): boolean {
  if (flags === undefined) return true
  return ((packet.skb.view.getUint8(packet.transport + 13) & flags.mask) === flags.compare) !== flags.inverted
}
