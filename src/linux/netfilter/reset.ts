/** A TCP reset in answer to a rejected segment. Models net/ipv4/netfilter/nf_reject_ipv4.c nf_send_reset. */
import { csumFold16, pseudoHeaderSum } from "../../wire/checksum.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import * as tcp from "../../wire/tcp.ts"
import { attachConnection } from "../ip/icmp.ts"
import { ipLocalOut } from "../ip/output.ts"
import { routeMeHarder } from "../ip/route-me-harder.ts"
import { checksumHelp } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { IpSummed, type Skb } from "../skb.ts"
import { packetChecksumOk } from "./conntrack/checksum.ts"
import { NfHook } from "./hook.ts"

const { TcpFlag } = tcp
const TCP = ipv4.IpProtocol.TCP

export function sendReset(net: NetNamespace, old: Skb, hook: NfHook): void {
  const { view } = old
  const header = old.networkHeader
  const at = header + ipv4.headerLength(view, header)
  if ((ipv4.flagsAndOffset(view, header) & ipv4.IP_OFFSET) !== 0 || at + tcp.LENGTH > old.tail) return
  const flags = tcp.flags(view, at)
  // No reset answers a reset, or a segment that is broken.
  if ((flags & TcpFlag.RST) !== 0) return
  if (hook !== NfHook.LOCAL_OUT && !packetChecksumOk(old, at, TCP)) return
  const skb = old.arena.alloc(tcp.LENGTH)
  writeReset(old, at, flags, skb)
  skb.transportHeader = skb.data
  const ip = skb.push(ipv4.LENGTH)
  skb.networkHeader = ip
  skb.protocol = old.protocol
  const [source, destination] = [ipv4.destination(view, header), ipv4.source(view, header)]
  ipv4.emit(skb.view, ip, 0, skb.length, 0, ipv4.IP_DF, net.sysctl.defaultTtl, TCP, source, destination)
  checksumHelp(skb)
  if (!routeMeHarder(net, skb)) {
    skb.free()
    return
  }
  attachConnection(skb, old)
  ipLocalOut(net, skb)
}

function writeReset(old: Skb, at: number, flags: number, skb: Skb): void {
  const { view } = old
  const start = skb.put(tcp.LENGTH)
  const hasAck = (flags & TcpFlag.ACK) !== 0
  const header = old.networkHeader
  const length = header + ipv4.totalLength(view, header) - at - tcp.headerLength(view, at)
  const extra = ((flags & TcpFlag.SYN) !== 0 ? 1 : 0) + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0)
  const seq = hasAck ? tcp.acknowledgment(view, at) : 0
  const ack = hasAck ? 0 : (tcp.sequence(view, at) + length + extra) >>> 0
  const [from, to] = [tcp.destinationPort(view, at), tcp.sourcePort(view, at)]
  const answer = TcpFlag.RST | (hasAck ? 0 : TcpFlag.ACK)
  tcp.emit(skb.view, start, from, to, seq, ack, tcp.LENGTH, answer, 0)
  const pseudo = pseudoHeaderSum(ipv4.source(view, header), ipv4.destination(view, header), TCP, tcp.LENGTH)
  skb.view.setUint16(start + tcp.CHECKSUM_OFFSET, csumFold16(pseudo))
  skb.ipSummed = IpSummed.PARTIAL
  skb.csumStart = start
  skb.csumOffset = tcp.CHECKSUM_OFFSET
}
