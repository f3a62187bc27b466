/** Frames as text, as tcpdump 4.99.3 prints them. */

import { formatIpv4, formatMac, MAC_BROADCAST, MAC_ZERO } from "../wire/address.ts"
import * as arp from "../wire/arp.ts"
import { csumFold, csumPartial, pseudoHeaderSum } from "../wire/checksum.ts"
import * as ethernet from "../wire/ethernet.ts"
import * as icmp from "../wire/icmp.ts"
import * as ipv4 from "../wire/ipv4.ts"
import * as tcp from "../wire/tcp.ts"
import * as udp from "../wire/udp.ts"
import * as vxlan from "../wire/vxlan.ts"
import { type Frame, LinkType } from "./frame.ts"
import { hexDump } from "./hexdump.ts"

export interface PrintOptions {
  /** -n given: ports as numbers. */
  numeric?: boolean
  /** -e */
  linkHeader?: boolean
  /** -v, -vv, -vvv: 0 to 3. */
  verbose?: number
  /** -q */
  quiet?: boolean
  /** -S */
  absolute?: boolean
  /** How often -t was given: 0 to 5. */
  time?: number
  /** --nano */
  nano?: boolean
  /** -x, -xx, -X, -XX, -A */
  hex?: "x" | "xx" | "X" | "XX" | "A"
  /** -T vxlan */
  tunnel?: "vxlan"
  /** -# */
  number?: boolean
}

const PORT_NAMES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  tcp: {
    21: "ftp",
    22: "ssh",
    23: "telnet",
    25: "smtp",
    53: "domain",
    80: "http",
    110: "pop3",
    143: "imap2",
    443: "https",
    3306: "mysql",
    5432: "postgresql",
    8080: "http-alt",
  },
  udp: { 53: "domain", 67: "bootps", 68: "bootpc", 123: "ntp", 161: "snmp", 514: "syslog" },
}
const IP_NAMES: Readonly<Record<number, string>> = {
  1: "ICMP",
  2: "IGMP",
  6: "TCP",
  17: "UDP",
  47: "GRE",
  50: "ESP",
  58: "ICMPv6",
  89: "OSPF",
  132: "SCTP",
}
const two = (n: number): string => String(n).padStart(2, "0")

/** Prints one capture; keeps what must be remembered between frames (first sequence numbers, times). */
export class TcpdumpPrinter {
  readonly #options: PrintOptions
  readonly #linkType: number
  /** First sequence numbers of a conversation, so that later ones print relative. */
  readonly #firstSequence = new Map<string, { seq: number; ack: number }>()
  #first: Frame | undefined
  #previous: Frame | undefined
  #count = 0

  constructor(options: PrintOptions = {}, linkType: number = LinkType.ETHERNET) {
    this.#options = options
    this.#linkType = linkType
  }

  /** The frame's lines, each with its line break. */
  print(frame: Frame): string {
    this.#count++
    const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength)
    const number = this.#options.number === true ? `${String(this.#count).padStart(5)}  ` : ""
    const time = this.#timestamp(frame)
    const where =
      frame.interface !== undefined && frame.direction !== undefined
        ? `${frame.interface} ${frame.direction.padEnd(3)} `
        : ""
    const body =
      this.#linkType === LinkType.RAW
        ? this.#ip(view, 0, frame.bytes.length, false)
        : this.#ethernet(view, 0, frame.bytes.length, frame.length)
    const hex =
      this.#options.hex === undefined
        ? ""
        : hexDump(frame.bytes, this.#options.hex, this.#linkType === LinkType.ETHERNET ? ethernet.LENGTH : 0)
    return `${number}${time}${where}${body}\n${hex}`
  }

  // ── time ────────────────────────────────────────────────────────────────────────────────────

