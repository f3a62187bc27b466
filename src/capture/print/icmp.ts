/** ICMP. Models print-icmp.c. */
import { isError } from "../../wire/icmp.ts"
import { portName } from "../../wire/services.ts"
import { shouldBe } from "./checksum.ts"
import type { Dissection, IpPayload } from "./dissection.ts"

/** RFC 4884: extensions stand behind 128 bytes of the quoted packet. */
const EXTENSION = 136

export function icmpPrint(d: Dissection, { at, length, fragmented }: IpPayload): void {
  d.protocol = "icmp"
  const type = d.u8(at)
  const text = typeText(d, at, type, d.u8(at + 1))
  if (text === undefined) {
    d.truncated()
    return
  }
  d.print(`ICMP ${text}, length ${length}`)
  if (d.verbose > 0 && !fragmented && d.has(at, length)) {
    const field = d.u16(at + 2)
    const should = shouldBe(d, at, length, field)
    if (should !== undefined) d.print(` (wrong icmp cksum ${field.toString(16)} (->${should.toString(16)})!)`)
  }
  if (d.verbose === 0 || !isError(type)) return
  quoted(d, at + 8)
  d.protocol = "icmp"
  if (length > EXTENSION && (type === 3 || type === 11 || type === 12)) extensions(d, at, length)
}

/** The packet an error quotes: its own length says where it ends, so that what was cut off is not missed. */
function quoted(d: Dissection, at: number): void {
  d.print("\n\t")
  const outer = d.end
  d.end = Math.min(at + d.u16(at + 2), outer)
  d.layers.ip(d, at, d.u16(at + 2))
  d.end = outer
}

function extensions(d: Dissection, at: number, length: number): void {
  const start = at + EXTENSION
  if (!d.has(at, EXTENSION + 5)) {
    d.truncated()
    return
  }
  const size = length - EXTENSION
  if (d.u8(at + 5) === 0 && d.has(start, size) && shouldBe(d, start, size, 0) !== undefined) return
  const version = d.u8(start) >> 4
  d.print(`\n\tICMP Multi-Part extension v${version}`)
  if (version !== 2) d.print(" packet not supported")
  else d.print(", [podwire does not decode extension objects]")
}

/** `undefined` when what the text needs was not captured. */
function typeText(d: Dissection, at: number, type: number, code: number): string | undefined {
  const ip = at + 8
  switch (type) {
    case 0:
    case 8:
      return `echo ${type === 8 ? "request" : "reply"}, id ${d.u16(at + 4)}, seq ${d.u16(at + 6)}`
    case 3:
      return unreachable(d, at, code)
    case 4:
      return "source quench"
    case 5:
      return redirect(code, d.ipv4(ip + 16), d.ipv4(at + 4))
    case 9:
      return "[podwire does not decode router advertisements]"
    case 10:
      return "router solicitation"
    case 11:
      if (!d.has(ip + 16, 4)) return undefined
      return ["time exceeded in-transit", "ip reassembly time exceeded"][code] ?? `time exceeded-#${code}`
    case 12:
      return code > 0 ? `parameter problem - code ${code}` : `parameter problem - octet ${d.u8(at + 4)}`
    case 13:
      return `time stamp query id ${d.u16(at + 4)} seq ${d.u16(at + 6)}`
    case 14:
      return timestampReply(d, at)
    case 15:
      return "information request"
    case 16:
      return "information reply"
    case 17:
      return "address mask request"
    case 18:
      return `address mask is 0x${d
        .u32(at + 8)
        .toString(16)
        .padStart(8, "0")}`
    default:
      return `type-#${type}`
  }
}

function redirect(code: number, destination: string, gateway: string): string {
  const kinds = ["redirect $ to net", "redirect $ to host", "redirect-tos $ to net", "redirect-tos $ to host"]
  return `${(kinds[code] ?? `redirect-#${code} $ to`).replace("$", destination)} ${gateway}`
}

function timestampReply(d: Dissection, at: number): string | undefined {
  if (!d.has(at + 16, 4)) return undefined
  const time = (where: number): string => {
    const ms = d.u32(where)
    const seconds = Math.floor(ms / 1000)
    const pad = (n: number, width = 2): string => String(n).padStart(width, "0")
    const minutes = Math.floor(seconds / 60)
    return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}:${pad(seconds % 60)}.${pad(ms % 1000, 3)}`
  }
  const times = `org ${time(at + 8)}, recv ${time(at + 12)}, xmit ${time(at + 16)}`
  return `time stamp reply id ${d.u16(at + 4)} seq ${d.u16(at + 6)}: ${times}`
}

const UNREACHABLE: Readonly<Record<number, string>> = {
  0: "net $ unreachable",
  1: "host $ unreachable",
  5: "$ unreachable - source route failed",
  6: "net $ unreachable - unknown",
  7: "host $ unreachable - unknown",
  8: "$ unreachable - source host isolated",
  9: "net $ unreachable - admin prohibited",
  10: "host $ unreachable - admin prohibited",
  11: "net $ unreachable - tos prohibited",
  12: "host $ unreachable - tos prohibited",
  13: "host $ unreachable - admin prohibited filter",
  14: "host $ unreachable - host precedence violation",
  15: "host $ unreachable - precedence cutoff",
}

function unreachable(d: Dissection, at: number, code: number): string | undefined {
  const ip = at + 8
  if (code === 3) return unreachablePort(d, ip)
  const mtu = code === 4 ? d.u16(at + 6) : 0
  const destination = d.ipv4(ip + 16)
  if (code === 2) return `${destination} protocol ${d.u8(ip + 9)} unreachable`
  if (code === 4) return `${destination} unreachable - need to frag${mtu > 0 ? ` (mtu ${mtu})` : ""}`
  return (UNREACHABLE[code] ?? `$ unreachable - #${code}`).replace("$", destination)
}

function unreachablePort(d: Dissection, ip: number): string | undefined {
  if (!d.has(ip + 9, 1)) return undefined
  const port = d.u16(ip + (d.u8(ip) & 15) * 4 + 2)
  const protocol = d.u8(ip + 9)
  const destination = d.ipv4(ip + 16)
  if (protocol !== 6 && protocol !== 17) return `${destination} protocol ${protocol} port ${port} unreachable`
  const transport = protocol === 6 ? "tcp" : "udp"
  const name = d.options.numeric === true ? String(port) : portName(transport, port)
  return `${destination} ${transport} port ${name} unreachable`
}
