/**
 * Which connection a packet belongs to: open addressing over one Int32Array, four words a row (addresses, ports, and a word that holds the
 * protocol, the direction and the connection's number). Each connection has two rows. A lookup allocates nothing.
 */
import type { Tuple } from "./entry.ts"

const FIRST_ROWS = 64
const STRIDE = 4
const NUMBER_SHIFT = 9
const REPLY_BIT = 1 << 8

export class TupleTable {
  #rows = new Int32Array(FIRST_ROWS * STRIDE)
  #mask = FIRST_ROWS - 1
  #size = 0

  /** `number << 9 | reply << 8 | protocol`, or -1. Numbers are below 2^22. */
  find(source: number, destination: number, ports: number, protocol: number): number {
    const rows = this.#rows
    for (let row = hash(source, destination, ports, protocol) & this.#mask; ; row = (row + 1) & this.#mask) {
      const at = row * STRIDE
      const word = rows[at + 3] as number
      if (word === 0) return -1
      if (rows[at] === source && rows[at + 1] === destination && rows[at + 2] === ports && (word & 255) === protocol)
        return word - (1 << NUMBER_SHIFT)
    }
  }

  insert(tuple: Tuple, number: number, reply: boolean): void {
    if ((this.#size + 1) * 2 > this.#mask) this.#grow()
    const word = ((number + 1) << NUMBER_SHIFT) | (reply ? REPLY_BIT : 0) | tuple.protocol
    this.#enter(tuple.source | 0, tuple.destination | 0, portsOf(tuple), word)
    this.#size++
  }

  remove(tuple: Tuple, number: number, reply: boolean): void {
    const rows = this.#rows
    const wanted = ((number + 1) << NUMBER_SHIFT) | (reply ? REPLY_BIT : 0) | tuple.protocol
    let row = hash(tuple.source | 0, tuple.destination | 0, portsOf(tuple), tuple.protocol) & this.#mask
    while (rows[row * STRIDE + 3] !== wanted) {
      if (rows[row * STRIDE + 3] === 0) return
      row = (row + 1) & this.#mask
    }
    this.#size--
    this.#close(row)
  }

  /** Closes the gap: rows that were pushed past it move back (no tombstones). */
  #close(gap: number): void {
    const rows = this.#rows
    let free = gap
    for (let row = (gap + 1) & this.#mask; rows[row * STRIDE + 3] !== 0; row = (row + 1) & this.#mask) {
      const at = row * STRIDE
      const home =
        hash(rows[at] as number, rows[at + 1] as number, rows[at + 2] as number, (rows[at + 3] as number) & 255) &
        this.#mask
      // It may move when its home is not between the gap and where it stands.
      if (((row - home) & this.#mask) < ((row - free) & this.#mask)) continue
      rows.copyWithin(free * STRIDE, at, at + STRIDE)
      free = row
    }
    rows.fill(0, free * STRIDE, free * STRIDE + STRIDE)
  }

  #enter(source: number, destination: number, ports: number, word: number): void {
    const rows = this.#rows
    let row = hash(source, destination, ports, word & 255) & this.#mask
    while (rows[row * STRIDE + 3] !== 0) row = (row + 1) & this.#mask
    const at = row * STRIDE
    rows[at] = source
    rows[at + 1] = destination
    rows[at + 2] = ports
    rows[at + 3] = word
  }

  #grow(): void {
    const old = this.#rows
    this.#rows = new Int32Array(old.length * 2)
    this.#mask = this.#rows.length / STRIDE - 1
    for (let at = 0; at < old.length; at += STRIDE)
      if (old[at + 3] !== 0)
        this.#enter(old[at] as number, old[at + 1] as number, old[at + 2] as number, old[at + 3] as number)
  }
}

export const portsOf = (tuple: Tuple): number => (tuple.sourcePort << 16) | tuple.destinationPort

export const numberOf = (found: number): number => found >>> NUMBER_SHIFT
export const isReply = (found: number): boolean => (found & REPLY_BIT) !== 0

function hash(source: number, destination: number, ports: number, protocol: number): number {
  let h = Math.imul(source ^ (protocol << 24), 0x9e3779b1)
  h = Math.imul((h ^ (h >>> 15)) + destination, 0x85ebca6b)
  h = Math.imul((h ^ (h >>> 13)) + ports, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
