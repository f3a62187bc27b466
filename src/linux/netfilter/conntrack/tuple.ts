/** Tuples read from packets, and turned round. Models nf_ct_get_tuple and nf_ct_invert_tuple. */
import * as icmp from "../../../wire/icmp.ts"
import * as ipv4Header from "../../../wire/ipv4.ts"
import type { Skb } from "../../skb.ts"
import type { Tuple } from "./entry.ts"

const ipv4 = { ...ipv4Header }
const { ICMP, TCP, UDP } = ipv4.IpProtocol
const SCTP = 132
/** ICMP queries and their answers. */
const ANSWERS: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
])

/** Reads the IPv4 packet at `header`; false when its transport header is not there. */
export function readTuple(skb: Skb, header: number, tuple: Tuple): boolean {
  const { view } = skb
  const at = header + ipv4.headerLength(view, header)
  const protocol = ipv4.protocol(view, header)
  tuple.source = ipv4.source(view, header)
  tuple.destination = ipv4.destination(view, header)
  tuple.protocol = protocol
  tuple.sourcePort = tuple.destinationPort = 0
  if ((ipv4.flagsAndOffset(view, header) & ipv4.IP_OFFSET) !== 0) return false
  if (protocol !== TCP && protocol !== UDP && protocol !== ICMP && protocol !== SCTP) return true
  if (at + 8 > skb.tail) return false
  if (protocol === ICMP) {
    tuple.sourcePort = icmp.echoId(view, at)
    tuple.destinationPort = view.getUint16(at)
  } else {
    tuple.sourcePort = view.getUint16(at)
    tuple.destinationPort = view.getUint16(at + 2)
  }
  return true
}

/** The tuple of the answer; false when there is none. */
export function invertTuple(from: Tuple, to: Tuple): boolean {
  if (from.protocol !== ICMP) {
    to.set(from.destination, from.source, from.destinationPort, from.sourcePort, from.protocol)
    return true
  }
  const answer = ANSWERS.get(from.destinationPort >>> 8)
  if (answer === undefined) return false
  to.set(from.destination, from.source, from.sourcePort, (answer << 8) | (from.destinationPort & 255), ICMP)
  return true
}
