/** Internet Protocol version 4 (RFC 791). `at` is the offset of the header's first byte. */
import * as checksums from "./checksum.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold, csumPartial, csumReplace16 } = checksums

/** Without options. */
export const LENGTH = 20
export const IpProtocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58, SCTP: 132 } as const
/** Flags as they stand in the 16-bit flags-and-offset field. */
export const IP_DF = 0x4000
export const IP_MF = 0x2000
export const IP_OFFSET = 0x1fff

export const version = (view: DataView, at: number): number => view.getUint8(at) >>> 4
/** Header length in bytes. */
export const headerLength = (view: DataView, at: number): number => (view.getUint8(at) & 15) << 2
export const tos = (view: DataView, at: number): number => view.getUint8(at + 1)
export const totalLength = (view: DataView, at: number): number => view.getUint16(at + 2)
export const id = (view: DataView, at: number): number => view.getUint16(at + 4)
export const flagsAndOffset = (view: DataView, at: number): number => view.getUint16(at + 6)
/** True for every fragment, the first one included. */
export const isFragment = (view: DataView, at: number): boolean => (view.getUint16(at + 6) & (IP_MF | IP_OFFSET)) !== 0
export const ttl = (view: DataView, at: number): number => view.getUint8(at + 8)
export const protocol = (view: DataView, at: number): number => view.getUint8(at + 9)
export const checksum = (view: DataView, at: number): number => view.getUint16(at + 10)
export const source = (view: DataView, at: number): number => view.getUint32(at + 12)
export const destination = (view: DataView, at: number): number => view.getUint32(at + 16)

export interface Ipv4Header {
  headerLength: number
  tos: number
  totalLength: number
  id: number
  /** Don't fragment. */
  df: boolean
  /** More fragments. */
  mf: boolean
  /** In bytes. */
  fragmentOffset: number
  ttl: number
  protocol: number
  checksum: number
  source: number
  destination: number
}

/** The header at `at`, or `undefined` when it is short, of another version, or its lengths contradict each other. */
export function parse(view: DataView, at: number, end: number): Ipv4Header | undefined {
  if (end - at < LENGTH || version(view, at) !== 4) return undefined
  const hlen = headerLength(view, at)
  const total = totalLength(view, at)
  if (hlen < LENGTH || end - at < hlen || total < hlen) return undefined
  const frag = flagsAndOffset(view, at)
  return {
    headerLength: hlen,
    tos: tos(view, at),
    totalLength: total,
    id: id(view, at),
    df: (frag & IP_DF) !== 0,
    mf: (frag & IP_MF) !== 0,
    fragmentOffset: (frag & IP_OFFSET) * 8,
    ttl: ttl(view, at),
    protocol: protocol(view, at),
    checksum: checksum(view, at),
    source: source(view, at),
    destination: destination(view, at),
  }
}

/** Writes a header without options and its checksum. `frag` is the flags-and-offset field. */
export function emit(
  view: DataView,
  at: number,
  tos: number,
  totalLength: number,
  id: number,
  frag: number,
  ttl: number,
  protocol: number,
  source: number,
  destination: number,
): void {
  const first = 0x4500 | tos
  const ttlAndProtocol = (ttl << 8) | protocol
  // Summed from what is at hand: reading back what was just written would wait for it.
  const sum =
    first +
    totalLength +
    id +
    frag +
    ttlAndProtocol +
    (source >>> 16) +
    (source & 0xffff) +
    (destination >>> 16) +
    (destination & 0xffff)
  view.setUint16(at, first)
  view.setUint16(at + 2, totalLength)
  view.setUint16(at + 4, id)
  view.setUint16(at + 6, frag)
  view.setUint16(at + 8, ttlAndProtocol)
  view.setUint16(at + 10, csumFold(sum))
  view.setUint32(at + 12, source)
  view.setUint32(at + 16, destination)
}

/** Recomputes the header checksum after fields were changed. */
export function updateChecksum(view: DataView, at: number): void {
  view.setUint16(at + 10, 0)
  view.setUint16(at + 10, csumFold(csumPartial(view, at, headerLength(view, at), 0)))
}

/** True when the header checksum is right. */
export function checksumOk(view: DataView, at: number): boolean {
  const hlen = (view.getUint8(at) & 15) << 2
  if (hlen !== 20) return csumFold(csumPartial(view, at, hlen, 0)) === 0
  const sum =
    halves(view.getInt32(at)) +
    halves(view.getInt32(at + 4)) +
    halves(view.getInt32(at + 8)) +
    halves(view.getInt32(at + 12)) +
    halves(view.getInt32(at + 16))
  return csumFold(sum) === 0
}

/** Both 16-bit words of a 32-bit one, summed. */
const halves = (word: number): number => (word >>> 16) + (word & 0xffff)

/** Lowers the TTL by one and patches the checksum. Models include/net/ip.h ip_decrease_ttl (RFC 1624). */
export function decreaseTtl(view: DataView, at: number): number {
  const old = view.getUint16(at + 8)
  view.setUint16(at + 8, old - 0x100)
  view.setUint16(at + 10, csumReplace16(view.getUint16(at + 10), old, old - 0x100))
  return (old >>> 8) - 1
}
