/**
 * Addresses are numbers inside and text at the edge: an IPv4 address is an unsigned 32-bit integer, a MAC address a 48-bit
 * integer (both exact in a double).
 */

/** `192.168.80.101` for `0xc0a85065`. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** The address as an unsigned 32-bit integer, or `undefined` when `text` is not a dotted quad (no leading zeros, as inet_pton). */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return undefined
    const byte = Number(part)
    if (byte > 255) return undefined
    value = value * 256 + byte
  }
  return value
}

/** As {@link parseIpv4}, for literals of our own: bad text is a broken invariant and throws. */
export function ipv4(text: string): number {
  const value = parseIpv4(text)
  if (value === undefined) throw new TypeError(`not an IPv4 address: ${JSON.stringify(text)}`)
  return value
}

/** A network: the address with host bits kept as written, and its prefix length. */
export interface Prefix {
  readonly address: number
  readonly length: number
}

/** `10.244.1.0/24`; a bare address is a /32. `undefined` when malformed. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/")
  const address = parseIpv4(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  if (slash < 0) return { address, length: 32 }
  const tail = text.slice(slash + 1)
  if (!/^\d{1,2}$/.test(tail) || Number(tail) > 32) return undefined
  return { address, length: Number(tail) }
}

/** The netmask of a prefix length as an unsigned integer: `0xffffff00` for 24. */
export function netmask(length: number): number {
  return length === 0 ? 0 : (-1 << (32 - length)) >>> 0
}

/** The network address of `address` under a prefix length. */
export function networkOf(address: number, length: number): number {
  return (address & netmask(length)) >>> 0
}

export function formatPrefix(address: number, length: number): string {
  return `${formatIpv4(address)}/${length}`
}

export const isMulticast = (address: number): boolean => address >>> 28 === 0xe
export const isLoopback = (address: number): boolean => address >>> 24 === 127
export const LIMITED_BROADCAST = 0xffffffff

const hex2 = (n: number): string => (n < 16 ? "0" : "") + n.toString(16)

/** `26:1f:d2:c5:65:4e`. */
export function formatMac(mac: number): string {
  const high = Math.floor(mac / 0x1_0000_0000)
  const low = mac >>> 0
  return `${hex2(high >>> 8)}:${hex2(high & 255)}:${hex2(low >>> 24)}:${hex2((low >>> 16) & 255)}:${hex2((low >>> 8) & 255)}:${hex2(low & 255)}`
}

/** The address as a 48-bit integer, or `undefined` when `text` is not six colon-separated hexadecimal bytes. */
export function parseMac(text: string): number | undefined {
  if (!/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(text)) return undefined
  return text.split(":").reduce((value, byte) => value * 256 + Number.parseInt(byte, 16), 0)
}

/** As {@link parseMac}, for literals of our own. */
export function mac(text: string): number {
  const value = parseMac(text)
  if (value === undefined) throw new TypeError(`not a MAC address: ${JSON.stringify(text)}`)
  return value
}

export const MAC_BROADCAST = 0xffff_ffff_ffff
export const MAC_ZERO = 0

/** True for multicast and broadcast: the group bit is the lowest of the first byte. */
export const isMulticastMac = (address: number): boolean => (Math.floor(address / 0x100_0000_0000) & 1) === 1
