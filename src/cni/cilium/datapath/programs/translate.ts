/** Rewriting addresses and ports with their checksums. Models bpf/lib/csum.h and the helpers bpf_l3_csum_replace and bpf_l4_csum_replace. */
import { IpSummed } from "../../../../linux/skb.ts"
import { csumReplace16 } from "../../../../wire/checksum.ts"
import * as ipv4 from "../../../../wire/ipv4.ts"
import * as tcp from "../../../../wire/tcp.ts"
import * as udp from "../../../../wire/udp.ts"
import type { Packet } from "./packet.ts"

const { TCP, UDP } = ipv4.IpProtocol
const SOURCE = 12
const DESTINATION = 16

export function setSource(packet: Packet, address: number): void {
  replaceAddress(packet, SOURCE, packet.source, address)
  packet.source = address
}

export function setDestination(packet: Packet, address: number): void {
  replaceAddress(packet, DESTINATION, packet.destination, address)
  packet.destination = address
}

export function setSourcePort(packet: Packet, port: number): void {
  replacePort(packet, 0, packet.sourcePort, port)
  packet.sourcePort = port
}

export function setDestinationPort(packet: Packet, port: number): void {
  replacePort(packet, 2, packet.destinationPort, port)
  packet.destinationPort = port
}

function replaceAddress(packet: Packet, offset: number, from: number, to: number): void {
  if (from === to) return
  const { l3 } = packet
  const view = packet.skb.view
  view.setUint32(l3 + offset, to)
  let check = view.getUint16(l3 + 10)
  check = csumReplace16(check, from >>> 16, to >>> 16)
  view.setUint16(l3 + 10, csumReplace16(check, from & 0xffff, to & 0xffff))
  if (!packet.hasL4) return
  replaceTransport(packet, from >>> 16, to >>> 16, true)
  replaceTransport(packet, from & 0xffff, to & 0xffff, true)
}

function replacePort(packet: Packet, offset: number, from: number, to: number): void {
  if (from === to || !packet.hasL4) return
  packet.skb.view.setUint16(packet.l4 + offset, to)
  replaceTransport(packet, from, to, false)
}

/** Of what is left to the device only the pseudo-header stands in the field, uncomplemented: ports are not part of it. */
function replaceTransport(packet: Packet, from: number, to: number, pseudo: boolean): void {
  const { protocol, skb } = packet
  if (protocol !== TCP && protocol !== UDP) return
  const field = packet.l4 + (protocol === TCP ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET)
  const check = skb.view.getUint16(field)
  if (skb.ipSummed === IpSummed.PARTIAL || skb.ipSummed === IpSummed.PROMISED) {
    if (pseudo) skb.view.setUint16(field, ~csumReplace16(~check & 0xffff, from, to) & 0xffff)
    return
  }
  // UDP without a checksum has none to keep right, and a sum of zero is written as all ones (RFC 768).
  if (protocol === UDP && check === 0) return
  const replaced = csumReplace16(check, from, to)
  skb.view.setUint16(field, protocol === UDP && replaced === 0 ? 0xffff : replaced)
}
