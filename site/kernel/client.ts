/** A page's side of its kernel: cells are asked for in order, a stop ends the worker, and what had run runs again when it is needed. */
import type { Output } from "../../src/notebook/ipynb.ts"
import type { CellCode, KernelMessage } from "./protocol.ts"

export interface CellDone {
  readonly ok: boolean
  readonly outputs: readonly Output[]
}

/** A cell that did not end by itself. */
export class Stopped extends Error {}

interface Waiting {
  readonly id: string
  readonly output: (output: Output) => void
  readonly done: (result: CellDone) => void
  readonly stopped: () => void
}

export class KernelClient {
  #worker: Worker | undefined
  #waiting: Waiting[] = []

  /** Runs a cell after those that were asked for before. Rejects with {@link Stopped}. */
  run(id: string, code: CellCode, output: (output: Output) => void = () => undefined): Promise<CellDone> {
    this.#worker ??= this.#start()
    this.#worker.postMessage({ id, code })
    return new Promise((done, fail) => {
      this.#waiting.push({ id, output, done, stopped: () => fail(new Stopped(`cell ${id} was stopped`)) })
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
    worker.addEventListener("message", ({ data }: MessageEvent<KernelMessage>) => {
      // What an ended worker still says is nobody's.
      if (worker === this.#worker) this.#hear(data)
    })
    worker.addEventListener("error", () => {
      if (worker === this.#worker) this.stop()
    })
    return worker
  }

  #hear(message: KernelMessage): void {
    const [first] = this.#waiting
    if (first === undefined || first.id !== message.id) return
    if (message.kind === "output") first.output(message.output)
    else {
      this.#waiting.shift()
      first.done(message)
    }
  }
}
