/** Writes the classic capture file (draft-ietf-opsawg-pcap); reads what {@link readPcap} reads. */
import { SNAPLEN } from "./file/format.ts"
import { PCAP_MAGIC } from "./file/pcap-reader.ts"
import type { Frame } from "./frame.ts"

export { SNAPLEN } from "./file/format.ts"
export { isCaptureError, type PcapFile, readPcap } from "./file/savefile.ts"

const FILE_HEADER = 24
const RECORD_HEADER = 16

export interface PcapOptions {
  linkType?: number
  nanoseconds?: boolean
  snaplen?: number
}

/** Little-endian, as every current machine writes. Microseconds unless `nanoseconds`. */
export function pcapFileHeader({ linkType = 1, nanoseconds = false, snaplen = SNAPLEN }: PcapOptions = {}): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, nanoseconds ? PCAP_MAGIC.NANO : PCAP_MAGIC.MICRO, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, snaplen, true)
  view.setUint32(20, linkType, true)
  return bytes
}

/** The records of frames, one after the other, as they stand behind the file's header. */
export function pcapRecords(frames: readonly Frame[], nanoseconds = false): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + RECORD_HEADER + frame.bytes.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
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

/** A whole file. */
export function writePcap(frames: readonly Frame[], linkType = 1, nanoseconds = false): Uint8Array {
  const records = pcapRecords(frames, nanoseconds)
  const bytes = new Uint8Array(FILE_HEADER + records.length)
  bytes.set(pcapFileHeader({ linkType, nanoseconds }))
  bytes.set(records, FILE_HEADER)
  return bytes
}
