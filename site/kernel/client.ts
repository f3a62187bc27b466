/** A page's side of its kernel: cells are asked for in order, a stop ends the worker, and what had run runs again when it is needed. */
import type { PacketAnswer, PacketQuestion } from "../packets/protocol.ts"
import { ConfinedWorker } from "./confined-worker.ts"
import type { AnswerMessage, AskMessage, CellCode, DoneMessage, RunMessage, ShellMessage } from "./protocol.ts"

/** A cell that did not end by itself. */
export class Stopped extends Error {
  /** Why the kernel ended, when nobody had asked it to. */
  readonly why: string | undefined

  constructor(what: string, why: string | undefined) {
    super(why === undefined ? `${what} was stopped` : `${what} was stopped: ${why}`)
    this.why = why
  }
}

interface Waiting {
  readonly id: string
  readonly done: (result: DoneMessage) => void
  readonly stopped: (why: string | undefined) => void
}

interface Asked {
  readonly done: (answer: PacketAnswer) => void
  readonly failed: (error: Error) => void
}

export class KernelClient {
  /** Whether packets are kept, for {@link ask}. A kernel that has begun keeps to what it began with. */
  record = false
  /** Of clusters that name none; podwire's own when undefined. */
  seed: number | undefined
  #worker: ConfinedWorker | undefined
  #waiting: Waiting[] = []
  readonly #asked = new Map<number, Asked>()
  #asks = 0
  readonly #ended: (why: string) => void

  /** `ended` is told of a kernel that nobody stopped. */
  constructor(ended: (why: string) => void) {
    this.#ended = ended
  }

  /** Runs a cell after those that were asked for before. Rejects with {@link Stopped}. */
  run(id: string, code: CellCode): Promise<DoneMessage> {
    const { record, seed } = this
    this.#post({ id, code, record, ...(seed === undefined ? {} : { seed }) })
    return new Promise((done, fail) => {
      this.#waiting.push({ id, done, stopped: (why) => fail(new Stopped(`cell ${id}`, why)) })
    })
  }

  /** Asks about a cell that has run. Rejects with {@link Stopped}, or with what the worker says. */
  ask(question: PacketQuestion): Promise<PacketAnswer> {
    const ask = ++this.#asks
    this.#post({ ask, question })
    return new Promise((done, failed) => this.#asked.set(ask, { done, failed }))
  }

  /** A way to a shell on the cluster that the cells made last; they must be recorded. */
  shell(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#worker ??= this.#start()
    this.#worker.port.postMessage({ shell: port2 } satisfies ShellMessage, [port2])
    return port1
  }

  /** Ends whatever runs, an endless loop too. All state is gone. */
  stop(): void {
    this.#end(undefined)
  }

  #end(why: string | undefined): void {
    this.#worker?.terminate()
    this.#worker = undefined
    const waiting = this.#waiting
    const asked = [...this.#asked.values()]
    this.#waiting = []
    this.#asked.clear()
    for (const one of waiting) one.stopped(why)
    for (const one of asked) one.failed(new Stopped("the kernel", why))
  }

  #post(message: RunMessage | AskMessage): void {
    this.#worker ??= this.#start()
    this.#worker.port.postMessage(message)
  }

  #start(): ConfinedWorker {
    const worker = new ConfinedWorker((why) => {
      if (worker !== this.#worker) return
      this.#end(why)
      this.#ended(why)
    })
    worker.port.onmessage = ({ data }: MessageEvent<DoneMessage | AnswerMessage>) => {
      // What an ended worker still says is nobody's.
      if (worker === this.#worker) this.#hear(data)
    }
    return worker
  }

  #hear(message: DoneMessage | AnswerMessage): void {
    if (!("ask" in message)) {
      if (this.#waiting[0]?.id === message.id) this.#waiting.shift()?.done(message)
      return
    }
    const asked = this.#asked.get(message.ask)
    this.#asked.delete(message.ask)
    if ("error" in message) asked?.failed(new Error(message.error))
    else asked?.done(message.answer)
  }
}
