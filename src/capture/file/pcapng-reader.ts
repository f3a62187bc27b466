/** Reads the newer capture file, as far as libpcap does: one link type, no names, no notes. Models sf-pcapng.c. */
import type { Frame } from "../frame.ts"
import type { ByteQueue } from "./bytes.ts"
import { adjustSnaplen, type CaptureFault, type CaptureHeader, type CaptureReader } from "./format.ts"

export const SECTION_HEADER = 0x0a0d0d0a
const BlockType = { INTERFACE: 1, PACKET: 2, SIMPLE: 3, ENHANCED: 6 } as const
const IfOption = { END: 0, TSRESOL: 9, TSOFFSET: 14 } as const
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** Type and length in front, length behind. */
const FRAMING = 12
const BLOCK_MAX = 16 * 1024 * 1024
const SECTION_MAX = 1024 * 1024

interface Interface {
  /** Units a second. */
  resolution: bigint
  /** Seconds. */
  offset: bigint
}

/** Thrown inside the reader; becomes its fault. */
class Fault {
  readonly message: string
  readonly offset: number | undefined
  constructor(message: string, offset?: number) {
    this.message = message
    this.offset = offset
  }
}

interface Block {
  type: number
  body: DataView
  offset: number
}

/** Whether a file that begins with these twelve bytes is one, and its byte order. */
export function pcapngByteOrder(start: DataView): "little" | "big" | undefined {
  if (start.getUint32(0) !== SECTION_HEADER) return undefined
  if (start.getUint32(8, true) === BYTE_ORDER_MAGIC) return "little"
  return start.getUint32(8) === BYTE_ORDER_MAGIC ? "big" : undefined
}

export class PcapngReader implements CaptureReader {
  header: CaptureHeader | undefined
  fault: CaptureFault | undefined
  readonly #queue: ByteQueue
  readonly #little: boolean
  #inSection = false
  #interfaces: Interface[] = []

  constructor(queue: ByteQueue, little: boolean) {
    this.#queue = queue
    this.#little = little
  }

