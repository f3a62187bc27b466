/** -m icmp: type and code. Models net/ipv4/netfilter/ip_tables.c icmp_match. */
import { misuse } from "../error.ts"
import { type MatchExtension, not, parseNumber } from "../extension.ts"

/** Names of types and codes, in iptables' order. 255 is any. */
const NAMES: readonly (readonly [name: string, type: number, low: number, high: number])[] = [
  ["any", 255, 0, 255],
  ["echo-reply", 0, 0, 255],
  ["pong", 0, 0, 255],
  ["destination-unreachable", 3, 0, 255],
  ["network-unreachable", 3, 0, 0],
  ["host-unreachable", 3, 1, 1],
  ["protocol-unreachable", 3, 2, 2],
  ["port-unreachable", 3, 3, 3],
  ["fragmentation-needed", 3, 4, 4],
  ["source-route-failed", 3, 5, 5],
  ["network-unknown", 3, 6, 6],
  ["host-unknown", 3, 7, 7],
  ["network-prohibited", 3, 9, 9],
  ["host-prohibited", 3, 10, 10],
  ["TOS-network-unreachable", 3, 11, 11],
  ["TOS-host-unreachable", 3, 12, 12],
  ["communication-prohibited", 3, 13, 13],
  ["host-precedence-violation", 3, 14, 14],
  ["precedence-cutoff", 3, 15, 15],
  ["source-quench", 4, 0, 255],
  ["redirect", 5, 0, 255],
  ["network-redirect", 5, 0, 0],
  ["host-redirect", 5, 1, 1],
  ["TOS-network-redirect", 5, 2, 2],
  ["TOS-host-redirect", 5, 3, 3],
  ["echo-request", 8, 0, 255],
  ["ping", 8, 0, 255],
  ["router-advertisement", 9, 0, 255],
  ["router-solicitation", 10, 0, 255],
  ["time-exceeded", 11, 0, 255],
  ["ttl-exceeded", 11, 0, 255],
  ["ttl-zero-during-transit", 11, 0, 0],
  ["ttl-zero-during-reassembly", 11, 1, 1],
  ["parameter-problem", 12, 0, 255],
  ["ip-header-bad", 12, 0, 0],
  ["required-option-missing", 12, 1, 1],
  ["timestamp-request", 13, 0, 255],
  ["timestamp-reply", 14, 0, 255],
  ["address-mask-request", 17, 0, 255],
  ["address-mask-reply", 18, 0, 255],
]

interface IcmpTest {
  readonly type: number
  readonly low: number
  readonly high: number
}

function parse(text: string): IcmpTest {
  const named = NAMES.filter(([name]) => name.toLowerCase().startsWith(text.toLowerCase()))
  const exact = NAMES.find(([name]) => name.toLowerCase() === text.toLowerCase())
  const found = exact ?? (named.length === 1 ? named[0] : undefined)
  if (found !== undefined) return { type: found[1], low: found[2], high: found[3] }
  if (named.length > 1) misuse(`Ambiguous ICMP type \`${text}': \`${named[0]?.[0]}' or \`${named[1]?.[0]}'?`)
  const [type = "", code] = text.split("/", 2)
  const number = parseNumber(type, 255)
  if (number === undefined) return misuse(`Unknown ICMP type \`${text}'`)
  if (code === undefined) return { type: number, low: 0, high: 255 }
  const parsed = parseNumber(code, 255)
  return parsed === undefined ? misuse(`Unknown ICMP type \`${text}'`) : { type: number, low: parsed, high: parsed }
}

export const icmp: MatchExtension = {
  name: "icmp",
  options: [{ name: "--icmp-type", invert: true, mandatory: true }],
  build(given, header) {
    const { type, low, high } = parse(given.value("--icmp-type") ?? "")
    const inverted = given.inverted("--icmp-type")
    const code = low === high ? `/${low}` : ""
    const name = NAMES.find((row) => row[1] === type && row[2] === low && row[3] === high)?.[0]
    return {
      name: "icmp",
      save: ` ${not(inverted)}--icmp-type ${type === 255 ? "any" : `${type}${code}`}`,
      list: (numeric) =>
        !numeric && name !== undefined
          ? `icmp ${inverted ? "!" : ""}${name}`
          : `icmp${inverted ? " !" : ""}type ${type}${low === high ? ` code ${low}` : ""}`,
      // The kernel takes it for -p icmp only.
      ...(header.protocol === 1 && !header.protocolInverted ? {} : { hooks: 0 }),
      matches(packet) {
        if (!packet.has(2)) return false
        const { view } = packet.skb
        const actual = view.getUint8(packet.transport + 1)
        const fits = view.getUint8(packet.transport) === type && actual >= low && actual <= high
        return (type === 255 || fits) !== inverted
      },
    }
  },
}