  #timestamp(frame: Frame): string {
    const mode = this.#options.time ?? 0
    const fraction = (nanos: number): string =>
      this.#options.nano === true ? String(nanos).padStart(9, "0") : String(Math.floor(nanos / 1000)).padStart(6, "0")
    this.#first ??= frame
    const previous = this.#previous ?? frame
    this.#previous = frame
    if (mode === 1) return ""
    if (mode === 2) return `${frame.seconds}.${fraction(frame.nanos)} `
    if (mode === 3 || mode === 5) {
      const base = mode === 3 ? previous : this.#first
      let seconds = frame.seconds - base.seconds
      let nanos = frame.nanos - base.nanos
      if (nanos < 0) {
        seconds--
        nanos += 1e9
      }
      return ` ${clock(seconds)}.${fraction(nanos)} `
    }
    const date = mode === 4 ? `${isoDate(frame.seconds)} ` : ""
    return `${date}${clock(frame.seconds % 86400)}.${fraction(frame.nanos)} `
  }

  // ── Ethernet, ARP ───────────────────────────────────────────────────────────────────────────

  #ethernet(view: DataView, at: number, end: number, wireLength: number): string {
    if (end - at < ethernet.LENGTH) return `[|ether]`
    const type = ethernet.etherType(view, at)
    const head =
      this.#options.linkHeader === true
        ? `${this.#mac(ethernet.source(view, at))} > ${this.#mac(ethernet.destination(view, at))}, ${this.#options.quiet === true ? etherName(type).split(" ")[0] : `ethertype ${etherName(type)}`}, length ${wireLength}: `
        : ""
    const payload = at + ethernet.LENGTH
    if (type === ethernet.EtherType.IPV4) return head + this.#ip(view, payload, end, this.#options.linkHeader === true)
    if (type === ethernet.EtherType.ARP) return head + this.#arp(view, payload, end, wireLength - ethernet.LENGTH)
    if (type === ethernet.EtherType.IPV6) return `${head}IP6, length ${wireLength - ethernet.LENGTH}`
    return this.#options.linkHeader === true
      ? head.replace(/: $/, ":")
      : `${this.#mac(ethernet.source(view, at))} > ${this.#mac(ethernet.destination(view, at))}, ethertype ${etherName(type)}, length ${wireLength}:`
  }

  /** Without -n the maker is named; tcpdump's list of makers is short, and these addresses are in nobody's range. */
  #mac(address: number): string {
    if (this.#options.numeric === true) return formatMac(address)
    return address === MAC_BROADCAST ? "Broadcast" : `${formatMac(address)} (oui Unknown)`
  }

  #arp(view: DataView, at: number, end: number, length: number): string {
    const verbose = (this.#options.verbose ?? 0) > 0
    const prefix = this.#options.linkHeader === true ? "" : "ARP, "
    const detail = verbose ? "Ethernet (len 6), IPv4 (len 4), " : ""
    const packet = arp.parse(view, at, end)
    if (packet === undefined) return `${prefix}[|arp]`
    const tail = `, length ${length}`
    const hint =
      packet.targetMac !== MAC_ZERO && packet.operation === arp.ArpOp.REQUEST ? ` (${this.#mac(packet.targetMac)})` : ""
    if (packet.operation === arp.ArpOp.REQUEST) {
      const announcement = packet.senderIp === packet.targetIp
      return announcement
        ? `${prefix}${detail}Announcement ${formatIpv4(packet.targetIp)}${tail}`.replace(
            "Announcement",
            `Request who-has ${formatIpv4(packet.targetIp)}${hint} tell`,
          )
        : `${prefix}${detail}Request who-has ${formatIpv4(packet.targetIp)}${hint} tell ${formatIpv4(packet.senderIp)}${tail}`
    }
    if (packet.operation === arp.ArpOp.REPLY)
      return `${prefix}${detail}Reply ${formatIpv4(packet.senderIp)} is-at ${this.#mac(packet.senderMac)}${tail}`
    return `${prefix}${detail}Unknown (${packet.operation})${tail}`
  }

  // ── IPv4 ────────────────────────────────────────────────────────────────────────────────────

  /** `named` leaves out the leading "IP ", which -e has said already. */
  #ip(view: DataView, at: number, end: number, named: boolean): string {
    const prefix = named ? "" : "IP "
    const header = ipv4.parse(view, at, end)
    if (header === undefined) return `${prefix}[|ip]`
    const verbose = this.#options.verbose ?? 0
    let text = prefix
    if (verbose > 0) text += `${ipDetails(view, at, header)}\n    `
    const total = Math.min(end - at, header.totalLength)
    const missing = header.totalLength - (end - at)
    if (missing > 0 && verbose >= 0) text += missing > 0 ? `truncated-ip - ${missing} bytes missing! ` : ""
    const payload = at + header.headerLength
    const stop = at + total
    if (header.fragmentOffset > 0)
      return `${text}${formatIpv4(header.source)} > ${formatIpv4(header.destination)}: ${protocolText(header.protocol, this.#options.numeric === true)}`
    switch (header.protocol) {
      case ipv4.IpProtocol.ICMP:
        return text + this.#icmp(view, payload, stop, header)
      case ipv4.IpProtocol.UDP:
        return text + this.#udp(view, payload, stop, header)
      case ipv4.IpProtocol.TCP:
        return text + this.#tcp(view, payload, stop, header)
      default:
        return `${text}${formatIpv4(header.source)} > ${formatIpv4(header.destination)}: ${protocolText(header.protocol, this.#options.numeric === true)} ${header.totalLength - header.headerLength}`
    }
  }

  // ── ICMP ────────────────────────────────────────────────────────────────────────────────────

  #icmp(view: DataView, at: number, end: number, header: ipv4.Ipv4Header): string {
    const addresses = `${formatIpv4(header.source)} > ${formatIpv4(header.destination)}: `
    const length = header.totalLength - header.headerLength
    if (end - at < icmp.LENGTH) return `${addresses}[|icmp]`
    const type = icmp.type(view, at)
    const code = icmp.code(view, at)
    const what = this.#icmpText(view, at, end, type, code)
    const whole = !header.mf && end - at >= length
    const bad =
      (this.#options.verbose ?? 0) > 0 && whole && !icmp.checksumOk(view, at, length)
        ? ` (wrong icmp cksum ${icmp.checksum(view, at).toString(16)} (->${icmpShouldBe(view, at, length).toString(16)})!)`
        : ""
    let text = `${addresses}ICMP ${what}, length ${length}${bad}`
    if ((this.#options.verbose ?? 0) >= 1 && icmp.isError(type) && end - at > icmp.LENGTH)
      text += `\n\t${this.#ip(view, at + icmp.LENGTH, end, this.#options.linkHeader === true)}`.replace(
        /truncated-ip - \d+ bytes missing! /,
        "",
      )
    return text
  }

  #icmpText(view: DataView, at: number, end: number, type: number, code: number): string {
    const { IcmpType } = icmp
    if (type === IcmpType.ECHO || type === IcmpType.ECHO_REPLY)
      return `echo ${type === IcmpType.ECHO ? "request" : "reply"}, id ${icmp.echoId(view, at)}, seq ${icmp.echoSequence(view, at)}`
    const quoted = ipv4.parse(view, at + icmp.LENGTH, end)
    if (type === IcmpType.TIME_EXCEEDED) return code === 0 ? "time exceeded in-transit" : "ip reassembly time exceeded"
    if (type === IcmpType.REDIRECT && quoted !== undefined)
      return `redirect ${formatIpv4(quoted.destination)} to host ${formatIpv4(view.getUint32(at + 4))}`
    if (type !== IcmpType.DEST_UNREACH || quoted === undefined) return `type-#${type}`
    return unreachableText(view, at, quoted, code)
  }

  // ── UDP, VXLAN ──────────────────────────────────────────────────────────────────────────────

  #udp(view: DataView, at: number, end: number, header: ipv4.Ipv4Header): string {
    if (end - at < udp.LENGTH) return `${formatIpv4(header.source)} > ${formatIpv4(header.destination)}: [|udp]`
    const ports = this.#ports("udp", view, at)
    const addresses = `${formatIpv4(header.source)}.${ports[0]} > ${formatIpv4(header.destination)}.${ports[1]}: `
    const length = udp.length(view, at)
    const payload = length - udp.LENGTH
    const verbose = this.#options.verbose ?? 0
    const check = verbose > 1 ? this.#udpChecksum(view, at, end, header, length) : ""
    const port = udp.destinationPort(view, at)
    const source = udp.sourcePort(view, at)
    if (this.#options.quiet === true) return `${addresses}UDP, length ${payload}`
    if (this.#options.tunnel === "vxlan" || port === vxlan.IANA_PORT)
      return `${addresses}${check}VXLAN${this.#vxlan(view, at + udp.LENGTH, end)}`
    // 8472 was assigned to OTV: tcpdump up to 4.99.5 takes Linux's VXLAN for it.
    if (port === vxlan.LINUX_PORT || (port !== vxlan.IANA_PORT && source === vxlan.LINUX_PORT))
      return `${addresses}${check}OTV, ${this.#otv(view, at + udp.LENGTH, end)}`
    return `${addresses}${check}UDP, length ${payload}`
  }

  #udpChecksum(view: DataView, at: number, end: number, header: ipv4.Ipv4Header, length: number): string {
    if (udp.checksum(view, at) === 0) return "[no cksum] "
    if (end - at < length || header.mf) return ""
    const sum = csumPartial(
      view,
      at,
      length,
      pseudoHeaderSum(header.source, header.destination, header.protocol, length),
    )
    if (csumFold(sum) === 0) return "[udp sum ok] "
    const should = csumFold(sum - udp.checksum(view, at))
    return `[bad udp cksum 0x${hex4(udp.checksum(view, at))} -> 0x${hex4(should)}!] `
  }

  #otv(view: DataView, at: number, end: number): string {
    if (end - at < vxlan.LENGTH) return "[|otv]"
    const flags = vxlan.flags(view, at)
    const overlay = view.getUint32(at) & 0xffffff
    return `flags [${(flags & 8) !== 0 ? "I" : "."}] (0x${two16(flags)}), overlay ${overlay}, instance ${vxlan.vni(view, at)}\n${this.#ethernet(view, at + vxlan.LENGTH, end, end - at - vxlan.LENGTH)}`
  }

  #vxlan(view: DataView, at: number, end: number): string {
    if (end - at < vxlan.LENGTH) return " (invalid)"
    const flags = vxlan.flags(view, at)
    return `, flags [${(flags & 8) !== 0 ? "I" : "."}] (0x${two16(flags)}), vni ${vxlan.vni(view, at)}\n${this.#ethernet(view, at + vxlan.LENGTH, end, end - at - vxlan.LENGTH)}`
  }

  // ── TCP ─────────────────────────────────────────────────────────────────────────────────────

  #ports(protocol: "tcp" | "udp", view: DataView, at: number): [string, string] {
    const name = (port: number): string =>
      this.#options.numeric === true ? String(port) : (PORT_NAMES[protocol]?.[port] ?? String(port))
    return [name(view.getUint16(at)), name(view.getUint16(at + 2))]
  }

  #tcp(view: DataView, at: number, end: number, header: ipv4.Ipv4Header): string {
    if (end - at < tcp.LENGTH) return `${formatIpv4(header.source)} > ${formatIpv4(header.destination)}: [|tcp]`
    const ports = this.#ports("tcp", view, at)
    const addresses = `${formatIpv4(header.source)}.${ports[0]} > ${formatIpv4(header.destination)}.${ports[1]}: `
    const hlen = tcp.headerLength(view, at)
    const payload = header.totalLength - header.headerLength - hlen
    if (this.#options.quiet === true) return `${addresses}tcp ${payload}`
    const flags = tcp.flags(view, at)
    const relative = this.#relative(view, at, header, flags)
    const parts = [`Flags [${flagText(flags)}]`]
    if ((this.#options.verbose ?? 0) > 0) parts.push(tcpChecksum(view, at, end, header))
    if (payload > 0 || (flags & 0x07) !== 0)
      parts.push(
        (this.#options.verbose ?? 0) > 1 || payload > 0
          ? `seq ${relative.seq}${payload > 0 ? `:${(relative.seq + payload) >>> 0}` : ""}`
          : `seq ${relative.seq}`,
      )
    else if ((this.#options.verbose ?? 0) > 1) parts.push(`seq ${relative.seq}`)
    if ((flags & tcp.TcpFlag.ACK) !== 0) parts.push(`ack ${relative.ack}`)
    parts.push(`win ${tcp.window(view, at)}`)
    if ((flags & tcp.TcpFlag.URG) !== 0) parts.push(`urg ${tcp.urgentPointer(view, at)}`)
    if (hlen > tcp.LENGTH)
      parts.push(`options [${this.#optionList(view, at + tcp.LENGTH, Math.min(at + hlen, end), relative.base)}]`)
    let text = `${addresses}${parts.join(", ")}, length ${payload}`
    if (payload > 0)
      text += this.#application(view, at + hlen, end, tcp.sourcePort(view, at), tcp.destinationPort(view, at))
    return text
  }

  /** Models print-tcp.c: a conversation begins with the first segment that acknowledges something; that one prints whole numbers. */
  #relative(
    view: DataView,
    at: number,
    header: ipv4.Ipv4Header,
    flags: number,
  ): { seq: number; ack: number; base: number } {
    const seq = tcp.sequence(view, at)
    const ack = tcp.acknowledgment(view, at)
    if (this.#options.absolute === true || (flags & tcp.TcpFlag.ACK) === 0) return { seq, ack, base: 0 }
    const here = `${header.source}.${tcp.sourcePort(view, at)}`
    const there = `${header.destination}.${tcp.destinationPort(view, at)}`
    const reversed = here > there
    const key = reversed ? `${there} ${here}` : `${here} ${there}`
    const known = this.#firstSequence.get(key)
    if (known === undefined || (flags & tcp.TcpFlag.SYN) !== 0) {
      this.#firstSequence.set(key, reversed ? { seq: ack - 1, ack: seq } : { seq, ack: ack - 1 })
      return { seq, ack, base: ack - 1 }
    }
    const [mine, theirs] = reversed ? [known.ack, known.seq] : [known.seq, known.ack]
    return { seq: (seq - mine) >>> 0, ack: (ack - theirs) >>> 0, base: theirs }
  }

  #optionList(view: DataView, start: number, end: number, base: number): string {
    const parts: string[] = []
    for (let at = start; at < end; ) {
      const kind = view.getUint8(at)
      if (kind === tcp.TcpOption.END || kind === tcp.TcpOption.NOP) {
        parts.push(kind === tcp.TcpOption.END ? "eol" : "nop")
        at++
        if (kind === tcp.TcpOption.END) break
        continue
      }
      const size = at + 1 < end ? view.getUint8(at + 1) : 0
      if (size < 2 || at + size > end) {
        parts.push("[bad opt]")
        break
      }
      parts.push(optionText(view, at, kind, size, this.#options.absolute === true ? 0 : base))
      at += size
    }
    return parts.join(",")
  }

  /** HTTP is recognised by its port; the first line, or with -v all of the text. */
  #application(view: DataView, at: number, end: number, source: number, destination: number): string {
    // A forced packet type is tried on everything and prints nothing for TCP.
    if (this.#options.tunnel !== undefined) return ""
    if (![80, 8080, 3128].includes(source) && ![80, 8080, 3128].includes(destination)) return ""
    const text = new TextDecoder("latin1").decode(
      new Uint8Array(view.buffer, view.byteOffset + at, Math.max(0, end - at)),
    )
    const start = /^(GET|PUT|POST|HEAD|DELETE|OPTIONS|TRACE|CONNECT|PATCH|HTTP\/\d\.\d)\b/.exec(text)
    if (start === null) return ": HTTP"
    const lines = text.split(/\r?\n/)
    if ((this.#options.verbose ?? 0) === 0) return `: HTTP: ${lines[0]}`
    return `: HTTP, length: ${end - at}${lines.map((line, i) => (i === lines.length - 1 && line === "" ? "" : `\n\t${printable(line)}`)).join("")}`
  }
}

const printable = (line: string): string =>
  line.replace(/[^\x20-\x7e\t]/g, (c) =>
    c.charCodeAt(0) < 32
      ? `^${String.fromCharCode(c.charCodeAt(0) + 64)}`
      : `M-${String.fromCharCode(c.charCodeAt(0) & 127)}`,
  )

const hex4 = (value: number): string => value.toString(16).padStart(4, "0")
const two16 = (value: number): string => value.toString(16).padStart(2, "0")

function clock(seconds: number): string {
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** The date of a day count, without the host's calendar. */
function isoDate(seconds: number): string {
  const z = Math.floor(seconds / 86400) + 719468
  const era = Math.floor(z / 146097)
  const doe = z - era * 146097
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return `${yoe + era * 400 + (month <= 2 ? 1 : 0)}-${two(month)}-${two(doy - Math.floor((153 * mp + 2) / 5) + 1)}`
}

function etherName(type: number): string {
  const names: Readonly<Record<number, string>> = { 2048: "IPv4", 2054: "ARP", 34525: "IPv6", 33024: "802.1Q" }
  const name = names[type]
  return name === undefined ? `Unknown (0x${hex4(type)})` : `${name} (0x${hex4(type)})`
}

/** /etc/protocols' word, which -n does not look up. */
function protocolText(protocol: number, numeric: boolean): string {
  const names: Readonly<Record<number, string>> = {
    1: "icmp",
    2: "igmp",
    6: "tcp",
    17: "udp",
    47: "gre",
    50: "esp",
    89: "ospf",
    132: "sctp",
  }
  return (numeric ? undefined : names[protocol]) ?? `ip-proto-${protocol}`
}

function ipDetails(view: DataView, at: number, header: ipv4.Ipv4Header): string {
  const flags = [header.df ? "DF" : "", header.mf ? "+" : ""].filter((flag) => flag !== "").join(", ") || "none"
  const name = IP_NAMES[header.protocol]
  const proto = name === undefined ? `unknown (${header.protocol})` : `${name} (${header.protocol})`
  const bad = ipv4.checksumOk(view, at) ? "" : `, bad cksum ${header.checksum.toString(16)}!`
  const options = header.headerLength > ipv4.LENGTH ? ", options (unknown)" : ""
  return `(tos 0x${header.tos.toString(16)}, ttl ${header.ttl}, id ${header.id}, offset ${header.fragmentOffset}, flags [${flags}], proto ${proto}, length ${header.totalLength}${options}${bad})`
}

function icmpShouldBe(view: DataView, at: number, length: number): number {
  return csumFold(csumPartial(view, at, length, 0) - icmp.checksum(view, at))
}

function unreachableText(view: DataView, at: number, quoted: ipv4.Ipv4Header, code: number): string {
  const { UnreachCode } = icmp
  const destination = formatIpv4(quoted.destination)
  const inner = at + icmp.LENGTH + quoted.headerLength
  switch (code) {
    case UnreachCode.NET:
      return `net ${destination} unreachable`
    case UnreachCode.HOST:
      return `host ${destination} unreachable`
    case UnreachCode.PROT:
      return `${destination} protocol ${quoted.protocol} unreachable`
    case UnreachCode.PORT: {
      const port = view.getUint16(inner + 2)
      if (quoted.protocol === ipv4.IpProtocol.TCP) return `${destination} tcp port ${port} unreachable`
      if (quoted.protocol === ipv4.IpProtocol.UDP) return `${destination} udp port ${port} unreachable`
      return `${destination} protocol ${quoted.protocol} port ${port} unreachable`
    }
    case UnreachCode.FRAG_NEEDED: {
      const mtu = icmp.nextHopMtu(view, at)
      return mtu === 0
        ? `${destination} unreachable - need to frag`
        : `${destination} unreachable - need to frag (mtu ${mtu})`
    }
    case UnreachCode.HOST_ANO:
      return `host ${destination} unreachable - admin prohibited`
    case UnreachCode.PKT_FILTERED:
      return `host ${destination} unreachable - admin prohibited filter`
    case UnreachCode.NET_ANO:
      return `net ${destination} unreachable - admin prohibited`
    default:
      return `${destination} unreachable - #${code}`
  }
}

function flagText(flags: number): string {
  const letters: readonly (readonly [number, string])[] = [
    [0x01, "F"],
    [0x02, "S"],
    [0x04, "R"],
    [0x08, "P"],
    [0x10, "."],
    [0x20, "U"],
    [0x40, "E"],
    [0x80, "W"],
  ]
  return (
    letters
      .filter(([bit]) => (flags & bit) !== 0)
      .map(([, letter]) => letter)
      .join("") || "none"
  )
}

function tcpChecksum(view: DataView, at: number, end: number, header: ipv4.Ipv4Header): string {
  const length = header.totalLength - header.headerLength
  const field = tcp.checksum(view, at)
  if (end - at < length || header.mf) return `cksum 0x${hex4(field)}`
  const sum = csumPartial(view, at, length, pseudoHeaderSum(header.source, header.destination, header.protocol, length))
  if (csumFold(sum) === 0) return `cksum 0x${hex4(field)} (correct)`
  return `cksum 0x${hex4(field)} (incorrect -> 0x${hex4(csumFold(sum - field))})`
}

function optionText(view: DataView, at: number, kind: number, size: number, base: number): string {
  const { TcpOption } = tcp
  if (kind === TcpOption.MSS && size === 4) return `mss ${view.getUint16(at + 2)}`
  if (kind === TcpOption.WSCALE && size === 3) return `wscale ${view.getUint8(at + 2)}`
  if (kind === TcpOption.SACK_PERMITTED) return "sackOK"
  if (kind === TcpOption.TIMESTAMP && size === 10)
    return `TS val ${view.getUint32(at + 2)} ecr ${view.getUint32(at + 6)}`
  if (kind === TcpOption.SACK) {
    const blocks: string[] = []
    for (let p = at + 2; p + 8 <= at + size; p += 8)
      blocks.push(`{${(view.getUint32(p) - base) >>> 0}:${(view.getUint32(p + 4) - base) >>> 0}}`)
    return `sack ${blocks.length} ${blocks.join("")}`
  }
  return `unknown-${kind}`
}
