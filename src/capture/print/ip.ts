/** IPv4 and what it carries. Models print-ip.c and print-ip-demux.c. */
import { IP_DF, IP_MF, IP_OFFSET } from "../../wire/ipv4.ts"
import { protocolName } from "../../wire/services.ts"
import { shouldBe } from "./checksum.ts"
import { addresses, type Dissection, type IpPayload, notDecoded, Truncated } from "./dissection.ts"
import { icmpPrint } from "./icmp.ts"
import { ipOptionsPrint } from "./ip-options.ts"
import { ipProtocolName } from "./names.ts"
import { tcpPrint } from "./tcp.ts"
import { udpPrint } from "./udp.ts"

const FRAGMENT_FLAGS: readonly (readonly [number, string])[] = [
  [IP_MF, "+"],
  [IP_DF, "DF"],
  [0x8000, "rsvd"],
]
const ECN = ["", ",ECT(1)", ",ECT(0)", ",CE"] as const
/** Protocols the real tcpdump takes apart and podwire does not. */
const DECODED: Readonly<Record<number, string>> = {
  2: "IGMP",
  8: "EGP",
  9: "IGRP",
  33: "DCCP",
  41: "IPv6",
  46: "RSVP",
  47: "GRE",
  50: "ESP",
  51: "AH",
  55: "Mobile IP",
  88: "EIGRP",
  89: "OSPF",
  103: "PIM",
  108: "IPComp",
  112: "VRRP",
  113: "PGM",
  132: "SCTP",
}

export function ipPrint(d: Dissection, at: number, length: number): void {
  d.protocol = "ip"
  const version = d.u8(at) >> 4
  if (version !== 4) {
    d.print(version === 6 ? "IP6, wrong link-layer encapsulation" : `IP${version}`)
    d.invalid()
    return
  }
  if (d.options.linkHeader !== true) d.print("IP ")
  if (!d.has(at, 20)) {
    d.truncated()
    return
  }
  if (length < 20) {
    d.print(`truncated-ip ${length}`)
    return
  }
  const hlen = (d.u8(at) & 15) * 4
  if (hlen < 20) {
    d.print(`bad-hlen ${hlen}`)
    return
  }
  const total = d.u16(at + 2)
  if (length < total) d.print(`truncated-ip - ${total - length} bytes missing! `)
  if (total < hlen) {
    d.print(`bad-len ${total}`)
    return
  }
  d.push(at, total)
  body(d, at, hlen, total - hlen)
  d.pop()
}

function body(d: Dissection, at: number, hlen: number, length: number): void {
  if (d.verbose > 0 && !details(d, at, hlen)) {
    d.print(`${addresses(d, at)}: `)
    d.truncated()
    return
  }
  const fragment = d.u16(at + 6)
  const protocol = d.u8(at + 9)
  if ((fragment & IP_OFFSET) > 0) {
    const name = d.options.numeric === true ? undefined : protocolName(protocol)
    d.print(`${addresses(d, at)}: ${name ?? `ip-proto-${protocol}`}`)
    return
  }
  if (![6, 17, 132, 33].includes(protocol)) d.print(`${addresses(d, at)}: `)
  if (!d.has(at, hlen)) {
    d.print(` [remaining caplen(${d.end - at}) < header length(${hlen})]`)
    throw new Truncated()
  }
  demux(d, protocol, { ip: at, at: at + hlen, length, fragmented: (fragment & IP_MF) !== 0 })
}

/** -v: the header's fields in brackets, and a line of its own for the rest. */
function details(d: Dissection, at: number, hlen: number): boolean {
  const tos = d.u8(at + 1)
  const ttl = d.u8(at + 8)
  const fragment = d.u16(at + 6)
  const protocol = d.u8(at + 9)
  const flags = FRAGMENT_FLAGS.filter(([bit]) => (fragment & bit) !== 0).map(([, name]) => name)
  d.print(`(tos 0x${tos.toString(16)}${ECN[tos & 3]}${ttl >= 1 ? `, ttl ${ttl}` : ""}`)
  d.print(`, id ${d.u16(at + 4)}, offset ${(fragment & IP_OFFSET) * 8}, flags [${flags.join(", ") || "none"}]`)
  d.print(`, proto ${ipProtocolName(protocol)} (${protocol}), length ${d.u16(at + 2)}`)
  let whole = true
  if (hlen > 20) {
    d.print(", options (")
    whole = ipOptionsPrint(d, at + 20, hlen - 20)
    if (!whole) d.print(" [truncated-option]")
    d.print(")")
  }
  if (d.options.unchecked !== true && d.has(at, hlen)) {
    const field = d.u16(at + 10)
    const should = shouldBe(d, at, hlen, field)
    if (should !== undefined) d.print(`, bad cksum ${field.toString(16)} (->${should.toString(16)})!`)
  }
  d.print(")\n    ")
  return whole
}

function demux(d: Dissection, protocol: number, payload: IpPayload): void {
  const { at, length } = payload
  if (protocol === 1) icmpPrint(d, payload)
  else if (protocol === 6) tcpPrint(d, payload)
  else if (protocol === 17) udpPrint(d, payload)
  else if (protocol === 4) ipPrint(d, at, length)
  else if (protocol === 77) d.print(` nd ${length}`)
  else if (protocol === 59) d.print("no next header")
  else if (protocol === 58 || protocol === 143) {
    d.print(`[${ipProtocolName(protocol)} requires IPv6]`)
    d.invalid()
  } else if (DECODED[protocol] !== undefined) {
    if (protocol === 132 || protocol === 33) d.print(`${addresses(d, payload.ip)}: `)
    notDecoded(d, DECODED[protocol], length)
  } else {
    const name = d.options.numeric === true ? undefined : protocolName(protocol)
    d.print(` ${name ?? `ip-proto-${protocol}`} ${length}`)
  }
}
