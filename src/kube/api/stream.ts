/** A response that goes on: watch events, log text. One side pushes, the other takes. */
import { WaitQueue } from "../../sim/task.ts"

export class ApiStream<T> {
  readonly #items: T[] = []
  readonly #onClose: () => void
  /** Woken when an item came or the stream ended. */
  readonly changed: WaitQueue = new WaitQueue()
  /** Called then, too: for readers outside the simulation. */
  listener: (() => void) | undefined = undefined
  /** Nothing more will come; what is there can still be taken. */
  ended = false

  /** @param onClose called once when the reader gives up */
  constructor(onClose: () => void = () => {}) {
    this.#onClose = onClose
  }

  push(item: T): void {
    if (this.ended) return
    this.#items.push(item)
    this.#tell()
  }

  end(): void {
    if (this.ended) return
    this.ended = true
    this.#tell()
  }

  /** The next item, or `undefined` when there is none now. */
  take(): T | undefined {
    return this.#items.shift()
  }

  /** The reader wants no more. */
  close(): void {
    if (this.ended) return
    this.ended = true
    this.#onClose()
  }

  #tell(): void {
    this.changed.wake()
    this.listener?.()
  }
}
