/** The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Sums are kept unfolded, as the kernel's __wsum. */

/** Adds `length` bytes at `offset` to a running one's-complement sum. An odd last byte counts as the high half of a word. */
export function csumPartial(view: DataView, offset: number, length: number, sum: number): number {
  return length < LONG ? csumShort(view, offset, length, sum) : csumLong(view, offset, length, sum)
}

/** From here on conversions to double pay: 32 bits go into one addition. */
const LONG = 96

/**
 * Headers, 16 bits at a time: their fields were written so a moment ago, and a wider load would wait for the processor's store buffer to
 * drain (no store forwarding), which costs more than the whole sum.
 */
function csumShort(view: DataView, offset: number, length: number, start: number): number {
  const end = offset + (length & ~1)
  let sum = 0
  for (let at = offset; at < end; at += 2) sum += view.getUint16(at)
  if ((length & 1) !== 0) sum += view.getUint8(offset + length - 1) << 8
  return start + sum
}

/** Payload: each 32-bit word adds below 2^32, 2^21 of them stay exact in a double. Two sums, because one would wait for itself. */
function csumLong(view: DataView, offset: number, length: number, start: number): number {
  const pairs = offset + (length & ~7)
  let sum = start
  let other = 0
  let at = offset
  for (; at < pairs; at += 8) {
    sum += view.getUint32(at)
    other += view.getUint32(at + 4)
  }
  return csumShort(view, at, length & 7, sum + other)
}

/** Folds a running sum below 2^53 to 16 bits, without complement. */
export const csumFold16 = (sum: number): number => fold(sum)

// Not exported itself: V8 compiles what stays in a module into its callers, and checks an exported binding at every use.
function fold(sum: number): number {
  // What stands above bit 31 is added as a third summand: `%` and Math.floor on a double would cost ten times the rest.
  let s = (sum & 0xffff) + ((sum >>> 16) & 0xffff) + ((sum / 0x1_0000_0000) | 0)
  s = (s & 0xffff) + (s >>> 16)
  return (s & 0xffff) + (s >>> 16)
}

/** The checksum field's value for a running sum: folded and complemented. */
export function csumFold(sum: number): number {
  return ~fold(sum) & 0xffff
}

/** The sum of the IPv4 pseudo-header (RFC 768, RFC 9293 section 3.1). */
export function pseudoHeaderSum(source: number, destination: number, protocol: number, length: number): number {
  return source + destination + protocol + length
}

/** The new checksum field after a 16-bit word changed from `from` to `to` (RFC 1624, equation 3). */
export function csumReplace16(check: number, from: number, to: number): number {
  let sum = (~check & 0xffff) + (~from & 0xffff) + to
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
