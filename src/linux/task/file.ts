/** Open files: what a descriptor stands for. Models struct file. */
import { WaitQueue } from "../../sim/task.ts"
import type { Errno } from "../errno.ts"
import type { Process } from "./process.ts"

export interface OpenFile {
  /** Up to `max` bytes; an empty array is the end of the file. Blocks while there is nothing yet. */
  read(proc: Process, max: number): Promise<Uint8Array>
  /** Writes everything. Writing to a pipe that nobody reads delivers SIGPIPE. */
  write(proc: Process, data: Uint8Array): Promise<void>
  /** One reference less; the last one closes. */
  close(): void
  /** Another descriptor for the same file (dup, fork). */
  retain(): void
  readonly isTty: boolean
  /** Why reading gives nothing: a folder. */
  readonly errno?: Errno | undefined
}

/** Reference counting shared by all kinds of files. */
export abstract class CountedFile implements OpenFile {
  #references = 1
  readonly isTty: boolean = false
  readonly errno: Errno | undefined = undefined

  retain(): void {
    this.#references++
  }

  close(): void {
    if (--this.#references === 0) this.release()
  }

  protected abstract release(): void
  abstract read(proc: Process, max: number): Promise<Uint8Array>
  abstract write(proc: Process, data: Uint8Array): Promise<void>
}

const EMPTY = new Uint8Array(0)

/** /dev/null. */
export class NullFile extends CountedFile {
  async read(): Promise<Uint8Array> {
    return EMPTY
  }
  async write(): Promise<void> {}
  protected release(): void {}
}

/** /dev/zero. */
export class ZeroFile extends CountedFile {
  async read(_proc: Process, max: number): Promise<Uint8Array> {
    return new Uint8Array(Math.min(max, 65536))
  }
  async write(): Promise<void> {}
  protected release(): void {}
}

/** Fixed bytes to read: a here-document, the standard input of `exec`. */
export class BytesFile extends CountedFile {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    super()
    this.#bytes = bytes
  }

  async read(_proc: Process, max: number): Promise<Uint8Array> {
    const chunk = this.#bytes.subarray(this.#at, this.#at + max)
    this.#at += chunk.length
    return chunk
  }
  async write(): Promise<void> {}
  protected release(): void {}
}

/** A terminal's input at the far end of a pipe, as `kubectl exec -i` hands it over: the same bytes, and no terminal any more. */
export class PipedFile extends CountedFile {
  readonly #file: OpenFile

  constructor(file: OpenFile) {
    super()
    this.#file = file
    file.retain()
  }

  read(proc: Process, max: number): Promise<Uint8Array> {
    return this.#file.read(proc, max)
  }
  write(proc: Process, data: Uint8Array): Promise<void> {
    return this.#file.write(proc, data)
  }
  protected release(): void {
    this.#file.close()
  }
}

/** A sink outside the simulation: the output of `exec`, a terminal's screen. */
export class SinkFile extends CountedFile {
  readonly #sink: (data: Uint8Array) => void
  override readonly isTty: boolean

  constructor(sink: (data: Uint8Array) => void, isTty = false) {
    super()
    this.#sink = sink
    this.isTty = isTty
  }

  async read(): Promise<Uint8Array> {
    return EMPTY
  }
  async write(_proc: Process, data: Uint8Array): Promise<void> {
    this.#sink(data)
  }
  protected release(): void {}
}

/** Bytes typed from outside: the standard input of an interactive program. */
export class SourceFile extends CountedFile {
  #chunks: Uint8Array[] = []
  #ended = false
  readonly #arrived = new WaitQueue()
  override readonly isTty: boolean

  constructor(isTty = false) {
    super()
    this.isTty = isTty
  }

  /** Somebody waits for input, and there is none. */
  get wanted(): boolean {
    return this.#arrived.waiters.length > 0
  }

  /** Adds input. Readers go on when the simulation runs. */
  push(data: Uint8Array): void {
    this.#chunks.push(data)
    this.#arrived.wake()
  }

  /** Ends the input (Ctrl-D). */
  end(): void {
    this.#ended = true
    this.#arrived.wake()
  }

  async read(proc: Process, max: number): Promise<Uint8Array> {
    while (this.#chunks.length === 0 && !this.#ended) await proc.task.wait(this.#arrived)
    const first = this.#chunks.shift() ?? EMPTY
    if (first.length > max) this.#chunks.unshift(first.subarray(max))
    return first.subarray(0, max)
  }
  async write(): Promise<void> {}
  protected release(): void {}
}
