/** A frame taken apart, layer by layer, with each field's place in the bytes: what a packet view shows. Descends into VXLAN. */
import { formatIpv4, formatMac } from "./address.ts"
import * as arp from "./arp.ts"
import { csumFold, csumFold16, csumPartial, pseudoHeaderSum } from "./checksum.ts"
import * as ethernet from "./ethernet.ts"
import * as icmp from "./icmp.ts"
import * as ipv4 from "./ipv4.ts"
import * as tcp from "./tcp.ts"
import * as udp from "./udp.ts"
import * as vxlan from "./vxlan.ts"

/** A field of a header, and its place in the frame. */
export interface DissectedField {
  /** Wireshark's name: `ip.ttl`. */
  name: string
  /** As a person reads it. */
  text: string
  /** In the frame, in bytes. */
  offset: number
  length: number
}

/** One header, or what is left. */
export interface DissectedLayer {
  /** `eth`, `arp`, `ip`, `icmp`, `udp`, `vxlan`, `tcp`, `data`, `malformed`. */
  protocol: string
  offset: number
  length: number
  fields: DissectedField[]
}

/** Any bytes are fine: what makes no sense ends the list with a layer `malformed`. */
export function dissect(frame: Uint8Array): DissectedLayer[] {
  const layers: DissectedLayer[] = []
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  ethernetLayer(view, 0, frame.length, layers)
  return layers
}

function malformed(at: number, end: number, layers: DissectedLayer[]): void {
  layers.push({ protocol: "malformed", offset: at, length: Math.max(0, end - at), fields: [] })
}

function data(at: number, end: number, layers: DissectedLayer[]): void {
  if (end > at) layers.push({ protocol: "data", offset: at, length: end - at, fields: [] })
}

function ethernetLayer(view: DataView, at: number, end: number, layers: DissectedLayer[]): void {
  const header = ethernet.parse(view, at, end)
  if (header === undefined) {
    malformed(at, end, layers)
    return
  }
  const type = header.etherType
  layers.push({
    protocol: "eth",
    offset: at,
    length: ethernet.LENGTH,
    fields: [
      { name: "eth.dst", text: formatMac(header.destination), offset: at, length: 6 },
      { name: "eth.src", text: formatMac(header.source), offset: at + 6, length: 6 },
      { name: "eth.type", text: `0x${type.toString(16).padStart(4, "0")}`, offset: at + 12, length: 2 },
    ],
  })
  const next = at + ethernet.LENGTH
  if (type === ethernet.EtherType.IPV4) ipLayer(view, next, end, layers)
  else if (type === ethernet.EtherType.ARP) arpLayer(view, next, end, layers)
  else data(next, end, layers)
}

function arpLayer(view: DataView, at: number, end: number, layers: DissectedLayer[]): void {
  const packet = arp.parse(view, at, end)
  if (packet === undefined) {
    malformed(at, end, layers)
    return
  }
  layers.push({
    protocol: "arp",
    offset: at,
    length: arp.LENGTH,
    fields: [
      {
        name: "arp.opcode",
        text: packet.operation === 1 ? "request (1)" : packet.operation === 2 ? "reply (2)" : String(packet.operation),
        offset: at + 6,
        length: 2,
      },
      { name: "arp.src.hw_mac", text: formatMac(packet.senderMac), offset: at + 8, length: 6 },
      { name: "arp.src.proto_ipv4", text: formatIpv4(packet.senderIp), offset: at + 14, length: 4 },
      { name: "arp.dst.hw_mac", text: formatMac(packet.targetMac), offset: at + 18, length: 6 },
      { name: "arp.dst.proto_ipv4", text: formatIpv4(packet.targetIp), offset: at + 24, length: 4 },
    ],
  })
}

function ipLayer(view: DataView, at: number, end: number, layers: DissectedLayer[]): void {
  const header = ipv4.parse(view, at, end)
  if (header === undefined) {
    malformed(at, end, layers)
    return
  }
  const flags = [header.df ? "DF" : "", header.mf ? "MF" : ""].filter((flag) => flag !== "").join(", ") || "none"
  layers.push({
    protocol: "ip",
    offset: at,
    length: header.headerLength,
    fields: [
      { name: "ip.len", text: String(header.totalLength), offset: at + 2, length: 2 },
      { name: "ip.id", text: `0x${header.id.toString(16).padStart(4, "0")}`, offset: at + 4, length: 2 },
      { name: "ip.flags", text: flags, offset: at + 6, length: 2 },
      { name: "ip.ttl", text: String(header.ttl), offset: at + 8, length: 1 },
      { name: "ip.proto", text: String(header.protocol), offset: at + 9, length: 1 },
      {
        name: "ip.checksum",
        text: `0x${header.checksum.toString(16).padStart(4, "0")}${ipv4.checksumOk(view, at) ? "" : " (wrong)"}`,
        offset: at + 10,
        length: 2,
      },
      { name: "ip.src", text: formatIpv4(header.source), offset: at + 12, length: 4 },
      { name: "ip.dst", text: formatIpv4(header.destination), offset: at + 16, length: 4 },
    ],
  })
  const next = at + header.headerLength
  const stop = Math.min(end, at + header.totalLength)
  if (header.fragmentOffset > 0 || header.mf) data(next, stop, layers)
  else if (header.protocol === ipv4.IpProtocol.ICMP) icmpLayer(view, next, stop, layers)
  else if (header.protocol === ipv4.IpProtocol.UDP) udpLayer(view, next, stop, header, layers)
  else if (header.protocol === ipv4.IpProtocol.TCP) tcpLayer(view, next, stop, header, layers)
  else data(next, stop, layers)
}