  open(): boolean {
    this.#guarded(() => {
      while (this.header === undefined) {
        const block = this.#block()
        if (block === undefined) {
          if (this.#queue.ended) throw new Fault("the capture file has no Interface Description Blocks")
          return undefined
        }
        this.#opening(block)
      }
      return undefined
    })
    return this.header !== undefined || this.fault !== undefined
  }

  next(): Frame | undefined {
    if (!this.open() || this.fault !== undefined) return undefined
    return this.#guarded(() => {
      for (let block = this.#block(); block !== undefined; block = this.#block()) {
        const frame = this.#following(block)
        if (frame !== undefined) return frame
      }
      return undefined
    })
  }

  /** A fault inside becomes the reader's. */
  #guarded(read: () => Frame | undefined): Frame | undefined {
    if (this.fault !== undefined) return undefined
    try {
      return read()
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
      this.fault = { message: thrown.message, offset: thrown.offset ?? this.#queue.offset }
      return undefined
    }
  }

  /** The next whole block. */
  #block(): Block | undefined {
    const queue = this.#queue
    if (!this.#inSection) return this.#firstBlock()
    const start = queue.peek(8)
    if (start === undefined) {
      if (queue.ended && queue.available > 0) throw cut(8, queue.available)
      return undefined
    }
    const total = start.getUint32(4, this.#little)
    if (total < FRAMING) throw new Fault(`block in pcapng dump file has a length of ${total} < ${FRAMING}`)
    if (total % 4 !== 0)
      throw new Fault(`block in pcapng dump file has a length of ${total} that is not a multiple of 4`)
    if (total > BLOCK_MAX) throw new Fault(`pcapng block size ${total} > maximum ${BLOCK_MAX}`)
    const whole = queue.peek(total)
    if (whole === undefined) {
      if (!queue.ended) return undefined
      queue.skip(8)
      throw cut(total - 8, queue.available)
    }
    if (whole.getUint32(total - 4, this.#little) !== total)
      throw new Fault("block total length in header and trailer don't match")
    const { offset } = queue
    const bytes = queue.take(total)
    const body = new DataView(bytes.buffer, bytes.byteOffset + 8, total - FRAMING)
    return { type: start.getUint32(0, this.#little), body, offset }
  }

  /** The section header that makes the file one: its trailer is not looked at. */
  #firstBlock(): Block | undefined {
    const queue = this.#queue
    const start = queue.peek(12)
    if (start === undefined) return undefined
    const total = start.getUint32(4, this.#little)
    if (total < 28 || total > SECTION_MAX)
      throw new Fault(
        `Section Header Block in pcapng dump file has invalid length 28 < _${total}_ < ${SECTION_MAX} (BT_SHB_INSANE_MAX)`,
      )
    if (queue.available < total) {
      if (!queue.ended) return undefined
      queue.skip(12)
      throw cut(total - 12, queue.available)
    }
    const bytes = queue.take(total)
    this.#inSection = true
    return { type: SECTION_HEADER, body: new DataView(bytes.buffer, 8, total - FRAMING), offset: 0 }
  }

  /** Up to the first interface. */
  #opening(block: Block): undefined {
    const little = this.#little
    if (block.type === SECTION_HEADER && block.offset === 0) {
      const [major, minor] = [block.body.getUint16(4, little), block.body.getUint16(6, little)]
      if (major !== 1 || (minor !== 0 && minor !== 2))
        throw new Fault(`unsupported pcapng savefile version ${major}.${minor}`, 12)
    } else if (block.type === BlockType.INTERFACE) {
      const view = fixed(block, 8)
      this.#addInterface(block)
      const snaplen = adjustSnaplen(view.getUint32(4, little))
      this.header = { linkType: view.getUint16(0, little), snaplen, nanoseconds: true }
    } else if (isPacket(block.type))
      throw new Fault("the capture file has a packet block before any Interface Description Blocks", block.offset)
  }

  #following(block: Block): Frame | undefined {
    if (isPacket(block.type)) return this.#packet(block)
    if (block.type === BlockType.INTERFACE) this.#anotherInterface(block)
    else if (block.type === SECTION_HEADER) this.#anotherSection(block)
    return undefined
  }

  #anotherInterface(block: Block): void {
    const { linkType, snaplen } = this.header as CaptureHeader
    const view = fixed(block, 8)
    const type = view.getUint16(0, this.#little)
    const size = view.getUint32(4, this.#little)
    if (type !== linkType)
      throw new Fault(`an interface has a type ${type} different from the type of the first interface`, block.offset)
    if (adjustSnaplen(size) !== snaplen)
      throw new Fault(
        `an interface has a snapshot length ${size} different from the snapshot length of the first interface`,
        block.offset,
      )
    this.#addInterface(block)
  }

  #anotherSection(block: Block): void {
    const view = fixed(block, 16)
    const magic = view.getUint32(0, this.#little)
    if (magic === 0x4d3c2b1a) throw new Fault("the file has sections with different byte orders", block.offset)
    if (magic !== BYTE_ORDER_MAGIC)
      throw new Fault("the file has a section with a bad byte order magic field", block.offset)
    const major = view.getUint16(4, this.#little)
    if (major !== 1) throw new Fault(`unknown pcapng savefile major version number ${major}`, block.offset)
    this.#interfaces = []
  }

  #addInterface(block: Block): void {
    const options = readOptions(block, 8, this.#little)
    const added: Interface = { resolution: 1_000_000n, offset: 0n }
    const name = "Interface Description Block"
    for (const { code, at, length } of options) {
      if (code === IfOption.TSRESOL) {
        if (length !== 1) throw new Fault(`${name} has if_tsresol option with length ${length} != 1`, block.offset)
        added.resolution = resolution(block.body.getUint8(at), block.offset)
      } else if (code === IfOption.TSOFFSET) {
        if (length !== 8) throw new Fault(`${name} has if_tsoffset option with length ${length} != 8`, block.offset)
        added.offset = block.body.getBigUint64(at, this.#little)
      }
    }
    this.#interfaces.push(added)
  }

  #packet(block: Block): Frame {
    const little = this.#little
    const simple = block.type === BlockType.SIMPLE
    const head = simple ? 4 : 20
    const view = fixed(block, head)
    const { snaplen } = this.header as CaptureHeader
    const length = view.getUint32(simple ? 0 : 16, little)
    const captured = simple ? Math.min(length, snaplen) : view.getUint32(12, little)
    const id = simple ? 0 : block.type === BlockType.PACKET ? view.getUint16(0, little) : view.getUint32(0, little)
    const arrived = this.#interfaces[id]
    if (arrived === undefined)
      throw new Fault(
        `a packet arrived on interface ${id}, but there's no Interface Description Block for that interface`,
        block.offset,
      )
    if (captured > snaplen)
      throw new Fault(`invalid packet capture length ${captured}, bigger than snaplen of ${snaplen}`, block.offset)
    const time = simple ? 0n : (BigInt(view.getUint32(4, little)) << 32n) | BigInt(view.getUint32(8, little))
    if (head + captured > block.body.byteLength) throw tooShort(block)
    const bytes = new Uint8Array(block.body.buffer, block.body.byteOffset + head, captured)
    const nanos = ((time % arrived.resolution) * 1_000_000_000n) / arrived.resolution
    return {
      seconds: Number(BigInt.asUintN(32, time / arrived.resolution + arrived.offset)),
      nanos: Number(nanos),
      bytes: bytes.slice(),
      length,
    }
  }
}

const isPacket = (type: number): boolean =>
  type === BlockType.ENHANCED || type === BlockType.SIMPLE || type === BlockType.PACKET

const cut = (tried: number, got: number): Fault =>
  new Fault(`truncated pcapng dump file; tried to read ${tried} bytes, only got ${got}`)

const tooShort = (block: Block): Fault =>
  new Fault(`block of type ${block.type} in pcapng dump file is too short`, block.offset)

/** The block's first `size` bytes. */
function fixed(block: Block, size: number): DataView {
  if (block.body.byteLength < size) throw tooShort(block)
  return block.body
}

/** Units a second of an if_tsresol: a power of ten, or of two with the highest bit set. */
function resolution(value: number, offset: number): bigint {
  const power = value & 0x7f
  const base = (value & 0x80) === 0 ? 10 : 2
  if (power > (base === 10 ? 19 : 63))
    throw new Fault(`Interface Description Block if_tsresol option resolution ${base}^-${power} is too high`, offset)
  return BigInt(base) ** BigInt(power)
}

function readOptions(block: Block, from: number, little: boolean): { code: number; at: number; length: number }[] {
  const { body } = block
  const options: { code: number; at: number; length: number }[] = []
  for (let at = from; at < body.byteLength; ) {
    if (at + 4 > body.byteLength) throw tooShort(block)
    const code = body.getUint16(at, little)
    const length = body.getUint16(at + 2, little)
    const padded = (length + 3) & ~3
    if (at + 4 + padded > body.byteLength) throw tooShort(block)
    if (code === IfOption.END) {
      if (length === 0) break
      throw new Fault(`Interface Description Block has opt_endofopt option with length ${length} != 0`, block.offset)
    }
    options.push({ code, at: at + 4, length })
    at += 4 + padded
  }
  for (const code of [IfOption.TSRESOL, IfOption.TSOFFSET])
    if (options.filter((option) => option.code === code).length > 1) {
      const name = code === IfOption.TSRESOL ? "if_tsresol" : "if_tsoffset"
      throw new Fault(`Interface Description Block has more than one ${name} option`, block.offset)
    }
  return options
}
