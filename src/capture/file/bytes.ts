/** Bytes that arrive in pieces and are taken in order: a file read through a pipe. */
const EMPTY = new Uint8Array(0)

export class ByteQueue {
  #chunk: Uint8Array = EMPTY
  #at = 0
  #ended = false
  /** How many bytes have been taken: the offset of the next one in the file. */
  offset = 0

  push(data: Uint8Array): void {
    const rest = this.#chunk.subarray(this.#at)
    const whole = new Uint8Array(rest.length + data.length)
    whole.set(rest)
    whole.set(data, rest.length)
    this.#chunk = whole
    this.#at = 0
  }

  /** No more bytes will come. */
  end(): void {
    this.#ended = true
  }

  get ended(): boolean {
    return this.#ended
  }

  get available(): number {
    return this.#chunk.length - this.#at
  }

  /** The next `size` bytes without taking them; `undefined` while they are not all there. */
  peek(size: number): DataView | undefined {
    if (this.available < size) return undefined
    return new DataView(this.#chunk.buffer, this.#chunk.byteOffset + this.#at, size)
  }

  /** A copy of the next `size` bytes, which must be there. */
  take(size: number): Uint8Array {
    const bytes = this.#chunk.slice(this.#at, this.#at + size)
    this.skip(size)
    return bytes
  }

  skip(size: number): void {
    this.#at += size
    this.offset += size
  }
}
