/** Records from the operands, from other files, and from commands. */
import { strerror } from "../../../linux/errno.ts"
import { createPipe } from "../../../linux/task/pipe.ts"
import { LineReader, openInput } from "../program.ts"
import { AwkError } from "./ast.ts"
import type { Interpreter } from "./interpreter.ts"
import { InputText, toNumber } from "./value.ts"

export class AwkInput {
  readonly #awk: Interpreter
  readonly #operands: string[]
  readonly #others = new Map<string, LineReader>()
  #current: RecordReader | undefined
  #readAny = false

  constructor(awk: Interpreter, operands: readonly string[]) {
    this.#awk = awk
    this.#operands = [...operands]
  }

  /** The next record of the operands; undefined at their end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      this.#current ??= await this.#open()
      if (this.#current === undefined) return undefined
      const text = await this.#current.next(this.#awk.text("RS"))
      if (text !== undefined) {
        for (const name of ["NR", "FNR"]) this.#awk.set(name, toNumber(this.#awk.get(name)) + 1)
        return text
      }
      this.skipFile()
    }
  }

  skipFile(): void {
    this.#current?.lines.close()
    this.#current = undefined
  }

  /** The next operand that is a file; `name=value` is carried out on the way. */
  async #open(): Promise<RecordReader | undefined> {
    const { proc } = this.#awk
    for (let operand = this.#operands.shift(); operand !== undefined; operand = this.#operands.shift()) {
      const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(operand)
      if (assignment !== null) {
        this.#awk.set(assignment[1] as string, new InputText(assignment[2] as string))
        continue
      }
      this.#readAny = true
      const file = openInput(proc, operand)
      if (typeof file === "string") throw new AwkError(`cannot open ${operand} (${strerror(file)})`)
      this.#awk.set("FILENAME", operand === "-" ? "" : operand)
      this.#awk.set("FNR", 0)
      return new RecordReader(new LineReader(proc, file))
    }
    if (this.#readAny) return undefined
    this.#readAny = true
    const file = openInput(proc, "-")
    return typeof file === "string" ? undefined : new RecordReader(new LineReader(proc, file))
  }

  /** A line of a file or of a command's output; 0 at the end, -1 when it cannot be opened. */
  async from(name: string, command: boolean): Promise<string | number> {
    let lines = this.#others.get(name)
    if (lines === undefined) {
      const opened = command ? this.#command(name) : openInput(this.#awk.proc, name)
      if (typeof opened === "string") return -1
      lines = new LineReader(this.#awk.proc, opened)
      this.#others.set(name, lines)
    }
    return (await lines.next()) ?? 0
  }

  #command(command: string): ReturnType<typeof openInput> {
    const pipe = createPipe()
    const child = this.#awk.proc.spawn(["sh", "-c", command], { fds: new Map([[1, pipe.writer]]) })
    pipe.writer.close()
    return typeof child === "string" ? child : pipe.reader
  }

  close(name: string): boolean {
    const lines = this.#others.get(name)
    lines?.close()
    return this.#others.delete(name)
  }
}

/** Splits by RS: a line break, another character, or blank lines when it is empty. */
class RecordReader {
  readonly lines: LineReader
  #pending: string[] | undefined

  constructor(lines: LineReader) {
    this.lines = lines
  }

  async next(separator: string): Promise<string | undefined> {
    if (separator === "\n") return this.lines.next()
    if (separator === "") return this.#paragraph()
    if (this.#pending === undefined) {
      const all: string[] = []
      for (let line = await this.lines.next(); line !== undefined; line = await this.lines.next()) all.push(line)
      const text = all.join("\n") + (this.lines.unterminated || all.length === 0 ? "" : "\n")
      this.#pending = text === "" ? [] : text.split(separator.length === 1 ? separator : new RegExp(separator))
      if (this.#pending[this.#pending.length - 1] === "") this.#pending.pop()
    }
    return this.#pending.shift()
  }

  async #paragraph(): Promise<string | undefined> {
    const lines: string[] = []
    for (let line = await this.lines.next(); line !== undefined; line = await this.lines.next()) {
      if (line !== "") lines.push(line)
      else if (lines.length > 0) break
    }
    return lines.length === 0 ? undefined : lines.join("\n")
  }
}
