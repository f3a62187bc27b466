/** What a TCP socket has received: bytes in order for the reader, and pieces that came early (the out-of-order queue). */
import { seqAdd, seqDiff, seqGe, seqGt, seqLe, seqLt } from "./tcp-seq.ts"

interface Piece {
  seq: number
  data: Uint8Array
}

/** Memory a received segment occupies in the kernel: a small linear buffer, or a full frame's. It narrows the advertised window. */
const truesize = (length: number): number => (length <= 320 ? 768 : 2304)

export class ReceiveQueue {
  readonly #ready: Uint8Array[] = []
  #early: Piece[] = []
  /** Bytes a reader can take now. */
  size = 0
  /** sk_rmem_alloc: what the unread segments occupy. */
  allocated = 0

  /** Adds bytes that continue the stream. */
  push(data: Uint8Array): void {
    this.#ready.push(data)
    this.size += data.length
    this.allocated += truesize(data.length)
  }

  /** Keeps bytes that came early. */
  keep(seq: number, data: Uint8Array): void {
    if (
      this.#early.some(
        (piece) => seqLe(piece.seq, seq) && seqGe(seqAdd(piece.seq, piece.data.length), seqAdd(seq, data.length)),
      )
    )
      return
    this.#early.push({ seq, data })
    this.#early.sort((a, b) => seqDiff(a.seq, b.seq))
  }

  /** Moves what now continues at `next` to the reader's side; returns the new end of the stream. */
  advance(next: number): number {
    let end = next
    while (this.#early.length > 0) {
      const piece = this.#early[0] as Piece
      if (seqGt(piece.seq, end)) break
      this.#early.shift()
      const skip = seqDiff(end, piece.seq)
      if (skip >= piece.data.length) continue
      this.push(piece.data.subarray(skip))
      end = seqAdd(piece.seq, piece.data.length)
    }
    return end
  }

  get hasEarly(): boolean {
    return this.#early.length > 0
  }

  /** Up to `max` SACK blocks, the one holding `newest` first (RFC 2018 section 4). */
  sackBlocks(newest: number, max: number): [number, number][] {
    const blocks: [number, number][] = []
    for (const { seq, data } of this.#early) {
      const last = blocks[blocks.length - 1]
      const end = seqAdd(seq, data.length)
      if (last !== undefined && seqLe(seq, last[1])) {
        if (seqGt(end, last[1])) last[1] = end
      } else blocks.push([seq, end])
    }
    const first = blocks.findIndex(([left, right]) => seqLe(left, newest) && seqLt(newest, right))
    if (first > 0) blocks.unshift(...blocks.splice(first, 1))
    return blocks.slice(0, max)
  }

  /** Takes up to `max` bytes. */
  take(max: number): Uint8Array {
    const first = this.#ready.shift()
    if (first === undefined) return new Uint8Array(0)
    const chunk = first.length > max ? first.subarray(0, max) : first
    if (first.length > max) this.#ready.unshift(first.subarray(max))
    else this.allocated -= truesize(first.length)
    this.size -= chunk.length
    if (this.#ready.length === 0) this.allocated = 0
    return chunk
  }
}
