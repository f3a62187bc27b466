/** Transmission Control Protocol (RFC 9293); options: MSS and end/no-op (RFC 9293), window scale and timestamps (RFC 7323), SACK (RFC 2018). */

/** Without options. */
export const LENGTH = 20
/** Offset of the checksum field, for CHECKSUM_PARTIAL. */
export const CHECKSUM_OFFSET = 16

export const TcpFlag = {
  FIN: 0x01,
  SYN: 0x02,
  RST: 0x04,
  PSH: 0x08,
  ACK: 0x10,
  URG: 0x20,
  ECE: 0x40,
  CWR: 0x80,
} as const
export const TcpOption = { END: 0, NOP: 1, MSS: 2, WSCALE: 3, SACK_PERMITTED: 4, SACK: 5, TIMESTAMP: 8 } as const

export const sourcePort = (view: DataView, at: number): number => view.getUint16(at)
export const destinationPort = (view: DataView, at: number): number => view.getUint16(at + 2)
export const sequence = (view: DataView, at: number): number => view.getUint32(at + 4)
export const acknowledgment = (view: DataView, at: number): number => view.getUint32(at + 8)
/** Header length in bytes, options included. */
export const headerLength = (view: DataView, at: number): number => (view.getUint8(at + 12) >>> 4) << 2
export const flags = (view: DataView, at: number): number => view.getUint8(at + 13)
/** As it stands on the wire, unscaled. */
export const window = (view: DataView, at: number): number => view.getUint16(at + 14)
export const checksum = (view: DataView, at: number): number => view.getUint16(at + 16)
export const urgentPointer = (view: DataView, at: number): number => view.getUint16(at + 18)

/** Writes the fixed header; `headerLength` is in bytes and covers the options the caller writes behind it. */
export function emit(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  sequence: number,
  acknowledgment: number,
  headerLength: number,
  flags: number,
  window: number,
): void {
  view.setUint16(at, sourcePort)
  view.setUint16(at + 2, destinationPort)
  view.setUint32(at + 4, sequence)
  view.setUint32(at + 8, acknowledgment)
  view.setUint16(at + 12, (headerLength << 10) | flags)
  view.setUint16(at + 14, window)
  view.setUint32(at + 16, 0)
}

/** Options as read from a header; absent ones are `undefined`. */
export interface TcpOptions {
  mss?: number
  wscale?: number
  sackPermitted?: boolean
  /** Pairs of left and right edges. */
  sack?: [number, number][]
  timestamp?: { value: number; echo: number }
}

/** Reads the options between `at` and `end`. Malformed ones end the walk, as in the kernel's tcp_parse_options. */
export function parseOptions(view: DataView, at: number, end: number): TcpOptions {
  const options: TcpOptions = {}
  while (at < end) {
    const kind = view.getUint8(at)
    if (kind === TcpOption.END) break
    if (kind === TcpOption.NOP) {
      at++
      continue
    }
    if (at + 1 >= end) break
    const size = view.getUint8(at + 1)
    if (size < 2 || at + size > end) break
    readOption(view, at, kind, size, options)
    at += size
  }
  return options
}

function readOption(view: DataView, at: number, kind: number, size: number, into: TcpOptions): void {
  if (kind === TcpOption.MSS && size === 4) into.mss = view.getUint16(at + 2)
  else if (kind === TcpOption.WSCALE && size === 3) into.wscale = view.getUint8(at + 2)
  else if (kind === TcpOption.SACK_PERMITTED && size === 2) into.sackPermitted = true
  else if (kind === TcpOption.TIMESTAMP && size === 10)
    into.timestamp = { value: view.getUint32(at + 2), echo: view.getUint32(at + 6) }
  else if (kind === TcpOption.SACK && size >= 10 && (size - 2) % 8 === 0) {
    into.sack = []
    for (let p = at + 2; p < at + size; p += 8) into.sack.push([view.getUint32(p), view.getUint32(p + 4)])
  }
}
