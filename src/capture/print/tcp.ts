/** TCP. Models print-tcp.c. */

import { portName } from "../../wire/services.ts"
import * as tcp from "../../wire/tcp.ts"
import { transportChecksum } from "./checksum.ts"
import { addresses, type Dissection, type IpPayload, notDecoded, Truncated } from "./dissection.ts"
import { tcpOptionsPrint } from "./tcp-options.ts"
import { TEXT_PROTOCOLS, textPrint } from "./text.ts"

const FLAGS: readonly (readonly [number, string])[] = [
  [0x01, "F"],
  [0x02, "S"],
  [0x04, "R"],
  [0x08, "P"],
  [0x10, "."],
  [0x20, "U"],
  [0x40, "E"],
  [0x80, "W"],
]
const { TcpFlag } = tcp
/** Ports whose payload the real tcpdump takes apart and podwire does not. */
const DECODED: Readonly<Record<number, string>> = {
  22: "SSH",
  23: "telnet",
  53: "DNS",
  179: "BGP",
  323: "RPKI-RTR",
  639: "MSDP",
  646: "LDP",
  1723: "PPTP",
  2049: "NFS",
  6379: "RESP",
  6633: "OpenFlow",
  6653: "OpenFlow",
  10288: "BEEP",
}
const RST_DATA_MAX = 30

export function tcpPrint(d: Dissection, payload: IpPayload): void {
  const { ip, at, length } = payload
  d.protocol = "tcp"
  if (!d.has(at + 2, 2)) {
    d.print(`${addresses(d, ip)}:`)
    d.truncated()
    return
  }
  const name = (port: number): string => (d.options.numeric === true ? String(port) : portName("tcp", port))
  const ports = [d.u16(at), d.u16(at + 2)] as const
  d.print(`${d.ipv4(ip + 12)}.${name(ports[0])} > ${d.ipv4(ip + 16)}.${name(ports[1])}: `)
  if (!d.has(at, tcp.LENGTH)) {
    d.truncated()
    return
  }
  const hlen = tcp.headerLength(d.view, at)
  if (hlen < tcp.LENGTH) {
    d.print(` tcp ${(length - hlen) >>> 0} [bad hdr length ${hlen} - too short, < ${tcp.LENGTH}]`)
    return
  }
  const long = hlen > length ? ` [bad hdr length ${hlen} - too long, > ${length}]` : ""
  if (d.quiet) {
    d.print(`tcp ${(length - hlen) >>> 0}${long}`)
    return
  }
  const flags = tcp.flags(d.view, at)
  d.print(`Flags [${flagText(flags)}]`)
  const numbers = sequenceNumbers(d, ip, at, flags)
  if (long !== "") {
    d.print(long)
    return
  }
  if (d.verbose > 0 && d.options.unchecked !== true && !payload.fragmented && d.has(at, length))
    d.print(checksumText(d, payload))
  const data = length - hlen
  if (d.verbose > 1 || data > 0 || (flags & (TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST)) !== 0)
    d.print(`, seq ${numbers.seq}${data > 0 ? `:${(numbers.seq + data) >>> 0}` : ""}`)
  if ((flags & TcpFlag.ACK) !== 0) d.print(`, ack ${numbers.ack}`)
  d.print(`, win ${tcp.window(d.view, at)}`)
  if ((flags & TcpFlag.URG) !== 0) d.print(`, urg ${tcp.urgentPointer(d.view, at)}`)
  if (hlen > tcp.LENGTH && !tcpOptionsPrint(d, at + tcp.LENGTH, hlen - tcp.LENGTH, numbers.base)) return
  d.print(`, length ${data}`)
  if (data > 0) application(d, at, hlen, data, flags, ports)
}

const flagText = (flags: number): string =>
  FLAGS.filter(([bit]) => (flags & bit) !== 0)
    .map(([, letter]) => letter)
    .join("") || "none"

function checksumText(d: Dissection, { ip, at, length }: IpPayload): string {
  const field = tcp.checksum(d.view, at)
  const should = transportChecksum(d, ip, 6, at, length, field)
  return `, cksum 0x${hex4(field)} (${should === undefined ? "correct" : `incorrect -> 0x${hex4(should)}`})`
}

const hex4 = (value: number): string => value.toString(16).padStart(4, "0")

interface Numbers {
  seq: number
  ack: number
  /** What blocks of selective acknowledgments are counted from. */
  base: number
}

/** A conversation begins with the first segment that acknowledges something; that one prints whole numbers. */
function sequenceNumbers(d: Dissection, ip: number, at: number, flags: number): Numbers {
  const seq = tcp.sequence(d.view, at)
  const ack = tcp.acknowledgment(d.view, at)
  if (d.options.absolute === true || (flags & TcpFlag.ACK) === 0) return { seq, ack, base: 0 }
  const source = [tcp.sourcePort(d.view, at), d.u32(ip + 12)] as const
  const destination = [tcp.destinationPort(d.view, at), d.u32(ip + 16)] as const
  const reversed = source[0] === destination[0] ? source[1] > destination[1] : source[0] > destination[0]
  const key = (reversed ? [destination, source] : [source, destination]).join(" ")
  let known = d.conversations.get(key)
  const first = known === undefined || (flags & TcpFlag.SYN) !== 0
  if (known === undefined || first) {
    const before = (ack - 1) >>> 0
    known = reversed ? { seq: before, ack: seq } : { seq, ack: before }
    d.conversations.set(key, known)
  }
  const base = reversed ? known.seq : known.ack
  if (first) return { seq, ack, base }
  return { seq: (seq - (reversed ? known.ack : known.seq)) >>> 0, ack: (ack - base) >>> 0, base }
}

function application(
  d: Dissection,
  at: number,
  hlen: number,
  length: number,
  flags: number,
  [source, destination]: readonly [number, number],
): void {
  if (!d.has(at, hlen)) {
    d.print(` [remaining caplen(${d.end - at}) < header length(${hlen})]`)
    throw new Truncated()
  }
  if ((flags & TcpFlag.RST) !== 0 && d.verbose > 0) {
    resetData(d, at + hlen, length)
    return
  }
  // A forced packet type is tried on everything and prints nothing for TCP.
  if (d.options.tunnel !== undefined) return
  const text = TEXT_PROTOCOLS[source] ?? TEXT_PROTOCOLS[destination]
  const other = DECODED[source] ?? DECODED[destination]
  if (text !== undefined) {
    d.print(": ")
    textPrint(d, text, at + hlen, length)
  } else if (other !== undefined) {
    d.print(": ")
    notDecoded(d, other, length)
  }
}

/** RFC 1122 section 4.2.2.12: a reset may say why in text. */
function resetData(d: Dissection, at: number, length: number): void {
  d.print(d.has(at, length) ? " [RST" : " [!RST")
  if (length > RST_DATA_MAX) d.print("+")
  d.print(" ")
  for (let i = 0; i < Math.min(length, RST_DATA_MAX) && at + i < d.end; i++) d.print(printable(d.u8(at + i)))
  d.print("]")
}

/** A byte as fn_print_char shows it: `^M`, `M-a`. */
function printable(byte: number): string {
  const low = byte & 0x7f
  const text = low >= 32 && low < 127 ? String.fromCharCode(low) : `^${String.fromCharCode(low ^ 0x40)}`
  return byte === low ? text : `M-${text}`
}
