/** Linux cooked capture, version 2: what stands for the link layer in a capture on `any` (LINKTYPE_LINUX_SLL2 of tcpdump.org). */
import { writeMac } from "./ethernet.ts"

export const LENGTH = 20
/** ARPHRD_ of linux/if_arp.h. */
export const HardwareType = { ETHER: 1, LOOPBACK: 772 } as const

/** The EtherType. */
export const protocol = (view: DataView, at: number): number => view.getUint16(at)
export const ifindex = (view: DataView, at: number): number => view.getUint32(at + 4)
/** PACKET_HOST 0, BROADCAST 1, MULTICAST 2, OTHERHOST 3, OUTGOING 4. */
export const packetType = (view: DataView, at: number): number => view.getUint8(at + 10)

export interface Sll2Header {
  protocol: number
  ifindex: number
  hardwareType: number
  packetType: number
  /** The sender's. */
  address: number
}

export function emit(view: DataView, at: number, header: Sll2Header): void {
  view.setUint16(at, header.protocol)
  view.setUint16(at + 2, 0)
  view.setUint32(at + 4, header.ifindex)
  view.setUint16(at + 8, header.hardwareType)
  view.setUint8(at + 10, header.packetType)
  view.setUint8(at + 11, 6)
  writeMac(view, at + 12, header.address)
  view.setUint16(at + 18, 0)
}
