/** Link layers: Ethernet with VLAN tags, Linux's cooked captures (`any`), bare IP. Models print-ether.c, print-sll.c, print-raw.c. */
import * as sll2 from "../../wire/sll2.ts"
import { LinkType } from "../frame.ts"
import { hexLines } from "../hexdump.ts"
import { arpPrint } from "./arp.ts"
import { type Dissection, notDecoded } from "./dissection.ts"
import { ipPrint } from "./ip.ts"
import { etherTypeName, macText } from "./names.ts"
import { suppressDump } from "./options.ts"

const VLAN_TYPES: readonly number[] = [0x8100, 0x9100, 0x9200, 0x88a8]
/** Below, the type field is a length. */
const LENGTH_MAX = 1500
/** Types the real tcpdump takes apart and podwire does not. */
const DECODED: Readonly<Record<number, string>> = {
  1799: "GeoNetworking",
  4369: "CALM",
  15378: "PPPoE",
  15379: "PPPoE",
  24579: "DECnet",
  32923: "AppleTalk",
  33011: "AARP",
  33079: "IPX",
  34525: "IPv6",
  34824: "MPCP",
  34825: "LACP",
  34827: "PPP",
  34887: "MPLS",
  34888: "MPLS",
  34915: "PPPoE",
  34916: "PPPoE",
  34927: "NLB",
  34958: "EAPOL",
  34969: "RRCP",
  34978: "AoE",
  35018: "TIPC",
  35020: "LLDP",
  35045: "MACsec",
  35063: "PTP",
  35074: "CFM",
  35143: "GeoNetworking",
  35151: "NSH",
  36864: "loopback",
  43981: "CFM",
  53899: "Arista",
  34928: "LLC",
  65278: "OSI",
}

/** Whether podwire prints link layers of this type. */
export const hasPrinter = (linkType: number): boolean =>
  linkType === LinkType.ETHERNET || linkType === LinkType.LINUX_SLL2 || isRaw(linkType)

const isRaw = (linkType: number): boolean => linkType === LinkType.RAW || linkType === LinkType.IPV4

/** Prints a whole packet and returns the length of its link-layer header. */
export function linkPrint(d: Dissection, linkType: number, length: number): number {
  if (linkType === LinkType.LINUX_SLL2) return sll2Print(d, length)
  if (isRaw(linkType)) return rawPrint(d, length, linkType === LinkType.IPV4)
  return etherPrint(d, 0, length)
}

function rawPrint(d: Dissection, length: number, four: boolean): number {
  d.protocol = four ? "ipv4" : "raw"
  if (d.options.linkHeader === true) d.print("ip: ")
  const version = d.u8(0) >> 4
  if (version === 4 || four) ipPrint(d, 0, length)
  else if (version === 6) notDecoded(d, "IPv6", length)
  else d.print(`unknown ip ${version}`)
  return 0
}

export function etherPrint(d: Dissection, start: number, wireLength: number): number {
  d.protocol = "ether"
  let length = wireLength
  let captured = d.end - start
  if (length < captured) {
    d.print(`[length ${length} < caplen ${captured}]`)
    d.invalid()
    return length
  }
  if (captured < 14) {
    d.truncated()
    return captured
  }
  const link = d.options.linkHeader === true
  const addresses = (): void =>
    d.print(`${macText(d.mac(start + 6), d.options)} > ${macText(d.mac(start), d.options)}, `)
  if (link) addresses()
  let at = start + 14
  let type = d.u16(at - 2)
  let said = false
  length -= 14
  captured -= 14
  while (VLAN_TYPES.includes(type)) {
    if (captured < 4 || length < 4) {
      d.protocol = "vlan"
      d.truncated()
      return at - start + Math.min(captured, length)
    }
    if (link) {
      d.print(`${typeText(d, type)}${said ? ", " : `, length ${wireLength}: `}${tagText(d.u16(at))}, `)
      said = true
    }
    type = d.u16(at + 2)
    at += 4
    length -= 4
    captured -= 4
  }
  if (type <= LENGTH_MAX) {
    if (type < length) length = type
    if (link) d.print(`802.3${said ? "" : `, length ${length}: `}`)
    notDecoded(d, "LLC", length)
    return at - start
  }
  if (link) d.print(`${typeText(d, type)}${said ? ", " : `, length ${wireLength}: `}`)
  if (!etherTypePrint(d, type, at, length)) {
    if (!link) {
      addresses()
      d.print(`${typeText(d, type)}, length ${wireLength}: `)
    }
    dump(d, at, captured)
  }
  return at - start
}

function typeText(d: Dissection, type: number): string {
  const hex = `0x${type.toString(16).padStart(4, "0")}`
  return d.quiet ? etherTypeName(type, `Unknown Ethertype (${hex})`) : `ethertype ${etherTypeName(type)} (${hex})`
}

/** A VLAN tag: `vlan 10, p 0`. */
const tagText = (tag: number): string => `vlan ${tag & 0xfff}, p ${tag >> 13}${(tag & 0x1000) === 0 ? "" : ", DEI"}`

function dump(d: Dissection, at: number, captured: number): void {
  if (suppressDump(d.options)) return
  d.print(hexLines(new Uint8Array(d.view.buffer, d.view.byteOffset + at, Math.max(0, captured)), true))
}

/** False for a type tcpdump does not know either. */
function etherTypePrint(d: Dissection, type: number, at: number, length: number): boolean {
  if (type === 0x0800) ipPrint(d, at, length)
  else if (type === 0x0806 || type === 0x8035) arpPrint(d, at, length)
  else {
    const name = DECODED[type]
    if (name === undefined) return false
    notDecoded(d, name, length)
  }
  return true
}

function sll2Print(d: Dissection, wireLength: number): number {
  d.protocol = "sll2"
  d.need(0, sll2.LENGTH)
  const name = d.options.deviceName?.(sll2.ifindex(d.view, 0)) ?? "?"
  d.print(`${name.padEnd(5)} ${(DIRECTIONS[sll2.packetType(d.view, 0)] ?? "?").padEnd(3)} `)
  const type = sll2.protocol(d.view, 0)
  const header = (): void => {
    d.protocol = "sll2"
    d.print(`ifindex ${sll2.ifindex(d.view, 0)} `)
    if (d.u8(11) === 6) d.print(`${macText(d.mac(12), d.options)} `)
    if (!d.quiet) d.print(`${typeText(d, type)}, length ${wireLength}: `)
  }
  if (d.options.linkHeader === true) header()
  if (type <= LENGTH_MAX) notDecoded(d, "LLC", wireLength - sll2.LENGTH)
  else if (!etherTypePrint(d, type, sll2.LENGTH, wireLength - sll2.LENGTH)) {
    if (d.options.linkHeader !== true) header()
    dump(d, sll2.LENGTH, d.end - sll2.LENGTH)
  }
  return sll2.LENGTH
}

const DIRECTIONS: readonly string[] = ["In", "B", "M", "P", "Out"]
