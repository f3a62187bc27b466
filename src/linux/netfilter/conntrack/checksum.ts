/** The transport checksum of a packet that came in. Models net/netfilter/utils.c nf_ip_checksum. */
import { csumFold, csumPartial, pseudoHeaderSum } from "../../../wire/checksum.ts"
import * as ipv4 from "../../../wire/ipv4.ts"
import { IpSummed, type Skb } from "../../skb.ts"

const { ICMP, UDP } = ipv4.IpProtocol

/** True when the sum is right, or somebody answers for it. A sum that was looked at is not looked at again. */
export function packetChecksumOk(skb: Skb, at: number, protocol: number): boolean {
  if (skb.ipSummed !== IpSummed.NONE) return true
  const { view } = skb
  const header = skb.networkHeader
  const length = header + ipv4.totalLength(view, header) - at
  if (protocol === UDP && view.getUint16(at + 6) === 0) return true
  const pseudo =
    protocol === ICMP ? 0 : pseudoHeaderSum(ipv4.source(view, header), ipv4.destination(view, header), protocol, length)
  if (csumFold(csumPartial(view, at, length, pseudo)) !== 0) return false
  skb.ipSummed = IpSummed.UNNECESSARY
  return true
}
