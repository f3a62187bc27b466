/** Where print's redirections go: files, and commands that read. */
import { strerror } from "../../../linux/errno.ts"
import type { OpenFile } from "../../../linux/task/file.ts"
import { openFile } from "../../../linux/task/open.ts"
import { createPipe } from "../../../linux/task/pipe.ts"
import type { Process } from "../../../linux/task/process.ts"
import { AwkError } from "./ast.ts"
import type { AwkInput } from "./input.ts"

interface Sink {
  file: OpenFile
  child: Process | undefined
}

const encoder = new TextEncoder()

export class AwkOutput {
  readonly #proc: Process
  readonly #sinks = new Map<string, Sink>()

  constructor(proc: Process) {
    this.#proc = proc
  }

  async write(operator: string | undefined, target: string, text: string): Promise<void> {
    if (operator === undefined) return this.#proc.out(text)
    let sink = this.#sinks.get(target)
    if (sink === undefined) {
      sink = operator === "|" ? this.#pipe(target) : this.#open(target, operator === ">>" ? "a" : "w")
      this.#sinks.set(target, sink)
    }
    await sink.file.write(this.#proc, encoder.encode(text))
  }

  #open(target: string, mode: "w" | "a"): Sink {
    const file = openFile(this.#proc, target, mode)
    if (typeof file === "string") throw new AwkError(`cannot open "${target}" for output: ${strerror(file)}`)
    return { file, child: undefined }
  }

  #pipe(command: string): Sink {
    const pipe = createPipe()
    const child = this.#proc.spawn(["sh", "-c", command], { fds: new Map([[0, pipe.reader]]) })
    pipe.reader.close()
    if (typeof child === "string") throw new AwkError(`cannot open pipe "${command}": ${strerror(child)}`)
    return { file: pipe.writer, child }
  }

  async #close(target: string): Promise<number> {
    const sink = this.#sinks.get(target)
    if (sink === undefined) return -1
    this.#sinks.delete(target)
    sink.file.close()
    return sink.child === undefined ? 0 : (await this.#proc.wait(sink.child)).code
  }

  async closeAll(): Promise<void> {
    for (const target of [...this.#sinks.keys()]) await this.#close(target)
  }

  /** system, close and fflush. */
  async call(name: string, text: string, input: AwkInput): Promise<number> {
    if (name === "fflush") return 0
    if (name === "close") return input.close(text) ? 0 : this.#close(text)
    const child = this.#proc.spawn(["sh", "-c", text])
    return typeof child === "string" ? 127 : (await this.#proc.wait(child)).code
  }
}
