/** Address Resolution Protocol for IPv4 over Ethernet (RFC 826). */
import { readMac, writeMac } from "./ethernet.ts"

export const LENGTH = 28
export const ArpOp = { REQUEST: 1, REPLY: 2 } as const

export const operation = (view: DataView, at: number): number => view.getUint16(at + 6)
export const senderMac = (view: DataView, at: number): number => readMac(view, at + 8)
export const senderIp = (view: DataView, at: number): number => view.getUint32(at + 14)
export const targetMac = (view: DataView, at: number): number => readMac(view, at + 18)
export const targetIp = (view: DataView, at: number): number => view.getUint32(at + 24)

export interface ArpPacket {
  operation: number
  senderMac: number
  senderIp: number
  targetMac: number
  targetIp: number
}

/** The packet at `at`, or `undefined` when it is short or not IPv4 over Ethernet. */
export function parse(view: DataView, at: number, end: number): ArpPacket | undefined {
  if (end - at < LENGTH) return undefined
  if (view.getUint16(at) !== 1 || view.getUint16(at + 2) !== 0x0800 || view.getUint16(at + 4) !== 0x0604)
    return undefined
  return {
    operation: operation(view, at),
    senderMac: senderMac(view, at),
    senderIp: senderIp(view, at),
    targetMac: targetMac(view, at),
    targetIp: targetIp(view, at),
  }
}

export function emit(view: DataView, at: number, packet: ArpPacket): void {
  view.setUint16(at, 1)
  view.setUint16(at + 2, 0x0800)
  view.setUint16(at + 4, 0x0604)
  view.setUint16(at + 6, packet.operation)
  writeMac(view, at + 8, packet.senderMac)
  view.setUint32(at + 14, packet.senderIp)
  writeMac(view, at + 18, packet.targetMac)
  view.setUint32(at + 24, packet.targetIp)
}
