/** The classic capture file (draft-ietf-opsawg-pcap). */
import type { Frame } from "./frame.ts"

const MAGIC_MICRO = 0xa1b2c3d4
const MAGIC_NANO = 0xa1b23c4d
const FILE_HEADER = 24
const RECORD_HEADER = 16
/** tcpdump's default snapshot length. */
export const SNAPLEN = 262144

export interface PcapFile {
  linkType: number
  snaplen: number
  nanoseconds: boolean
  frames: Frame[]
}

/** What is wrong with a file, and where. */
export interface CaptureError {
  message: string
  /** Byte offset. */
  offset: number
  /** What could be read before. */
  frames: Frame[]
  linkType: number
}

export function isCaptureError(result: PcapFile | CaptureError): result is CaptureError {
  return "message" in result
}

/** Little-endian, as every current machine writes. Microseconds unless `nanoseconds`. */
export function writePcap(frames: readonly Frame[], linkType = 1, nanoseconds = false): Uint8Array {
  const size = frames.reduce((sum, frame) => sum + RECORD_HEADER + frame.bytes.length, FILE_HEADER)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, nanoseconds ? MAGIC_NANO : MAGIC_MICRO, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, SNAPLEN, true)
  view.setUint32(20, linkType, true)
  let at = FILE_HEADER
  for (const frame of frames) {
    view.setUint32(at, frame.seconds, true)
    view.setUint32(at + 4, nanoseconds ? frame.nanos : Math.floor(frame.nanos / 1000), true)
    view.setUint32(at + 8, frame.bytes.length, true)
    view.setUint32(at + 12, frame.length, true)
    bytes.set(frame.bytes, at + RECORD_HEADER)
    at += RECORD_HEADER + frame.bytes.length
  }
  return bytes
}

/** Reads either byte order and either resolution. A bad file is a value that says where it breaks off. */
export function readPcap(bytes: Uint8Array): PcapFile | CaptureError {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4)
    return {
      message: `truncated dump file; tried to read 4 file header bytes, only got ${bytes.length}`,
      offset: 0,
      frames: [],
      linkType: 1,
    }
  const little = [MAGIC_MICRO, MAGIC_NANO].includes(view.getUint32(0, true))
  const magic = view.getUint32(0, little)
  if (magic !== MAGIC_MICRO && magic !== MAGIC_NANO)
    return { message: "unknown file format", offset: 0, frames: [], linkType: 1 }
  if (bytes.length < FILE_HEADER)
    return {
      message: `truncated dump file; tried to read 20 file header bytes, only got ${bytes.length - 4}`,
      offset: 4,
      frames: [],
      linkType: 1,
    }
  const nanoseconds = magic === MAGIC_NANO
  const file: PcapFile = {
    linkType: view.getUint32(20, little) & 0xffff,
    snaplen: view.getUint32(16, little),
    nanoseconds,
    frames: [],
  }
  for (let at = FILE_HEADER; at < bytes.length; ) {
    const broken = (message: string, offset: number): CaptureError => ({
      message,
      offset,
      frames: file.frames,
      linkType: file.linkType,
    })
    if (bytes.length - at < RECORD_HEADER)
      return broken(`truncated dump file; tried to read 16 header bytes, only got ${bytes.length - at}`, at)
    const captured = view.getUint32(at + 8, little)
    if (captured > Math.max(file.snaplen, SNAPLEN)) return broken(`bogus savefile header`, at)
    const left = bytes.length - at - RECORD_HEADER
    if (left < captured)
      return broken(
        `truncated dump file; tried to read ${captured} captured bytes, only got ${left}`,
        at + RECORD_HEADER,
      )
    const fraction = view.getUint32(at + 4, little)
    file.frames.push({
      seconds: view.getUint32(at, little),
      nanos: nanoseconds ? fraction : fraction * 1000,
      bytes: bytes.slice(at + RECORD_HEADER, at + RECORD_HEADER + captured),
      length: view.getUint32(at + 12, little),
    })
    at += RECORD_HEADER + captured
  }
  return file
}
