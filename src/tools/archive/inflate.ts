/** Inflate (RFC 1951): what deflate made smaller, as it was. */

const VIOLATED = "invalid compressed data--format violated"

/** Bits from a byte string, the lowest first. */
class Bits {
  readonly #bytes: Uint8Array
  at: number
  #hold = 0
  #count = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  take(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw new RangeError("unexpected end of file")
      this.#hold |= byte << this.#count
      this.#count += 8
    }
    const value = this.#hold & ((1 << count) - 1)
    this.#hold >>>= count
    this.#count -= count
    return value
  }

  /** Skips to the next whole byte. */
  align(): void {
    this.#hold = 0
    this.#count = 0
  }
}

/** Symbols in the order of their codes, and how many codes there are of each length. */
interface Huffman {
  counts: Uint16Array
  symbols: Uint16Array
}

const CODE_MAX = 15

function huffman(lengths: readonly number[]): Huffman {
  const counts = new Uint16Array(CODE_MAX + 1)
  for (const length of lengths) counts[length] = (counts[length] as number) + 1
  counts[0] = 0
  const offsets = new Uint16Array(CODE_MAX + 2)
  for (let n = 1; n <= CODE_MAX; n++) offsets[n + 1] = (offsets[n] as number) + (counts[n] as number)
  const symbols = new Uint16Array(lengths.length)
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue
    const at = offsets[length] as number
    symbols[at] = symbol
    offsets[length] = at + 1
  }
  return { counts, symbols }
}

function decode(bits: Bits, { counts, symbols }: Huffman): number {
  let [code, first, index] = [0, 0, 0]
  for (let length = 1; length <= CODE_MAX; length++) {
    code |= bits.take(1)
    const count = counts[length] as number
    if (code - first < count) return symbols[index + code - first] as number
    index += count
    first = (first + count) << 1
    code <<= 1
  }
  throw new RangeError(VIOLATED)
}

/** Section 3.2.5: base lengths and distances, and bits that follow. */
const LENGTHS = steps(29, 3, 8, 4)
const DISTANCES = steps(30, 1, 4, 2)

function steps(count: number, first: number, plain: number, group: number): { base: number; extra: number }[] {
  const found: { base: number; extra: number }[] = []
  for (let i = 0, base = first; i < count; i++) {
    const extra = i < plain ? 0 : Math.floor((i - plain) / group) + 1
    found.push({ base, extra })
    base += 1 << extra
  }
  return found
}
// The longest length has a code of its own.
LENGTHS[28] = { base: 258, extra: 0 }

const FIXED = {
  literals: huffman(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: huffman(Array.from({ length: 30 }, () => 5)),
}

/** The order in which code lengths of code lengths come. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

function dynamic(bits: Bits): typeof FIXED {
  const [literals, distances, codes] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4]
  const own = new Array<number>(19).fill(0)
  for (const at of ORDER.slice(0, codes)) own[at] = bits.take(3)
  const table = huffman(own)
  const lengths: number[] = []
  while (lengths.length < literals + distances) {
    const symbol = decode(bits, table)
    if (symbol < 16) lengths.push(symbol)
    else {
      const value = symbol === 16 ? (lengths.at(-1) ?? 0) : 0
      const repeat = symbol === 16 ? bits.take(2) + 3 : symbol === 17 ? bits.take(3) + 3 : bits.take(7) + 11
      for (let i = 0; i < repeat; i++) lengths.push(value)
    }
  }
  return { literals: huffman(lengths.slice(0, literals)), distances: huffman(lengths.slice(literals)) }
}

function compressed(bits: Bits, out: number[], { literals, distances }: typeof FIXED): void {
  for (;;) {
    const symbol = decode(bits, literals)
    if (symbol === 256) return
    if (symbol < 256) {
      out.push(symbol)
      continue
    }
    const length = LENGTHS[symbol - 257]
    if (length === undefined) throw new RangeError(VIOLATED)
    const count = length.base + bits.take(length.extra)
    const distance = DISTANCES[decode(bits, distances)]
    if (distance === undefined) throw new RangeError(VIOLATED)
    copy(out, count, distance.base + bits.take(distance.extra))
  }
}

function copy(out: number[], length: number, distance: number): void {
  const from = out.length - distance
  if (from < 0) throw new RangeError(VIOLATED)
  for (let i = 0; i < length; i++) out.push(out[from + i] as number)
}

/** The data that a deflate stream at `at` holds, and where the stream ends. Throws a RangeError for what is none. */
export function inflate(bytes: Uint8Array, at: number): { data: Uint8Array; end: number } {
  const bits = new Bits(bytes, at)
  const out: number[] = []
  for (let last = false; !last; ) {
    last = bits.take(1) === 1
    const type = bits.take(2)
    if (type === 0) stored(bits, out)
    else if (type === 1) compressed(bits, out, FIXED)
    else if (type === 2) compressed(bits, out, dynamic(bits))
    else throw new RangeError(VIOLATED)
  }
  return { data: Uint8Array.from(out), end: bits.at }
}

function stored(bits: Bits, out: number[]): void {
  bits.align()
  const length = bits.take(16)
  bits.take(16)
  for (let i = 0; i < length; i++) out.push(bits.take(8))
}
