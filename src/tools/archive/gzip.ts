/** gzip files (RFC 1952). What is written is stored, not compressed: sizes differ from the real gzip's, contents do not. */
import { inflate } from "./inflate.ts"

const HEADER = 10
const STORED_MAX = 65535
const DEFLATE = 8
/** Made on Unix. */
const UNIX = 3
const FLAG = { CRC: 2, EXTRA: 4, NAME: 8, COMMENT: 16 } as const

const CRC_TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, n) => {
  let value = n
  for (let k = 0; k < 8; k++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 as gzip and Ethernet have it. */
function crc32(data: Uint8Array): number {
  let crc = -1
  for (const byte of data) crc = (CRC_TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}

export interface GzipOptions {
  /** The file's own name, kept in the header. */
  name?: string
  /** Seconds since 1970 of its last change (0: unknown). */
  mtime?: number
}

export function gzip(data: Uint8Array, { name, mtime = 0 }: GzipOptions = {}): Uint8Array {
  const title = name === undefined ? new Uint8Array(0) : new TextEncoder().encode(`${name}\0`)
  const blocks = Math.max(1, Math.ceil(data.length / STORED_MAX))
  const out = new Uint8Array(HEADER + title.length + data.length + 5 * blocks + 8)
  const view = new DataView(out.buffer)
  view.setUint16(0, 0x1f8b)
  view.setUint8(2, DEFLATE)
  view.setUint8(3, name === undefined ? 0 : FLAG.NAME)
  view.setUint32(4, mtime, true)
  view.setUint8(9, UNIX)
  out.set(title, HEADER)
  let at = HEADER + title.length
  for (let i = 0; i < blocks; i++) {
    const block = data.subarray(i * STORED_MAX, (i + 1) * STORED_MAX)
    view.setUint8(at, i === blocks - 1 ? 1 : 0)
    view.setUint16(at + 1, block.length, true)
    view.setUint16(at + 3, ~block.length & 0xffff, true)
    out.set(block, at + 5)
    at += 5 + block.length
  }
  view.setUint32(at, crc32(data), true)
  view.setUint32(at + 4, data.length, true)
  return out
}

export const isGzip = (data: Uint8Array): boolean => data[0] === 0x1f && data[1] === 0x8b

/** The contents, or what gzip says of them. */
export function gunzip(bytes: Uint8Array): Uint8Array | string {
  if (bytes.length === 0) return "unexpected end of file"
  const parts: Uint8Array[] = []
  try {
    for (let at = 0; at < bytes.length; ) {
      if (!isGzip(bytes.subarray(at))) {
        if (parts.length === 0) return "not in gzip format"
        break
      }
      const { data, end } = inflate(bytes, headerEnd(bytes, at))
      if (bytes.length < end + 8) return "unexpected end of file"
      const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, 8)
      if (trailer.getUint32(0, true) !== crc32(data)) return "invalid compressed data--crc error"
      if (trailer.getUint32(4, true) !== data.length) return "invalid compressed data--length error"
      parts.push(data)
      at = end + 8
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) return thrown.message
    throw thrown
  }
  return joined(parts)
}

function headerEnd(bytes: Uint8Array, start: number): number {
  const flags = bytes[start + 3] ?? 0
  let at = start + HEADER
  if (flags & FLAG.EXTRA) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  for (const flag of [FLAG.NAME, FLAG.COMMENT]) {
    if ((flags & flag) === 0) continue
    const end = bytes.indexOf(0, at)
    at = end < 0 ? bytes.length : end + 1
  }
  return flags & FLAG.CRC ? at + 2 : at
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
