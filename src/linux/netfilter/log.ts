/** Packets as lines of the kernel's log. Models net/netfilter/nf_log_syslog.c dump_ipv4_packet. */
import { formatIpv4, formatMac } from "../../wire/address.ts"
import * as ethernet from "../../wire/ethernet.ts"
import * as icmp from "../../wire/icmp.ts"
import * as ipv4 from "../../wire/ipv4.ts"
import * as tcp from "../../wire/tcp.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import type { Skb } from "../skb.ts"

const { ICMP, TCP, UDP } = ipv4.IpProtocol
/** XT_LOG_*. */
const TCP_SEQUENCE = 1
const TCP_OPTIONS = 2
const IP_OPTIONS = 4
const UID = 8
const FLAGS: readonly (readonly [number, string])[] = [
  [0x80, "CWR"],
  [0x40, "ECE"],
  [0x20, "URG"],
  [0x10, "ACK"],
  [0x08, "PSH"],
  [0x04, "RST"],
  [0x02, "SYN"],
  [0x01, "FIN"],
]

export interface LogInfo {
  readonly level: number
  readonly prefix: string
  readonly flags: number
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0")

/** Only the machine's first namespace logs (net.netfilter.nf_log_all_netns is 0). */
export function logPacket(
  net: NetNamespace,
  skb: Skb,
  outgoing: boolean,
  input: NetDevice | undefined,
  output: NetDevice | undefined,
  info: LogInfo,
): void {
  if (net !== net.kernel.initNet) return
  const devices = `${info.prefix}IN=${input?.name ?? ""} OUT=${output?.name ?? ""} `
  const ports = physical(skb)
  const mac = input === undefined || outgoing ? "" : macText(skb)
  net.kernel.printk(
    info.level,
    devices + ports + mac + ipText(skb, skb.networkHeader, info.flags, true) + markText(skb),
  )
}

function physical({ physIn, physOut }: Skb): string {
  return (
    (physIn === undefined ? "" : `PHYSIN=${physIn.name} `) + (physOut === undefined ? "" : `PHYSOUT=${physOut.name} `)
  )
}

/** `MAC=` the Ethernet header's fourteen bytes. */
function macText(skb: Skb): string {
  if (skb.macHeader < 0 || skb.networkHeader - skb.macHeader !== ethernet.LENGTH) return "MAC= "
  const type = hex(ethernet.etherType(skb.view, skb.macHeader), 4).toLowerCase()
  const [to, from] = [ethernet.destination(skb.view, skb.macHeader), ethernet.source(skb.view, skb.macHeader)]
  return `MAC=${formatMac(to)}:${formatMac(from)}:${type.slice(0, 2)}:${type.slice(2)} `
}

const markText = ({ mark }: Skb): string => (mark === 0 ? "" : `MARK=0x${mark.toString(16)} `)

function ipText(skb: Skb, at: number, flags: number, outer: boolean): string {
  const { view } = skb
  if (at + ipv4.LENGTH > skb.tail) return "TRUNCATED"
  const tos = ipv4.tos(view, at)
  const frag = ipv4.flagsAndOffset(view, at)
  let text = `SRC=${formatIpv4(ipv4.source(view, at))} DST=${formatIpv4(ipv4.destination(view, at))} `
  text += `LEN=${ipv4.totalLength(view, at)} TOS=0x${hex(tos & 0x1e, 2)} PREC=0x${hex(tos & 0xe0, 2)} `
  text += `TTL=${ipv4.ttl(view, at)} ID=${ipv4.id(view, at)} `
  if ((frag & ipv4.IP_DF) !== 0) text += "DF "
  if ((frag & ipv4.IP_MF) !== 0) text += "MF "
  if ((frag & ipv4.IP_OFFSET) !== 0) text += `FRAG:${frag & ipv4.IP_OFFSET} `
  const header = ipv4.headerLength(view, at)
  if ((flags & IP_OPTIONS) !== 0 && header > ipv4.LENGTH)
    text += `OPT (${bytesText(skb, at + ipv4.LENGTH, at + header)}) `
  return text + transportText(skb, at, at + header, frag, flags, outer)
}

const bytesText = (skb: Skb, from: number, to: number): string =>
  Array.from(skb.arena.bytes.subarray(from, Math.min(to, skb.tail)), (byte) => hex(byte, 2)).join("")

function transportText(skb: Skb, ip: number, at: number, frag: number, flags: number, outer: boolean): string {
  const protocol = ipv4.protocol(skb.view, ip)
  const later = (frag & ipv4.IP_OFFSET) !== 0
  const left = skb.tail - at
  if (protocol === TCP) return tcpText(skb, at, later, left, flags)
  if (protocol === UDP) {
    if (later) return "PROTO=UDP "
    if (left < 8) return `PROTO=UDP INCOMPLETE [${left} bytes] `
    return `PROTO=UDP SPT=${skb.view.getUint16(at)} DPT=${skb.view.getUint16(at + 2)} LEN=${skb.view.getUint16(at + 4)} `
  }
  if (protocol === ICMP) return icmpText(skb, at, later, left, flags, outer)
  return `PROTO=${protocol} `
}

function tcpText(skb: Skb, at: number, later: boolean, left: number, flags: number): string {
  if (later) return "PROTO=TCP "
  if (left < tcp.LENGTH) return `PROTO=TCP INCOMPLETE [${left} bytes] `
  const { view } = skb
  let text = `PROTO=TCP SPT=${tcp.sourcePort(view, at)} DPT=${tcp.destinationPort(view, at)} `
  if ((flags & TCP_SEQUENCE) !== 0) text += `SEQ=${tcp.sequence(view, at)} ACK=${tcp.acknowledgment(view, at)} `
  text += `WINDOW=${tcp.window(view, at)} RES=0x${hex(((view.getUint8(at + 12) & 0xf) << 2) & 0x3c, 2)} `
  const bits = tcp.flags(view, at)
  text += FLAGS.filter(([bit]) => (bits & bit) !== 0)
    .map(([, name]) => `${name} `)
    .join("")
  text += `URGP=${tcp.urgentPointer(view, at)} `
  const header = tcp.headerLength(view, at)
  if ((flags & TCP_OPTIONS) !== 0 && header > tcp.LENGTH)
    text += `OPT (${bytesText(skb, at + tcp.LENGTH, at + header)}) `
  return text
}

function icmpText(skb: Skb, at: number, later: boolean, left: number, flags: number, outer: boolean): string {
  if (later) return "PROTO=ICMP "
  if (left < icmp.LENGTH) return `PROTO=ICMP INCOMPLETE [${left} bytes] `
  const { view } = skb
  const type = icmp.type(view, at)
  const code = icmp.code(view, at)
  let text = `PROTO=ICMP TYPE=${type} CODE=${code} `
  if (type === 0 || type === 8) return `${text}ID=${icmp.echoId(view, at)} SEQ=${view.getUint16(at + 6)} `
  if (type === 12) text += `PARAMETER=${view.getUint8(at + 4)} `
  if (type === 5) text += `GATEWAY=${formatIpv4(view.getUint32(at + 4))} `
  if (type !== 3 && type !== 4 && type !== 11 && type !== 5) return text
  if (outer) text += `[${ipText(skb, at + icmp.LENGTH, flags & ~UID, false)}] `
  return type === 3 && code === 4 ? `${text}MTU=${icmp.nextHopMtu(view, at)} ` : text
}
