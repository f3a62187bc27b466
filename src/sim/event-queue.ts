/**
 * The pending events of a simulation, ordered by (time, sequence number): a 4-ary heap in typed arrays, so that a push or a pop
 * allocates nothing. Cancelled and postponed events stay in place and are dealt with when they surface: most timers are moved again and
 * again before they fire, if they ever do.
 */

/** What an event calls. `arg` is whatever integer was given with it: an index, a handle, nothing. */
export interface EventHandler {
  fire(arg: number): void
}

const ARITY = 4
/** An id is a slot and, above it, the slot's generation. */
const SLOTS = 0x100_0000
const FIRST_CAPACITY = 256

export class EventQueue {
  #time: Float64Array = new Float64Array(FIRST_CAPACITY)
  #sequence: Float64Array = new Float64Array(FIRST_CAPACITY)
  #slot = new Int32Array(FIRST_CAPACITY)
  #size = 0
  // When a slot's event is due: what the heap says, or later.
  #dueTime: Float64Array = new Float64Array(FIRST_CAPACITY)
  #dueSequence: Float64Array = new Float64Array(FIRST_CAPACITY)
  #handlers: (EventHandler | undefined)[] = []
  #args: number[] = []
  /** Raised when a slot's event leaves the heap, so that an old id means nothing. */
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
    const slot = this.#free.pop() ?? this.#newSlot()
    const sequence = this.#nextSequence++
    this.#handlers[slot] = handler
    this.#args[slot] = arg
    this.#dueTime[slot] = time
    this.#dueSequence[slot] = sequence
    this.#siftUp(time, sequence, slot)
    return (this.#generations[slot] as number) * SLOTS + slot
  }

  /**
   * Cancels an event and adds another, in effect; returns the id to go on with. While the old event still has a place in the heap, cancelled
   * or not, and the new time is no earlier, nothing moves now.
   */
  renew(id: number, time: number, handler: EventHandler, arg: number): number {
    const slot = id % SLOTS
    if (!this.#inHeap(id, slot)) return this.push(time, handler, arg)
    if (time < (this.#dueTime[slot] as number)) {
      this.cancel(id)
      return this.push(time, handler, arg)
    }
    if (this.#handlers[slot] === undefined) this.#cancelled--
    this.#handlers[slot] = handler
    this.#args[slot] = arg
    this.#dueTime[slot] = time
    this.#dueSequence[slot] = this.#nextSequence++
    return id
  }

  /** Takes an event back. An id that already fired is ignored. */
  cancel(id: number): void {
    const slot = id % SLOTS
    if (!this.#inHeap(id, slot) || this.#handlers[slot] === undefined) return
    this.#handlers[slot] = undefined
    this.#cancelled++
  }

  #inHeap(id: number, slot: number): boolean {
    return id >= 0 && this.#generations[slot] === Math.floor(id / SLOTS)
  }

  /** The time of the next event, or `Infinity` when there is none. */
  nextTime(): number {
    this.#settleTop()
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#time[0] as number)
  }

  /** Removes the next event and calls it. The caller has seen {@link nextTime} and moved its clock there. */
  fireNext(): void {
    this.#settleTop()
    if (this.#size === 0) return
    const slot = this.#slot[0] as number
    const handler = this.#handlers[slot] as EventHandler
    const arg = this.#args[slot] as number
    this.#removeTop(slot)
    handler.fire(arg)
  }

  /** Sees to it that the event on top is due when the heap says. */
  #settleTop(): void {
    while (this.#size > 0) {
      const slot = this.#slot[0] as number
      if (this.#handlers[slot] === undefined) {
        this.#removeTop(slot)
        this.#cancelled--
      } else if (this.#dueSequence[slot] !== this.#sequence[0])
        this.#siftDown(this.#dueTime[slot] as number, this.#dueSequence[slot] as number, slot)
      else return
    }
  }

  #removeTop(slot: number): void {
    this.#handlers[slot] = undefined
    this.#generations[slot] = (this.#generations[slot] as number) + 1
    this.#free.push(slot)
    const last = --this.#size
    if (last > 0) this.#siftDown(this.#time[last] as number, this.#sequence[last] as number, this.#slot[last] as number)
  }

  #newSlot(): number {
    const slot = this.#generations.push(1) - 1
    if (slot === this.#dueTime.length) {
      this.#dueTime = longer(this.#dueTime)
      this.#dueSequence = longer(this.#dueSequence)
    }
    return slot
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
    this.#time = longer(this.#time)
    this.#sequence = longer(this.#sequence)
    const slot = new Int32Array(this.#slot.length * 2)
    slot.set(this.#slot)
    this.#slot = slot
  }
}

function longer(array: Float64Array): Float64Array {
  const copy = new Float64Array(array.length * 2)
  copy.set(array)
  return copy
}
