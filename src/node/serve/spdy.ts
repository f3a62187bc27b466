/** SPDY/3.1 as far as kubectl's port-forward speaks it: streams with headers, data both ways (draft-mbelshe-httpbis-spdy-00, section 2). */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib"
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts"

const VERSION = 3
const Type = { SYN_STREAM: 1, SYN_REPLY: 2, RST_STREAM: 3, PING: 6, GOAWAY: 7 } as const
const FIN = 1
const HEAD = 8
const ID_MASK = 0x7fffffff
const FLUSH = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH, dictionary: SPDY_DICTIONARY }

/** Told what the other side does. */
export interface SpdyPeer {
  opened(stream: number, headers: ReadonlyMap<string, string>): void
  data(stream: number, data: Uint8Array): void
  /** The other side has said all, or wants no more. */
  ended(stream: number): void
  /** What it says is no SPDY. */
  broken(): void
}

/** One connection. Frames may come cut anywhere; headers are compressed over all of them. */
export class SpdyConnection {
  readonly #peer: SpdyPeer
  readonly #write: (frame: Uint8Array) => void
  readonly #inflate: Inflate = createInflate(FLUSH)
  readonly #deflate: Deflate = createDeflate(FLUSH)
  #pending: Buffer = Buffer.alloc(0)
  /** One frame after the other: taking headers apart takes a turn of the host's. */
  #last: Promise<void> = Promise.resolve()

  constructor(peer: SpdyPeer, write: (frame: Uint8Array) => void) {
    this.#peer = peer
    this.#write = write
  }

  /** Bytes of the other side's. */
  receive(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
    while (this.#pending.length >= HEAD) {
      const end = HEAD + this.#pending.readUIntBE(5, 3)
      if (this.#pending.length < end) return
      const frame = this.#pending.subarray(0, end)
      this.#pending = this.#pending.subarray(end)
      this.#last = this.#last.then(() => this.#frame(frame)).catch(() => this.#peer.broken())
    }
  }

  send(stream: number, data: Uint8Array): void {
    this.#data(stream, 0, data)
  }

  /** Nothing more comes from here. */
  end(stream: number): void {
    this.#data(stream, FIN, Buffer.alloc(0))
  }

  close(): void {
    this.#inflate.close()
    this.#deflate.close()
  }

  async #frame(frame: Buffer): Promise<void> {
    const first = frame.readUInt32BE(0)
    const flags = frame.readUInt8(4)
    const body = frame.subarray(HEAD)
    if (first >>> 31 === 0) {
      if (body.length > 0) this.#peer.data(first & ID_MASK, Uint8Array.from(body))
      if ((flags & FIN) !== 0) this.#peer.ended(first & ID_MASK)
      return
    }
    switch (first & 0xffff) {
      case Type.SYN_STREAM: {
        const stream = body.readUInt32BE(0) & ID_MASK
        const headers = headersOf(await through(this.#inflate, body.subarray(10)))
        const none = await through(this.#deflate, Buffer.alloc(4))
        this.#control(Type.SYN_REPLY, Buffer.concat([word(stream), none]))
        this.#peer.opened(stream, headers)
        if ((flags & FIN) !== 0) this.#peer.ended(stream)
        return
      }
      case Type.PING:
        this.#write(frame)
        return
      case Type.RST_STREAM:
        this.#peer.ended(body.readUInt32BE(0) & ID_MASK)
    }
  }

  #control(type: number, body: Buffer): void {
    const head = Buffer.alloc(HEAD)
    head.writeUInt16BE(0x8000 | VERSION, 0)
    head.writeUInt16BE(type, 2)
    head.writeUIntBE(body.length, 5, 3)
    this.#write(Buffer.concat([head, body]))
  }

  #data(stream: number, flags: number, data: Uint8Array): void {
    const head = Buffer.alloc(HEAD)
    head.writeUInt32BE(stream, 0)
    head.writeUInt8(flags, 4)
    head.writeUIntBE(data.length, 5, 3)
    this.#write(Buffer.concat([head, data]))
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value, 0)
  return bytes
}

/** What comes out for what goes in, up to its flush. */
function through(codec: Inflate | Deflate, bytes: Buffer): Promise<Buffer> {
  return new Promise((done, fail) => {
    const parts: Buffer[] = []
    const take = (part: Buffer): void => void parts.push(part)
    codec.on("data", take).once("error", fail)
    codec.write(bytes, () =>
      codec.flush(constants.Z_SYNC_FLUSH, () => {
        codec.off("data", take).off("error", fail)
        done(Buffer.concat(parts))
      }),
    )
  })
}

/** Names and values, each with its length before it (section 2.6.10). */
function headersOf(block: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  let at = 4
  const text = (): string => {
    const length = block.readUInt32BE(at)
    at += 4 + length
    return block.toString("utf8", at - length, at)
  }
  for (let count = block.readUInt32BE(0); count > 0; count--) headers.set(text(), text())
  return headers
}
