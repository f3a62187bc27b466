/** Opens a capture file of either form. Models savefile.c pcap_fopen_offline. */
import type { Frame } from "../frame.ts"
import { ByteQueue } from "./bytes.ts"
import type { CaptureFault, CaptureHeader, CaptureReader } from "./format.ts"
import { PcapReader, pcapByteOrder } from "./pcap-reader.ts"
import { PcapngReader, pcapngByteOrder, SECTION_HEADER } from "./pcapng-reader.ts"

/** Reads a capture as its bytes come: {@link push}, then {@link next} until it gives nothing more, then {@link end} and the rest. */
export class Savefile implements CaptureReader {
  readonly #queue = new ByteQueue()
  #reader: CaptureReader | undefined
  #fault: CaptureFault | undefined

  push(data: Uint8Array): void {
    this.#queue.push(data)
  }

  /** No more bytes will come. */
  end(): void {
    this.#queue.end()
  }

  get ended(): boolean {
    return this.#queue.ended
  }

  /** True once the file's header has been read, or cannot be. */
  open(): boolean {
    this.#reader ??= this.#fault === undefined ? this.#start() : undefined
    return this.#reader?.open() ?? this.#fault !== undefined
  }

  get header(): CaptureHeader | undefined {
    return this.#reader?.header
  }

  get fault(): CaptureFault | undefined {
    return this.#fault ?? this.#reader?.fault
  }

  next(): Frame | undefined {
    return this.open() ? this.#reader?.next() : undefined
  }

  #start(): CaptureReader | undefined {
    const queue = this.#queue
    const magic = queue.peek(4)
    if (magic === undefined) {
      const got = queue.available
      const message = `truncated dump file; tried to read 4 file header bytes, only got ${got}`
      if (queue.ended) this.#fault = { message, offset: 0 }
      return undefined
    }
    const order = pcapByteOrder(magic)
    if (order !== undefined) return new PcapReader(queue, order === "little")
    if (magic.getUint32(0) === SECTION_HEADER) {
      const start = queue.peek(12)
      if (start === undefined && !queue.ended) return undefined
      const newer = start === undefined ? undefined : pcapngByteOrder(start)
      if (newer !== undefined) return new PcapngReader(queue, newer === "little")
    }
    this.#fault = { message: "unknown file format", offset: 0 }
    return undefined
  }
}

/** A file read to its end. */
export interface PcapFile extends CaptureHeader {
  frames: Frame[]
}

/** What is wrong with a file, and where. */
export interface CaptureError extends CaptureFault {
  /** What could be read before. */
  frames: Frame[]
  /** `undefined` when not even the file's header could be read. */
  header: CaptureHeader | undefined
}

export const isCaptureError = (result: PcapFile | CaptureError): result is CaptureError => "message" in result

/** Reads a whole file, pcap or pcapng. A bad one is a value that says where it breaks off. */
export function readPcap(bytes: Uint8Array): PcapFile | CaptureError {
  const file = new Savefile()
  file.push(bytes)
  file.end()
  const frames: Frame[] = []
  for (let frame = file.next(); frame !== undefined; frame = file.next()) frames.push(frame)
  const { fault, header } = file
  if (fault !== undefined) return { ...fault, frames, header }
  return { ...(header as CaptureHeader), frames }
}
