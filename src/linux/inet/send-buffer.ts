/** The bytes a TCP socket has accepted and not yet seen acknowledged: a ring that grows to the socket's limit. */
export class SendBuffer {
  /** Made with the first bytes: most sockets of a busy server only wait for their TIME-WAIT to end. */
  #ring = new Uint8Array(0)
  #start = 0
  #size = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  get room(): number {
    return this.#limit - this.#size
  }

  /** Appends what fits and returns how much that was. */
  append(data: Uint8Array): number {
    const count = Math.min(data.length, this.room)
    if (count === 0) return 0
    if (this.#size + count > this.#ring.length) this.#grow(this.#size + count)
    const at = (this.#start + this.#size) % this.#ring.length
    const first = Math.min(count, this.#ring.length - at)
    this.#ring.set(data.subarray(0, first), at)
    if (first < count) this.#ring.set(data.subarray(first, count), 0)
    this.#size += count
    return count
  }

  /** Copies `count` bytes from `offset` (0: the oldest) to `into` at `at`. */
  copy(offset: number, count: number, into: Uint8Array, at: number): void {
    const from = (this.#start + offset) % this.#ring.length
    const first = Math.min(count, this.#ring.length - from)
    into.set(this.#ring.subarray(from, from + first), at)
    if (first < count) into.set(this.#ring.subarray(0, count - first), at + first)
  }

  /** Forgets the oldest `count` bytes. */
  drop(count: number): void {
    if (count === 0) return
    this.#start = (this.#start + count) % this.#ring.length
    this.#size -= count
  }

  #grow(needed: number): void {
    const ring = new Uint8Array(Math.min(this.#limit, Math.max(2048, 2 ** Math.ceil(Math.log2(needed)))))
    if (this.#size > 0) this.copy(0, this.#size, ring, 0)
    this.#ring = ring
    this.#start = 0
  }
}
