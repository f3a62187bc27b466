/** ARP and RARP. Models print-arp.c. */
import { hexLines } from "../hexdump.ts"
import { type Dissection, notDecoded } from "./dissection.ts"
import { etherTypeName, macText } from "./names.ts"

const HARDWARE: Readonly<Record<number, string>> = {
  1: "Ethernet",
  6: "TokenRing",
  7: "ArcNet",
  23: "Strip",
  24: "IEEE 1394",
  32: "InfiniBand",
}
const OPERATIONS: Readonly<Record<number, string>> = {
  1: "Request",
  2: "Reply",
  3: "Reverse Request",
  4: "Reverse Reply",
  8: "Inverse Request",
  9: "Inverse Reply",
  10: "NACK Reply",
}
const FIXED = 8
/** IP with its header behind the data, as 4.2BSD sent it: addressed alike. */
const TRAIL = 0x1000

export function arpPrint(d: Dissection, at: number, length: number): void {
  d.protocol = "arp"
  d.need(at, FIXED)
  const hardware = d.u16(at)
  const protocol = d.u16(at + 2)
  const elsewhere = hardware === 19 ? "ARP for ATM" : hardware === 15 ? "ARP for frame relay" : undefined
  if (elsewhere !== undefined) {
    notDecoded(d, elsewhere, length)
    return
  }
  const hlen = d.u8(at + 4)
  const plen = d.u8(at + 5)
  const sha = at + FIXED
  const tpa = sha + 2 * hlen + plen
  d.need(tpa, plen)
  if (d.options.linkHeader !== true) d.print("ARP, ")
  const isIp = protocol === 0x0800 || protocol === TRAIL
  if (!isIp || plen !== 4 || hlen === 0 || d.verbose > 0) {
    const name = etherTypeName(protocol, `Unknown Protocol (0x${protocol.toString(16).padStart(4, "0")})`)
    d.print(`${HARDWARE[hardware] ?? `Unknown Hardware (${hardware})`} (len ${hlen}), ${name} (len ${plen})`)
    if (d.verbose === 0) {
      d.print(`, length ${length}`)
      return
    }
  }
  const operation = d.u16(at + 6)
  d.print(`${d.verbose > 0 ? ", " : ""}${OPERATIONS[operation] ?? `Unknown (${operation})`} `)
  const ip = (where: number): string => (!isIp ? "<wrong proto type>" : plen !== 4 ? "<wrong len>" : d.ipv4(where))
  const text = operationText(d, operation, { hlen, sha, spa: sha + hlen, tha: sha + hlen + plen, tpa }, ip)
  if (text === undefined) {
    // Unknown operations are dumped, without a length.
    d.print(hexLines(new Uint8Array(d.view.buffer, d.view.byteOffset + at, d.end - at), true))
    return
  }
  d.print(`${text}, length ${length}`)
}

interface Places {
  hlen: number
  sha: number
  spa: number
  tha: number
  tpa: number
}

function operationText(d: Dissection, op: number, p: Places, ip: (at: number) => string): string | undefined {
  const link = (at: number): string => linkAddress(d, at, p.hlen)
  switch (op) {
    case 1: {
      const known = [...Array(p.hlen).keys()].some((i) => d.u8(p.tha + i) !== 0)
      return `who-has ${ip(p.tpa)}${known ? ` (${link(p.tha)})` : ""} tell ${ip(p.spa)}`
    }
    case 2:
      return `${ip(p.spa)} is-at ${link(p.sha)}`
    case 3:
    case 8:
      return `who-is ${link(p.tha)} tell ${link(p.sha)}`
    case 4:
      return `${link(p.tha)} at ${ip(p.tpa)}`
    case 9:
      return `${link(p.sha)} at ${ip(p.spa)}`
    default:
      return undefined
  }
}

function linkAddress(d: Dissection, at: number, length: number): string {
  if (length === 0) return "<empty>"
  if (length === 6) return macText(d.mac(at), d.options)
  return [...Array(length).keys()]
    .map((i) =>
      d
        .u8(at + i)
        .toString(16)
        .padStart(2, "0"),
    )
    .join(":")
}
