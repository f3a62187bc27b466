/**
 * A Map from numbers to things, in order of insertion, for the tables every packet asks: FDBs, neighbours, own addresses. Keys are integers
 * below 2^53: a MAC address, an IPv4 address with an ifindex above it. A Map hashes any key above 2^31 by a call out of compiled code (30 ns
 * and more); open addressing over typed arrays stays inside (3 to 5 ns), and a lookup allocates nothing.
 */
const FIRST_CAPACITY = 8

export class NumberMap<V> {
  /** Position + 1 by hash, linear probing; 0 is free. Twice as long as there are positions. */
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #shift = Math.clz32(FIRST_CAPACITY * 2 - 1)
  /** By position, in order of insertion. A deleted key is NaN, which equals nothing: its slot stays taken until the next rebuild. */
  #keys = new Float64Array(FIRST_CAPACITY)
  #values: (V | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: number): V | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash(key) >>> this.#shift
    for (;;) {
      const entry = slots[slot] as number
      if (entry === 0) return undefined
      if (this.#keys[entry - 1] === key) return this.#values[entry - 1]
      slot = (slot + 1) & mask
    }
  }

  has(key: number): boolean {
    return this.#positionOf(key) >= 0
  }

  /** A key that is there keeps its place in the order. */
  set(key: number, value: V): void {
    const position = this.#positionOf(key)
    if (position >= 0) {
      this.#values[position] = value
      return
    }
    if (this.#values.length === this.#keys.length) this.#rebuild()
    this.#keys[this.#values.length] = key
    this.#values.push(value)
    this.#size++
    this.#enter(key, this.#values.length)
  }

  /** False when it was not there. */
  delete(key: number): boolean {
    const position = this.#positionOf(key)
    if (position < 0) return false
    this.#keys[position] = Number.NaN
    this.#values[position] = undefined
    this.#size--
    return true
  }

  deleteWhere(doomed: (value: V) => boolean): void {
    for (const [position, value] of this.#values.entries())
      if (value !== undefined && doomed(value)) this.delete(this.#keys[position] as number)
  }

  clear(): void {
    this.#slots.fill(0)
    this.#values.length = 0
    this.#size = 0
  }

  /** In order of insertion; entries may be deleted meanwhile. */
  *values(): IterableIterator<V> {
    for (const value of this.#values) if (value !== undefined) yield value
  }

  *keys(): IterableIterator<number> {
    for (const [position, value] of this.#values.entries())
      if (value !== undefined) yield this.#keys[position] as number
  }

  #positionOf(key: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash(key) >>> this.#shift; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number
      if (entry === 0 || this.#keys[entry - 1] === key) return entry - 1
    }
  }

  #enter(key: number, entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hash(key) >>> this.#shift
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry
  }

  /** Leaves the deleted out; grows when more than half of the positions are in use. */
  #rebuild(): void {
    const keys = this.#keys
    const values = this.#values
    const capacity = this.#size * 2 > keys.length ? keys.length * 2 : keys.length
    this.#keys = new Float64Array(capacity)
    this.#values = []
    this.#slots = new Int32Array(capacity * 2)
    this.#shift = Math.clz32(capacity * 2 - 1)
    for (const [position, value] of values.entries()) {
      if (value === undefined) continue
      const key = keys[position] as number
      this.#keys[this.#values.length] = key
      this.#values.push(value)
      this.#enter(key, this.#values.length)
    }
  }
}

/** Multiplicative; the map takes the highest bits, which depend on all of the key's. */
function hash(key: number): number {
  return Math.imul((key | 0) ^ Math.imul((key / 0x1_0000_0000) | 0, 0x85ebca6b), 0x9e3779b1)
}
