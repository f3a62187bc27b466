/** Rewriting packets as their connection is mapped. Models net/netfilter/nf_nat_proto.c. */
import * as checksums from "../../../wire/checksum.ts"
import * as icmp from "../../../wire/icmp.ts"
import * as ipv4Header from "../../../wire/ipv4.ts"
import { checksumHelp } from "../../netdev.ts"
import { IpSummed, type Skb } from "../../skb.ts"
import { packetChecksumOk } from "../conntrack/checksum.ts"
import { CtStatus, ctDirection, type NfConn, Tuple } from "../conntrack/entry.ts"
import { invertTuple } from "../conntrack/tuple.ts"
import { NfHook } from "../hook.ts"
import { NatManip } from "./range.ts"

const ipv4 = { ...ipv4Header }
const { csumFold16, csumReplace16 } = checksums
const { ICMP, TCP, UDP } = ipv4.IpProtocol
const SCTP = 132
const { SRC_NAT, DST_NAT } = CtStatus

/** Sources change on the way out, destinations on the way in. */
export const manipOf = (hook: NfHook): number =>
  hook === NfHook.POST_ROUTING || hook === NfHook.LOCAL_IN ? NatManip.SRC : NatManip.DST

/** Answers are changed at the other hook: what was the destination is their source. */
function isDue(ct: NfConn, manip: number, direction: number): boolean {
  const source = (manip === NatManip.SRC) === (direction === 0)
  return (ct.status & (source ? SRC_NAT : DST_NAT)) !== 0
}

const target = new Tuple()

/** Models nf_nat_packet. */
export function natPacket(ct: NfConn, ctinfo: number, hook: NfHook, skb: Skb): void {
  const direction = ctDirection(ctinfo)
  const manip = manipOf(hook)
  if (!isDue(ct, manip, direction)) return
  // What the answer will look like, turned round.
  invertTuple(ct.tuple(1 - direction), target)
  skb.cow()
  manipPacket(skb, skb.networkHeader, target, manip, true)
  // Of a tunnel packet the inner sum was left to the device. It is done now, so that nobody takes the outer one for right on its behalf.
  const at = skb.networkHeader + ipv4.headerLength(skb.view, skb.networkHeader)
  if (skb.ipSummed === IpSummed.PARTIAL && skb.csumStart > at) checksumHelp(skb)
}

/** Changes source or destination of the IPv4 packet at `header`. `whole`: its sums are right and are to stay so. Models nf_nat_ipv4_manip_pkt. */
function manipPacket(skb: Skb, header: number, to: Tuple, manip: number, whole: boolean): void {
  const { view } = skb
  const source = manip === NatManip.SRC
  const field = header + (source ? 12 : 16)
  const old = view.getUint32(field)
  const address = source ? to.source : to.destination
  const at = header + ipv4.headerLength(view, header)
  const protocol = ipv4.protocol(view, header)
  if ((ipv4.flagsAndOffset(view, header) & ipv4.IP_OFFSET) === 0) {
    if (protocol === ICMP) manipIcmp(skb, at, to, whole)
    // The CRC of SCTP has no addresses in it, and is left to the device.
    else if (protocol === SCTP) view.setUint16(at + (source ? 0 : 2), source ? to.sourcePort : to.destinationPort)
    else if (protocol === TCP || protocol === UDP) manipPorts(skb, at, protocol, to, source, old, address, whole)
  }
  view.setUint32(field, address)
  view.setUint16(header + 10, replace32(view.getUint16(header + 10), old, address))
}

function manipIcmp(skb: Skb, at: number, to: Tuple, whole: boolean): void {
  const { view } = skb
  if (at + 8 > skb.tail || icmp.isError(view.getUint8(at))) return
  const old = view.getUint16(at + 4)
  if (whole) view.setUint16(at + 2, csumReplace16(view.getUint16(at + 2), old, to.sourcePort))
  view.setUint16(at + 4, to.sourcePort)
}

function manipPorts(
  skb: Skb,
  at: number,
  protocol: number,
  to: Tuple,
  source: boolean,
  oldAddress: number,
  address: number,
  whole: boolean,
): void {
  const { view } = skb
  const field = at + (source ? 0 : 2)
  const port = source ? to.sourcePort : to.destinationPort
  const old = view.getUint16(field)
  view.setUint16(field, port)
  const sumAt = at + (protocol === TCP ? 16 : 6)
  // A packet quoted by an error may end before its checksum.
  if (sumAt + 2 > skb.tail || (protocol === TCP && !whole && at + 20 > skb.tail)) return
  const sum = view.getUint16(sumAt)
  const partial = whole && skb.ipSummed === IpSummed.PARTIAL
  if (protocol === UDP && sum === 0 && !partial) return
  if (partial) {
    // The field holds the pseudo-header's sum, which has no ports in it. Whose field it is, nobody asks: the outer header of a
    // tunnel, whose sum is whole, is spoilt here, as it is in the kernel.
    view.setUint16(sumAt, csumFold16(sum + (~oldAddress >>> 0) + address))
    return
  }
  const replaced = csumReplace16(replace32(sum, oldAddress, address), old, port)
  view.setUint16(sumAt, protocol === UDP && replaced === 0 ? 0xffff : replaced)
}

function replace32(check: number, from: number, to: number): number {
  return csumReplace16(csumReplace16(check, from >>> 16, to >>> 16), from & 0xffff, to & 0xffff)
}

/** An ICMP error: the packet it quotes is mapped back, and then the error itself. False when it is not to go on. Models nf_nat_icmp_reply_translation. */
export function natIcmpReply(ct: NfConn, ctinfo: number, hook: NfHook, skb: Skb): boolean {
  const { view } = skb
  const header = skb.networkHeader
  const at = header + ipv4.headerLength(view, header)
  if (at + 8 > skb.tail) return false
  if (!packetChecksumOk(skb, at, ICMP)) return false
  const direction = ctDirection(ctinfo)
  const manip = manipOf(hook)
  if (!isDue(ct, manip, direction)) return true
  skb.cow()
  const own = skb.networkHeader + ipv4.headerLength(skb.view, skb.networkHeader)
  manipPacket(skb, own + 8, ct.tuple(1 - direction), 1 - manip, false)
  icmp.updateChecksum(skb.view, own, skb.networkHeader + ipv4.totalLength(skb.view, skb.networkHeader) - own)
  invertTuple(ct.tuple(1 - direction), target)
  target.protocol = ICMP
  manipPacket(skb, skb.networkHeader, target, manip, true)
  return true
}