function icmpLayer(view: DataView, at: number, end: number, layers: DissectedLayer[]): void {
  if (end - at < icmp.LENGTH) {
    malformed(at, end, layers)
    return
  }
  layers.push({
    protocol: "icmp",
    offset: at,
    length: icmp.LENGTH,
    fields: [
      { name: "icmp.type", text: String(icmp.type(view, at)), offset: at, length: 1 },
      { name: "icmp.code", text: String(icmp.code(view, at)), offset: at + 1, length: 1 },
      {
        name: "icmp.checksum",
        text: `0x${icmp.checksum(view, at).toString(16).padStart(4, "0")}`,
        offset: at + 2,
        length: 2,
      },
    ],
  })
  data(at + icmp.LENGTH, end, layers)
}

/** "correct", "not computed yet" for what a sender left to its network card, or "wrong". */
function transportChecksum(view: DataView, at: number, end: number, header: ipv4.Ipv4Header, field: number): string {
  const hex = `0x${field.toString(16).padStart(4, "0")}`
  // What was cut off or follows in another fragment cannot be summed.
  if (end < at - header.headerLength + header.totalLength) return hex
  const pseudo = pseudoHeaderSum(header.source, header.destination, header.protocol, end - at)
  if (csumFold(csumPartial(view, at, end - at, pseudo)) === 0) return `${hex} (correct)`
  return `${hex} ${csumFold16(pseudo) === field ? "(not computed yet)" : "(wrong)"}`
}

function udpLayer(view: DataView, at: number, end: number, header: ipv4.Ipv4Header, layers: DissectedLayer[]): void {
  if (end - at < udp.LENGTH) {
    malformed(at, end, layers)
    return
  }
  const port = udp.destinationPort(view, at)
  layers.push({
    protocol: "udp",
    offset: at,
    length: udp.LENGTH,
    fields: [
      { name: "udp.srcport", text: String(udp.sourcePort(view, at)), offset: at, length: 2 },
      { name: "udp.dstport", text: String(port), offset: at + 2, length: 2 },
      { name: "udp.length", text: String(udp.length(view, at)), offset: at + 4, length: 2 },
      {
        name: "udp.checksum",
        text: udp.checksum(view, at) === 0 ? "none" : transportChecksum(view, at, end, header, udp.checksum(view, at)),
        offset: at + 6,
        length: 2,
      },
    ],
  })
  const next = at + udp.LENGTH
  if (port === vxlan.LINUX_PORT || port === vxlan.IANA_PORT) vxlanLayer(view, next, end, layers)
  else data(next, end, layers)
}

function vxlanLayer(view: DataView, at: number, end: number, layers: DissectedLayer[]): void {
  if (end - at < vxlan.LENGTH) {
    malformed(at, end, layers)
    return
  }
  layers.push({
    protocol: "vxlan",
    offset: at,
    length: vxlan.LENGTH,
    fields: [
      { name: "vxlan.flags", text: `0x${vxlan.flags(view, at).toString(16).padStart(2, "0")}`, offset: at, length: 1 },
      { name: "vxlan.vni", text: String(vxlan.vni(view, at)), offset: at + 4, length: 3 },
    ],
  })
  ethernetLayer(view, at + vxlan.LENGTH, end, layers)
}

function tcpLayer(view: DataView, at: number, end: number, header: ipv4.Ipv4Header, layers: DissectedLayer[]): void {
  const length = end - at < tcp.LENGTH ? 0 : tcp.headerLength(view, at)
  if (length < tcp.LENGTH || length > end - at) {
    malformed(at, end, layers)
    return
  }
  const flags = Object.entries(tcp.TcpFlag)
    .filter(([, bit]) => (tcp.flags(view, at) & bit) !== 0)
    .map(([name]) => name)
  layers.push({
    protocol: "tcp",
    offset: at,
    length,
    fields: [
      { name: "tcp.srcport", text: String(tcp.sourcePort(view, at)), offset: at, length: 2 },
      { name: "tcp.dstport", text: String(tcp.destinationPort(view, at)), offset: at + 2, length: 2 },
      { name: "tcp.seq", text: String(tcp.sequence(view, at)), offset: at + 4, length: 4 },
      { name: "tcp.ack", text: String(tcp.acknowledgment(view, at)), offset: at + 8, length: 4 },
      { name: "tcp.flags", text: flags.join(", "), offset: at + 13, length: 1 },
      { name: "tcp.window_size_value", text: String(tcp.window(view, at)), offset: at + 14, length: 2 },
      {
        name: "tcp.checksum",
        text: transportChecksum(view, at, end, header, tcp.checksum(view, at)),
        offset: at + 16,
        length: 2,
      },
    ],
  })
  data(at + length, end, layers)
}
