/** User Datagram Protocol (RFC 768). */

export const LENGTH = 8
/** Offset of the checksum field, for CHECKSUM_PARTIAL. */
export const CHECKSUM_OFFSET = 6

export const sourcePort = (view: DataView, at: number): number => view.getUint16(at)
export const destinationPort = (view: DataView, at: number): number => view.getUint16(at + 2)
/** Header and payload, in bytes. */
export const length = (view: DataView, at: number): number => view.getUint16(at + 4)
export const checksum = (view: DataView, at: number): number => view.getUint16(at + 6)

/** Writes the header with `check` as its checksum field (0: none). */
export function emit(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  length: number,
  check: number,
): void {
  view.setUint16(at, sourcePort)
  view.setUint16(at + 2, destinationPort)
  view.setUint16(at + 4, length)
  view.setUint16(at + 6, check)
}
