/** Ports, protocols and addresses as iptables reads and writes them. */
import { formatIpv4, parseIpv4 } from "../../../wire/address.ts"
import { protocolName, protocolNumber, servicePorts } from "../../../wire/services.ts"
import { misuse } from "./error.ts"

/** These need no /etc/protocols (xtables_chain_protos). */
const CHAIN_PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: 6,
  sctp: 132,
  udp: 17,
  udplite: 136,
  icmp: 1,
  icmpv6: 58,
  "ipv6-icmp": 58,
  esp: 50,
  ah: 51,
  "ipv6-mh": 135,
  mh: 135,
  all: 0,
}

export function parseProtocol(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 255) return Number(text)
  const lower = text.toLowerCase()
  return CHAIN_PROTOCOLS[lower] ?? protocolNumber(lower) ?? misuse(`unknown protocol "${text}" specified`)
}

/** `tcp`, or the number of a protocol without a name. */
export function protocolText(number: number): string {
  return (
    Object.entries(CHAIN_PROTOCOLS).find(([, value]) => value === number && value !== 0)?.[0] ??
    protocolName(number) ??
    String(number)
  )
}

/** A port by number or name. Models xtables_parse_port. */
export function parsePort(text: string, transport: "tcp" | "udp" | "sctp" | undefined): number {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text)
  const ports = servicePorts(text)
  const found = transport === undefined ? (ports.tcp ?? ports.udp ?? ports.sctp) : ports[transport]
  return found ?? misuse(`invalid port/service \`${text}' specified`)
}

/** `80`, `1024:`, `:1024`, `80:90`. */
export function parsePortRange(text: string, transport: "tcp" | "udp" | "sctp"): [number, number] {
  const at = text.indexOf(":")
  if (at < 0) {
    const port = parsePort(text, transport)
    return [port, port]
  }
  const low = at === 0 ? 0 : parsePort(text.slice(0, at), transport)
  const high = at === text.length - 1 ? 65535 : parsePort(text.slice(at + 1), transport)
  if (low > high) misuse("invalid portrange (min > max)")
  return [low, high]
}

/** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`; several with commas. Models xtables_ipparse_multiple without a resolver. */
export function parseAddresses(text: string): { address: number; mask: number }[] {
  return text.split(",").map((part) => {
    const [host = "", length] = part.split("/", 2)
    const mask = length === undefined ? 0xffffffff : parseMask(length)
    return { address: (parseHost(host) & mask) >>> 0, mask }
  })
}

/** A dotted quad; what is missing at its end is zero (xtables_numeric_to_ipaddr). */
function parseHost(text: string): number {
  if (/^\d+(\.\d+){0,2}$/.test(text) && text.split(".").every((part) => Number(part) <= 255))
    return parseIpv4(text.split(".").concat(["0", "0", "0"]).slice(0, 4).join(".")) as number
  return parseIpv4(text) ?? misuse(`host/network \`${text}' not found`)
}

function parseMask(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 32) return Number(text) === 0 ? 0 : (-1 << (32 - Number(text))) >>> 0
  return (text.includes(".") ? parseIpv4(text) : undefined) ?? misuse(`invalid mask \`${text}' specified`)
}

/** Length of the prefix, -1 for a mask with holes. */
export function maskLength(mask: number): number {
  const length = mask === 0 ? 0 : Math.clz32(~mask)
  return (length === 0 ? 0 : (-1 << (32 - length)) >>> 0) === mask ? length : -1
}

/** `10.0.0.0/8`, as iptables-save always writes it. */
export function addressText(address: number, mask: number): string {
  const length = maskLength(mask)
  return `${formatIpv4(address)}/${length >= 0 ? length : formatIpv4(mask)}`
}
