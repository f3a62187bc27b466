/** Reads the classic capture file in either byte order and either resolution. Models sf-pcap.c. */
import type { Frame } from "../frame.ts"
import type { ByteQueue } from "./bytes.ts"
import { adjustSnaplen, type CaptureFault, type CaptureHeader, type CaptureReader, SNAPLEN } from "./format.ts"

export const PCAP_MAGIC = { MICRO: 0xa1b2c3d4, NANO: 0xa1b23c4d, PATCHED: 0xa1b2cd34 } as const
const MAGICS: readonly number[] = Object.values(PCAP_MAGIC)
const FILE_HEADER = 24

/** Whether a file that begins so is one, and whether its numbers are little-endian. */
export function pcapByteOrder(magic: DataView): "little" | "big" | undefined {
  if (MAGICS.includes(magic.getUint32(0, true))) return "little"
  return MAGICS.includes(magic.getUint32(0)) ? "big" : undefined
}

export class PcapReader implements CaptureReader {
  header: CaptureHeader | undefined
  fault: CaptureFault | undefined
  readonly #queue: ByteQueue
  readonly #little: boolean
  #recordHeader = 16
  /** Files before version 2.3 have the two lengths the other way round; 2.3 may have. */
  #lengths: "usual" | "swapped" | "perhaps" = "usual"

  /** `queue` stands at the magic number. */
  constructor(queue: ByteQueue, little: boolean) {
    this.#queue = queue
    this.#little = little
  }

  open(): boolean {
    if (this.header === undefined && this.fault === undefined) this.#readHeader()
    return this.header !== undefined || this.fault !== undefined
  }

  next(): Frame | undefined {
    if (!this.open() || this.fault !== undefined) return undefined
    const queue = this.#queue
    const record = queue.peek(this.#recordHeader)
    if (record === undefined) {
      if (queue.ended && queue.available > 0) this.#cut(`${this.#recordHeader} header bytes`, queue.available)
      return undefined
    }
    const little = this.#little
    let captured = record.getUint32(8, little)
    let length = record.getUint32(12, little)
    if (this.#lengths === "swapped" || (this.#lengths === "perhaps" && captured > length))
      [captured, length] = [length, captured]
    const { snaplen, nanoseconds } = this.header as CaptureHeader
    if (captured > SNAPLEN) {
      const bound = captured > snaplen ? `snaplen of ${snaplen}` : `maximum of ${SNAPLEN}`
      return this.#fail(`invalid packet capture length ${captured}, bigger than ${bound}`)
    }
    const left = queue.available - this.#recordHeader
    if (left < captured) return queue.ended ? this.#cutPacket(captured, snaplen, left) : undefined
    const seconds = record.getUint32(0, little)
    const fraction = record.getUint32(4, little)
    queue.skip(this.#recordHeader)
    const bytes = queue.take(captured)
    // More than the file's own snapshot length is not handed on.
    const kept = captured > snaplen ? bytes.subarray(0, snaplen) : bytes
    return { seconds, nanos: nanoseconds ? fraction : fraction * 1000, bytes: kept, length }
  }

  #readHeader(): void {
    const queue = this.#queue
    const view = queue.peek(FILE_HEADER)
    if (view === undefined) {
      // The magic number is counted in what was tried, not in what was got.
      if (queue.ended) {
        queue.skip(4)
        this.#cut(`${FILE_HEADER} file header bytes`, queue.available)
      }
      return
    }
    const little = this.#little
    const [major, minor] = [view.getUint16(4, little), view.getUint16(6, little)]
    const known = (major === 2 && minor <= 4) || (major === 543 && minor === 0)
    if (major < 2 || !known) {
      queue.skip(4)
      this.#fail(major < 2 ? "archaic pcap savefile format" : `unsupported pcap savefile version ${major}.${minor}`)
      return
    }
    const magic = view.getUint32(0, little)
    if (magic === PCAP_MAGIC.PATCHED) this.#recordHeader = 24
    if (minor < 3) this.#lengths = "swapped"
    else if (minor === 3) this.#lengths = "perhaps"
    const linkType = view.getUint32(20, little) & 0x03ffffff
    const snaplen = adjustSnaplen(view.getUint32(16, little))
    // The patched kernels' files may hold an Ethernet header more.
    const more = magic === PCAP_MAGIC.PATCHED && linkType === 1 ? 14 : 0
    this.header = { linkType, snaplen: snaplen + more, nanoseconds: magic === PCAP_MAGIC.NANO }
    queue.skip(FILE_HEADER)
  }

  #cutPacket(captured: number, snaplen: number, left: number): undefined {
    this.#queue.skip(this.#recordHeader)
    const tried = captured > snaplen && left < snaplen ? snaplen : captured
    this.#cut(`${tried} captured bytes`, left)
  }

  #cut(what: string, got: number): void {
    this.#fail(`truncated dump file; tried to read ${what}, only got ${got}`)
  }

  #fail(message: string): undefined {
    this.fault = { message, offset: this.#queue.offset }
  }
}
