/** What the words behind a qualifier stand for: ports, protocols, networks. Models nametoaddr.c. */
import { protocolName, servicePorts } from "../../wire/services.ts"
import { fail } from "./error.ts"
import { IP_PROTOCOLS, type Protocol } from "./generate.ts"

/** An address of one to four bytes, and how many bits were written. Models __pcap_atoin. */
export function shortAddress(text: string): { address: number; bits: number } {
  const parts = text.split(".")
  let value = 0
  for (const part of parts) {
    if (!/^\d+$/.test(part) || Number(part) > 255) fail(`invalid IPv4 address '${text}'`)
    value = value * 256 + Number(part)
  }
  return { address: value, bits: parts.length * 8 }
}

/** An address of few bytes is the beginning of a network. */
export function promote(address: number, bits: number): { address: number; mask: number } {
  const missing = 32 - bits
  return { address: (address * 2 ** missing) >>> 0, mask: missing === 0 ? 0xffffffff : (0xffffffff << missing) >>> 0 }
}

/** A port by name: the number and, when only one transport has it, that. */
export function portByName(name: string): { port: number; transport: Protocol } | undefined {
  if (/^\d+$/.test(name)) return { port: Number(name), transport: undefined }
  const { tcp, udp } = servicePorts(name)
  if (tcp !== undefined) return { port: tcp, transport: udp === tcp ? undefined : "tcp" }
  return udp === undefined ? undefined : { port: udp, transport: "udp" }
}

/** Which transport a port's name and its qualifier leave. */
export function agreed(name: string, transport: Protocol, protocol: Protocol, what: string): Protocol {
  if (protocol === undefined) return transport
  return transport === undefined || transport === protocol ? protocol : fail(`${what} '${name}' is ${transport}`)
}

const ETHER_TYPES: Readonly<Record<string, number>> = {
  aarp: 0x80f3,
  arp: 0x0806,
  atalk: 0x809b,
  decnet: 0x6003,
  ip: 0x0800,
  ip6: 0x86dd,
  lat: 0x6004,
  loopback: 0x9000,
  mopdl: 0x6001,
  moprc: 0x6002,
  rarp: 0x8035,
  sca: 0x6007,
}

/** The number of `\tcp` behind `proto`. */
export function protocolNumber(name: string, protocol: Protocol): number {
  if (protocol === "ether") return ETHER_TYPES[name] ?? fail(`unknown ether proto '${name}'`)
  if (protocol !== undefined && protocol !== "ip" && protocol !== "ip6") return fail(`unknown protocol: ${name}`)
  const lower = name.toLowerCase()
  const number = [...Array(256).keys()].find((n) => protocolName(n) === lower)
  // /etc/protocols has names in both cases, and its own for two protocols.
  if (name !== lower && name !== name.toUpperCase()) return fail(`unknown ip proto '${name}'`)
  return number ?? IP_PROTOCOLS[lower] ?? fail(`unknown ip proto '${name}'`)
}
