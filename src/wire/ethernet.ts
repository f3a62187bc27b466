/** Ethernet II (IEEE 802.3 clause 3): destination, source, EtherType. */

export const LENGTH = 14

export const EtherType = { IPV4: 0x0800, ARP: 0x0806, VLAN: 0x8100, IPV6: 0x86dd } as const

// Not exported itself: V8 compiles what stays in a module into its callers, and checks an exported binding at every use.
const uint48 = (view: DataView, at: number): number => view.getUint16(at) * 0x1_0000_0000 + view.getUint32(at + 2)

/** Reads the 48-bit address at `at`. */
export const readMac = (view: DataView, at: number): number => uint48(view, at)

/** The setters take what they store modulo 2^16 and 2^32, which is all the arithmetic an address needs. */
export function writeMac(view: DataView, at: number, mac: number): void {
  view.setUint16(at, mac / 0x1_0000_0000)
  view.setUint32(at + 2, mac)
}

/** True when the address at `at` is a group's: the lowest bit of its first byte. */
export const isGroup = (view: DataView, at: number): boolean => (view.getUint8(at) & 1) !== 0

export const destination = (view: DataView, at: number): number => uint48(view, at)
export const source = (view: DataView, at: number): number => uint48(view, at + 6)
export const etherType = (view: DataView, at: number): number => view.getUint16(at + 12)

export interface EthernetHeader {
  destination: number
  source: number
  etherType: number
}

/** The header at `at`, or `undefined` when fewer than 14 bytes are left before `end`. */
export function parse(view: DataView, at: number, end: number): EthernetHeader | undefined {
  if (end - at < LENGTH) return undefined
  return { destination: destination(view, at), source: source(view, at), etherType: etherType(view, at) }
}

export function emit(view: DataView, at: number, to: number, from: number, type: number): void {
  writeMac(view, at, to)
  writeMac(view, at + 6, from)
  view.setUint16(at + 12, type)
}
