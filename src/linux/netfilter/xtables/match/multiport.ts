/** -m multiport: up to fifteen ports and ranges. Models net/netfilter/xt_multiport.c. */
import { portName } from "../../../../wire/services.ts"
import { misuse } from "../error.ts"
import { type MatchExtension, not } from "../extension.ts"
import { parsePort } from "../names.ts"
import type { XtPacket } from "../packet.ts"

const TRANSPORTS: Readonly<Record<number, "tcp" | "udp" | "sctp">> = {
  6: "tcp",
  17: "udp",
  132: "sctp",
  136: "udp",
  33: "tcp",
}
const MOST = 15
type Side = "sports" | "dports" | "ports"

export const multiport: MatchExtension = {
  name: "multiport",
  options: [
    { name: "--source-ports", aliases: ["--sports"], invert: true },
    { name: "--destination-ports", aliases: ["--dports"], invert: true },
    { name: "--ports", invert: true },
  ],
  build(given, header) {
    const transport = TRANSPORTS[header.protocol]
    if (given.names.length === 0) misuse("multiport expection an option")
    if (transport === undefined || header.protocolInverted)
      return misuse("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
    if (given.names.length > 1) misuse("multiport can only have one option")
    const option = given.names[0] as string
    const side: Side = option === "--ports" ? "ports" : option === "--source-ports" ? "sports" : "dports"
    const inverted = given.inverted(option)
    const ranges = parseRanges(given.value(option) ?? "", transport)
    const text = (name: (port: number) => string): string =>
      ranges.map(([low, high]) => (low === high ? name(low) : `${name(low)}:${name(high)}`)).join(",")
    return {
      name: "multiport",
      save: ` ${not(inverted)}--${side} ${text(String)}`,
      list: (numeric) =>
        `multiport ${side} ${inverted ? " !" : ""}${text((port) => (numeric ? String(port) : portName(transport, port)))}`,
      matches: (packet) => packet.has(4) && fits(packet, side, ranges) !== inverted,
    }
  },
}

function parseRanges(text: string, transport: "tcp" | "udp" | "sctp"): [number, number][] {
  const ranges: [number, number][] = []
  let count = 0
  for (const part of text.split(",")) {
    const [low = "", high] = part.split(":", 2)
    ranges.push([parsePort(low, transport), parsePort(high ?? low, transport)])
    const [from, to] = ranges.at(-1) as [number, number]
    if (high !== undefined && from >= to) misuse("invalid portrange specified")
    count += high === undefined ? 1 : 2
    if (count > MOST) misuse("too many ports specified")
  }
  return ranges
}

function fits(packet: XtPacket, side: Side, ranges: readonly (readonly [number, number])[]): boolean {
  const source = packet.skb.view.getUint16(packet.transport)
  const destination = packet.skb.view.getUint16(packet.transport + 2)
  for (const [low, high] of ranges) {
    if (side !== "dports" && source >= low && source <= high) return true
    if (side !== "sports" && destination >= low && destination <= high) return true
  }
  return false
}
