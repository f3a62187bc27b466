/** The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Sums are kept unfolded, as the kernel's __wsum. */

/** Adds `length` bytes at `offset` to a running one's-complement sum. An odd last byte counts as the high half of a word. */
export function csumPartial(view: DataView, offset: number, length: number, sum: number): number {
  let at = offset
  const end = offset + length
  const words = end - ((end - at) & 3)
  // Each 32-bit word adds below 2^32: 2^21 words stay exact in a double, far above any packet.
  for (; at < words; at += 4) sum += view.getUint32(at)
  if (end - at >= 2) {
    sum += view.getUint16(at)
    at += 2
  }
  if (at < end) sum += view.getUint8(at) << 8
  return sum
}

/** Folds a running sum to 16 bits, without complement. */
export function csumFold16(sum: number): number {
  let s = (sum % 0x1_0000_0000) + Math.floor(sum / 0x1_0000_0000)
  s = (s & 0xffff) + (s > 0xffff ? Math.floor(s / 0x10000) : 0)
  s = (s & 0xffff) + (s >>> 16)
  return (s & 0xffff) + (s >>> 16)
}

/** The checksum field's value for a running sum: folded and complemented. */
export function csumFold(sum: number): number {
  return ~csumFold16(sum) & 0xffff
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
