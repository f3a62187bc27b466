/** Internet Control Message Protocol (RFC 792; unreachable codes RFC 1122, RFC 1812; next-hop MTU RFC 1191). */
import { csumFold, csumPartial } from "./checksum.ts"

export const LENGTH = 8
export const IcmpType = {
  ECHO_REPLY: 0,
  DEST_UNREACH: 3,
  REDIRECT: 5,
  ECHO: 8,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
} as const
/** Codes of DEST_UNREACH, named as in linux/icmp.h. */
export const UnreachCode = {
  NET: 0,
  HOST: 1,
  PROT: 2,
  PORT: 3,
  FRAG_NEEDED: 4,
  SR_FAILED: 5,
  NET_UNKNOWN: 6,
  HOST_UNKNOWN: 7,
  HOST_ISOLATED: 8,
  NET_ANO: 9,
  HOST_ANO: 10,
  PKT_FILTERED: 13,
} as const

export const type = (view: DataView, at: number): number => view.getUint8(at)
export const code = (view: DataView, at: number): number => view.getUint8(at + 1)
export const checksum = (view: DataView, at: number): number => view.getUint16(at + 2)
export const echoId = (view: DataView, at: number): number => view.getUint16(at + 4)
export const nextHopMtu = (view: DataView, at: number): number => view.getUint16(at + 6)
/** Error messages quote the packet that caused them; queries do not (RFC 1122 section 3.2.2). */
export const isError = (type: number): boolean => type === 3 || type === 4 || type === 5 || type === 11 || type === 12

/** Writes the eight header bytes; `rest` is the last word (echo id and sequence, or the next-hop MTU). Checksum is left to {@link updateChecksum}. */
export function emit(view: DataView, at: number, type: number, code: number, rest: number): void {
  view.setUint8(at, type)
  view.setUint8(at + 1, code)
  view.setUint16(at + 2, 0)
  view.setUint32(at + 4, rest)
}

/** Computes the checksum over the whole message of `length` bytes. */
export function updateChecksum(view: DataView, at: number, length: number): void {
  view.setUint16(at + 2, 0)
  view.setUint16(at + 2, csumFold(csumPartial(view, at, length, 0)))
}

export function checksumOk(view: DataView, at: number, length: number): boolean {
  return csumFold(csumPartial(view, at, length, 0)) === 0
}
