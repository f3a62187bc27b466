/** A pipe: 64 KiB between a writer and a reader. Models fs/pipe.c. */
import { WaitQueue } from "../../sim/task.ts"
import { CountedFile } from "./file.ts"
import type { Process } from "./process.ts"

const CAPACITY = 65536
const EMPTY = new Uint8Array(0)

class PipeBuffer {
  readonly chunks: Uint8Array[] = []
  size = 0
  readers = true
  writers = true
  readonly readable: WaitQueue = new WaitQueue()
  readonly writable: WaitQueue = new WaitQueue()
}

class PipeReader extends CountedFile {
  readonly #buffer: PipeBuffer

  constructor(buffer: PipeBuffer) {
    super()
    this.#buffer = buffer
  }

  async read(proc: Process, max: number): Promise<Uint8Array> {
    const buffer = this.#buffer
    while (buffer.size === 0) {
      if (!buffer.writers) return EMPTY
      await proc.task.wait(buffer.readable)
    }
    const first = buffer.chunks.shift() as Uint8Array
    const chunk = first.subarray(0, max)
    if (first.length > max) buffer.chunks.unshift(first.subarray(max))
    buffer.size -= chunk.length
    buffer.writable.wake()
    return chunk
  }

  async write(): Promise<void> {}

  protected release(): void {
    this.#buffer.readers = false
    this.#buffer.writable.wake()
  }
}

class PipeWriter extends CountedFile {
  readonly #buffer: PipeBuffer

  constructor(buffer: PipeBuffer) {
    super()
    this.#buffer = buffer
  }

  async read(): Promise<Uint8Array> {
    return EMPTY
  }

  async write(proc: Process, data: Uint8Array): Promise<void> {
    const buffer = this.#buffer
    let rest = data.slice()
    while (rest.length > 0) {
      if (!buffer.readers) {
        proc.raise("SIGPIPE")
        return
      }
      const room = CAPACITY - buffer.size
      if (room === 0) {
        await proc.task.wait(buffer.writable)
        continue
      }
      const part = rest.subarray(0, room)
      rest = rest.subarray(part.length)
      buffer.chunks.push(part)
      buffer.size += part.length
      buffer.readable.wake()
    }
  }

  protected release(): void {
    this.#buffer.writers = false
    this.#buffer.readable.wake()
  }
}

/** Both ends. Models pipe(2). */
export function createPipe(): { reader: CountedFile; writer: CountedFile } {
  const buffer = new PipeBuffer()
  return { reader: new PipeReader(buffer), writer: new PipeWriter(buffer) }
}
