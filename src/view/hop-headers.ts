/** A dissected frame as the few words a packet's journey shows of each header. */
import type { HeaderLayer } from "./headers.ts"
import type { HopField, HopHeader } from "./path-data.ts"

const arrow: HopField = { value: "→" }

/** Ethernet, IPv4, UDP, VXLAN, TCP, ICMP and ARP; what is above them is left out. */
export function hopHeaders(layers: readonly HeaderLayer[]): HopHeader[] {
  return layers.flatMap((layer) => {
    const header = headerOf(layer)
    return header === undefined ? [] : [header]
  })
}

function headerOf(layer: HeaderLayer): HopHeader | undefined {
  const text = (name: string): string => layer.fields.find((field) => field.name === name)?.text ?? ""
  const field = (name: string): HopField => ({ value: text(name) })
  switch (layer.protocol) {
    case "eth":
      return { name: "Ethernet", fields: [field("eth.src"), arrow, field("eth.dst")] }
    case "ip":
      return { name: "IPv4", fields: [field("ip.src"), arrow, field("ip.dst"), { name: "ttl", value: text("ip.ttl") }] }
    case "udp":
      return { name: "UDP", fields: [field("udp.srcport"), arrow, field("udp.dstport")] }
    case "tcp":
      return { name: "TCP", fields: [field("tcp.srcport"), arrow, field("tcp.dstport"), field("tcp.flags")] }
    case "vxlan":
      return { name: "VXLAN", fields: [{ name: "vni", value: text("vxlan.vni") }] }
    case "icmp":
      return { name: "ICMP", fields: [field("icmp.type")] }
    case "arp":
      return {
        name: "ARP",
        fields: [field("arp.opcode"), field("arp.src.proto_ipv4"), arrow, field("arp.dst.proto_ipv4")],
      }
    default:
      return undefined
  }
}
