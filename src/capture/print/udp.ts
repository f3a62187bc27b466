/** UDP and what stands in it: VXLAN, OTV, syslog. Models print-udp.c, print-vxlan.c, print-otv.c, print-syslog.c. */

import { portName } from "../../wire/services.ts"
import * as udp from "../../wire/udp.ts"
import * as vxlan from "../../wire/vxlan.ts"
import { transportChecksum } from "./checksum.ts"
import { addresses, type Dissection, type IpPayload, notDecoded } from "./dissection.ts"

/** Ports whose payload the real tcpdump takes apart and podwire does not. */
const EITHER: Readonly<Record<number, string>> = {
  53: "DNS",
  5353: "DNS",
  525: "timed",
  69: "TFTP",
  67: "DHCP",
  68: "DHCP",
  520: "RIP",
  654: "AODV",
  500: "ISAKMP",
  4500: "ISAKMP",
  7500: "ISAKMP",
  8500: "ISAKMP",
  161: "SNMP",
  162: "SNMP",
  123: "NTP",
  88: "Kerberos",
  750: "Kerberos",
  1701: "L2TP",
  2103: "Zephyr",
  2104: "Zephyr",
  521: "RIPng",
  546: "DHCPv6",
  547: "DHCPv6",
  5359: "AHCP",
  6696: "Babel",
  6697: "Babel",
  8231: "HNCP",
  496: "Auto-RP",
  1645: "RADIUS",
  1646: "RADIUS",
  1700: "RADIUS",
  1812: "RADIUS",
  1813: "RADIUS",
  3799: "RADIUS",
  921: "lwres",
  646: "LDP",
  698: "OLSR",
  3503: "LSP ping",
  701: "LMP",
  1589: "VQP",
  6343: "sFlow",
  12222: "LWAPP",
  12223: "LWAPP",
  5060: "SIP",
  514: "syslog",
  6081: "Geneve",
  4342: "LISP",
  4790: "VXLAN-GPE",
  17754: "ZEP",
  6635: "MPLS",
  319: "PTP",
  320: "PTP",
  30490: "SOME/IP",
}
const DESTINATION: Readonly<Record<number, string>> = {
  3456: "vat",
  4567: "wb",
  1985: "HSRP",
  3784: "BFD",
  3785: "BFD",
  4784: "BFD",
  6784: "BFD",
}

export function udpPrint(d: Dissection, payload: IpPayload): void {
  const { ip, at } = payload
  d.protocol = "udp"
  if (!d.has(at + 2, 2)) {
    d.print(`${addresses(d, ip)}: `)
    d.truncated()
    return
  }
  const source = d.u16(at)
  const destination = d.u16(at + 2)
  const name = (port: number): string => (d.options.numeric === true ? String(port) : portName("udp", port))
  d.print(`${d.ipv4(ip + 12)}.${name(source)} > ${d.ipv4(ip + 16)}.${name(destination)}: `)
  if (payload.length < udp.LENGTH) {
    d.print(`truncated-udp ${payload.length}`)
    return
  }
  if (!d.has(at + 4, 2)) {
    d.truncated()
    return
  }
  if (d.u16(at + 4) < udp.LENGTH) {
    d.print(`truncated-udplength ${d.u16(at + 4)}`)
    return
  }
  const said = d.u16(at + 4) - udp.LENGTH
  const length = Math.min(said, payload.length - udp.LENGTH)
  // The header must have been captured up to its last byte, though that byte may be missing.
  if (at + udp.LENGTH > d.end) {
    d.truncated()
    return
  }
  if (d.options.tunnel !== undefined) {
    vxlanPrint(d, at + udp.LENGTH, length)
    return
  }
  if (d.verbose > 1 && d.options.unchecked !== true && !payload.fragmented) checksum(d, payload, length)
  if (d.quiet || !application(d, at + udp.LENGTH, length, source, destination))
    d.print(said > length && !payload.fragmented ? `UDP, bad length ${said} > ${length}` : `UDP, length ${said}`)
}

function checksum(d: Dissection, { ip, at }: IpPayload, length: number): void {
  const field = d.u16(at + 6)
  if (field === 0) d.print("[no cksum] ")
  else if (d.has(at + udp.LENGTH, length)) {
    const should = transportChecksum(d, ip, 17, at, length + udp.LENGTH, field)
    d.print(should === undefined ? "[udp sum ok] " : `[bad udp cksum 0x${hex4(field)} -> 0x${hex4(should)}!] `)
  }
}

/** False when the ports say nothing about the payload. */
function application(d: Dissection, at: number, length: number, source: number, destination: number): boolean {
  const of = (port: number): boolean => source === port || destination === port
  const name =
    EITHER[source] ??
    EITHER[destination] ??
    DESTINATION[destination] ??
    (isRx(source) || isRx(destination) ? "rx" : source === 49152 ? "BCM-LI" : undefined)
  // 8472 was assigned to OTV: tcpdump up to 4.99.5 takes Linux's VXLAN for it.
  if (name !== undefined) notDecoded(d, name, length)
  else if (of(vxlan.LINUX_PORT)) otvPrint(d, at, length)
  else if (of(vxlan.IANA_PORT)) vxlanPrint(d, at, length)
  else return false
  return true
}

/** AFS. */
const isRx = (port: number): boolean => port >= 7000 && port <= 7009

function otvPrint(d: Dissection, at: number, length: number): void {
  d.protocol = "otv"
  d.print("OTV, ")
  if (length < vxlan.LENGTH) {
    d.print(`[length ${length} < ${vxlan.LENGTH}]`)
    d.invalid()
    // Models ND_TCHECK_LEN behind the label: what was not captured is said too.
    if (!d.has(at, length)) d.truncated()
    return
  }
  const flags = d.u8(at)
  d.print(`flags [${(flags & 8) !== 0 ? "I" : "."}] (0x${hex2(flags)}), `)
  d.print(`overlay ${d.u24(at + 1)}, `)
  d.print(`instance ${d.u24(at + 4)}\n`)
  d.need(at + 7, 1)
  d.layers.ether(d, at + vxlan.LENGTH, length - vxlan.LENGTH)
}

function vxlanPrint(d: Dissection, at: number, length: number): void {
  d.protocol = "vxlan"
  d.print("VXLAN")
  if (length < vxlan.LENGTH) {
    d.invalid()
    return
  }
  const flags = d.u8(at)
  d.print(`, flags [${(flags & 8) !== 0 ? "I" : "invalid"}] (0x${hex2(flags)}), `)
  d.print(`vni ${d.u24(at + 4)}\n`)
  d.need(at + 7, 1)
  d.layers.ether(d, at + vxlan.LENGTH, length - vxlan.LENGTH)
}

const hex2 = (value: number): string => value.toString(16).padStart(2, "0")
const hex4 = (value: number): string => value.toString(16).padStart(4, "0")
