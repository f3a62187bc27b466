/** Addresses Envoy calls internal (RFC 1918, loopback). Models source/common/network/utility.cc isInternalAddress. */
export function isPrivate(address: number): boolean {
  const a = address >>> 24
  const b = (address >>> 16) & 0xff
  return a === 10 || a === 127 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)
}
