/** A page's side of its kernel: cells are asked for in order, a stop ends the worker, and what had run runs again when it is needed. */
import type { CellCode, DoneMessage } from "./protocol.ts"

/** A cell that did not end by itself. */
export class Stopped extends Error {}

interface Waiting {
  readonly id: string
  readonly done: (result: DoneMessage) => void
  readonly stopped: () => void
}

export class KernelClient {
  #worker: Worker | undefined
  #waiting: Waiting[] = []

  /** Runs a cell after those that were asked for before. Rejects with {@link Stopped}. */
  run(id: string, code: CellCode): Promise<DoneMessage> {
    this.#worker ??= this.#start()
    this.#worker.postMessage({ id, code })
    return new Promise((done, fail) => {
      this.#waiting.push({ id, done, stopped: () => fail(new Stopped(`cell ${id} was stopped`)) })
    })
  }

  /** Ends whatever runs, an endless loop too. All state is gone. */
  stop(): void {
    this.#worker?.terminate()
    this.#worker = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one.stopped()
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "podwire kernel" })
    worker.addEventListener("message", ({ data }: MessageEvent<DoneMessage>) => {
      // What an ended worker still says is nobody's.
      if (worker === this.#worker) this.#hear(data)
    })
    worker.addEventListener("error", () => {
      if (worker === this.#worker) this.stop()
    })
    return worker
  }

  #hear(message: DoneMessage): void {
    if (this.#waiting[0]?.id === message.id) this.#waiting.shift()?.done(message)
  }
}
