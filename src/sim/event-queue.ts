/**
 * The pending events of a simulation, ordered by (time, sequence number): a 4-ary heap in typed arrays, so that a push or a pop
 * allocates nothing. Cancelled events stay in place and are skipped when they surface.
 */

/** What an event calls. `arg` is whatever integer was given with it: an index, a handle, nothing. */
export interface EventHandler {
  fire(arg: number): void
}

const ARITY = 4

export class EventQueue {
  #time = new Float64Array(256)
  #sequence = new Float64Array(256)
  #slot = new Int32Array(256)
  #size = 0
  #handlers: (EventHandler | undefined)[] = []
  #args: number[] = []
  /** The generation of each slot, so that a stale id cancels nothing. */
  #generations: number[] = []
  #free: number[] = []
  #nextSequence = 0
  #cancelled = 0

  /** Events waiting, cancelled ones excluded. */
  get size(): number {
    return this.#size - this.#cancelled
  }

  /** Adds an event at `time` (ns) and returns an id for {@link cancel}. */
  push(time: number, handler: EventHandler, arg: number): number {
    const slot = this.#free.pop() ?? this.#handlers.length
    this.#handlers[slot] = handler
    this.#args[slot] = arg
    const generation = (this.#generations[slot] ?? 0) + 1
    this.#generations[slot] = generation
    this.#siftUp(time, this.#nextSequence++, slot)
    return generation * 0x100_0000 + slot
  }

  /** Takes an event back. An id that already fired is ignored. */
  cancel(id: number): void {
    const slot = id % 0x100_0000
    if (this.#generations[slot] !== Math.floor(id / 0x100_0000) || this.#handlers[slot] === undefined) return
    this.#handlers[slot] = undefined
    this.#cancelled++
  }

  /** The time of the next event, or `Infinity` when there is none. */
  nextTime(): number {
    this.#dropCancelled()
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#time[0] as number)
  }

  /** Removes the next event and calls it. The caller has seen {@link nextTime} and moved its clock there. */
  fireNext(): void {
    this.#dropCancelled()
    if (this.#size === 0) return
    const slot = this.#slot[0] as number
    const handler = this.#handlers[slot] as EventHandler
    const arg = this.#args[slot] as number
    this.#removeTop(slot)
    handler.fire(arg)
  }

  #dropCancelled(): void {
    while (this.#size > 0 && this.#handlers[this.#slot[0] as number] === undefined) {
      this.#removeTop(this.#slot[0] as number)
      this.#cancelled--
    }
  }

  #removeTop(slot: number): void {
    this.#handlers[slot] = undefined
    this.#free.push(slot)
    const last = --this.#size
    if (last > 0) this.#siftDown(this.#time[last] as number, this.#sequence[last] as number, this.#slot[last] as number)
  }

  #siftUp(time: number, sequence: number, slot: number): void {
    if (this.#size === this.#time.length) this.#grow()
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 2
      const parentTime = this.#time[parent] as number
      // A new event has the highest sequence number: it never overtakes one of the same time.
      if (parentTime <= time) break
      this.#move(parent, at)
      at = parent
    }
    this.#set(at, time, sequence, slot)
  }

  #siftDown(time: number, sequence: number, slot: number): void {
    let at = 0
    for (;;) {
      const first = at * ARITY + 1
      if (first >= this.#size) break
      let best = first
      const end = Math.min(first + ARITY, this.#size)
      for (let child = first + 1; child < end; child++) if (this.#before(child, best)) best = child
      const bestTime = this.#time[best] as number
      if (time < bestTime || (time === bestTime && sequence < (this.#sequence[best] as number))) break
      this.#move(best, at)
      at = best
    }
    this.#set(at, time, sequence, slot)
  }

  #before(a: number, b: number): boolean {
    const ta = this.#time[a] as number
    const tb = this.#time[b] as number
    return ta < tb || (ta === tb && (this.#sequence[a] as number) < (this.#sequence[b] as number))
  }

  #move(from: number, to: number): void {
    this.#time[to] = this.#time[from] as number
    this.#sequence[to] = this.#sequence[from] as number
    this.#slot[to] = this.#slot[from] as number
  }

  #set(at: number, time: number, sequence: number, slot: number): void {
    this.#time[at] = time
    this.#sequence[at] = sequence
    this.#slot[at] = slot
  }

  #grow(): void {
    const capacity = this.#time.length * 2
    const time = new Float64Array(capacity)
    time.set(this.#time)
    this.#time = time
    const sequence = new Float64Array(capacity)
    sequence.set(this.#sequence)
    this.#sequence = sequence
    const slot = new Int32Array(capacity)
    slot.set(this.#slot)
    this.#slot = slot
  }
}
