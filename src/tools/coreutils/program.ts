/** What the small programs share: options, inputs, lines, and the words of their complaints in GNU's and in busybox's voice. */
import { type Errno, strerror } from "../../linux/errno.ts"
import type { OpenFile } from "../../linux/task/file.ts"
import { openFile } from "../../linux/task/open.ts"
import { concat, type Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { getopt, type OptionTable, type ParsedOptions } from "../../shell/getopt.ts"
import { defineTool } from "../../shell/tool.ts"
import { answer, complain, type Manners, misuse as misused } from "./manners.ts"

/** The same program as coreutils, grep and sed bring it, or as busybox does. */
export type Style = "gnu" | "busybox"
export type Program = (style: Style) => Tool

/** A program's options, easy to ask for. */
export class Options {
  readonly operands: string[]
  readonly #parsed: ParsedOptions
  readonly style: Style
  /** The program's name. */
  readonly program: string

  constructor(parsed: ParsedOptions, style: Style, program: string) {
    this.#parsed = parsed
    this.operands = parsed.operands
    this.style = style
    this.program = program
  }

  /** The same options for other operands. */
  withOperands(operands: readonly string[]): Options {
    return new Options({ ...this.#parsed, operands: [...operands] }, this.style, this.program)
  }

  has(...names: string[]): boolean {
    return this.#parsed.options.some((option) => names.includes(option.name))
  }

  /** The last one counts. */
  value(...names: string[]): string | undefined {
    return this.#parsed.options.findLast((option) => names.includes(option.name))?.value
  }

  values(...names: string[]): string[] {
    return this.#parsed.options.filter((option) => names.includes(option.name)).map((option) => option.value)
  }

  /** Which of some options came last. */
  last(...names: string[]): string | undefined {
    return this.#parsed.options.findLast((option) => names.includes(option.name))?.name
  }
}

export interface ProgramSpec extends Manners {
  /** Letters and long names; `true` takes an argument. */
  options: OptionTable
  run: (proc: Process, options: Options) => Promise<number>
  /** Options end at the first operand. */
  posix?: boolean
  /** busybox's takes no options: every word is an operand. */
  plainInBusybox?: true
  /** Rewrites the words first: `-5` for `-n 5`. */
  rewrite?: (argv: readonly string[]) => readonly string[]
}

export function program(name: string, spec: ProgramSpec): Program {
  return (style) =>
    defineTool(name, async (proc) => {
      const words = spec.lettersOnly === true ? {} : { help: false, version: false }
      const own = style === "gnu" ? { ...words, ...spec.letters, ...spec.options } : spec.options
      const parsed =
        style === "busybox" && spec.plainInBusybox === true
          ? { options: [], operands: proc.argv.slice(1) }
          : getopt(spec.rewrite?.(proc.argv) ?? proc.argv, own, spec.posix ?? false)
      const answered = await answer(proc, style, name, parsed, spec)
      if (answered !== undefined) return answered
      if ("kind" in parsed) return complain(proc, style, name, parsed, spec)
      return spec.run(proc, new Options(parsed, style, name))
    })
}

/** A complaint about the way a program was called, with the pointer to its help, or with busybox's usage instead; returns the exit code. */
export const misuse = (proc: Process, options: Options, message: string, code = 1): Promise<number> =>
  misused(proc, options.style, options.program, message, code)

/** What podwire lacks is said by name. */
export async function unsupported(proc: Process, name: string, what: string, code = 1): Promise<number> {
  await proc.err(`${name}: podwire does not support ${what}\n`)
  return code
}

/** `cat: x: No such file or directory`, or busybox's `cat: can't open 'x': …`. */
export function cannotOpen(style: Style, name: string, file: string, errno: Errno): string {
  if (style === "gnu" || errno === "EISDIR") return `${name}: ${file}: ${strerror(errno)}\n`
  return `${name}: can't open '${file}': ${strerror(errno)}\n`
}

/** A file to read, `-` being standard input. */
export function openInput(proc: Process, name: string): OpenFile | Errno {
  const file = name === "-" ? openFile(proc, "/dev/stdin", "r") : openFile(proc, name, "r")
  if (typeof file === "string") return file
  if (file.errno === undefined) return file
  file.close()
  return file.errno
}

/** Everything in a file. */
export async function readInput(proc: Process, name: string): Promise<{ data: Uint8Array } | { errno: Errno }> {
  if (name === "-") return proc.fds.get(0)?.errno === undefined ? { data: await proc.readAll() } : { errno: "EISDIR" }
  const file = openInput(proc, name)
  if (typeof file === "string") return { errno: file }
  const data = await readWhole(proc, file)
  file.close()
  return { data }
}

/** What is left of an open file. */
export async function readWhole(proc: Process, file: OpenFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (let chunk = await proc.readFrom(file); chunk.length > 0; chunk = await proc.readFrom(file)) {
    chunks.push(chunk)
    size += chunk.length
    proc.checkMemory(size)
  }
  return concat(chunks)
}

/** Each operand's bytes, none being standard input; a file that cannot be read is reported. */
export async function* inputs(
  proc: Process,
  name: string,
  options: Options,
  failed: () => void,
): AsyncGenerator<{ label: string; data: Uint8Array }> {
  for (const operand of options.operands.length === 0 ? ["-"] : options.operands) {
    const read = await readInput(proc, operand)
    if ("data" in read) yield { label: operand, data: read.data }
    else {
      failed()
      await proc.err(cannotOpen(options.style, name, operand, read.errno))
    }
  }
}

const decoder = new TextDecoder()

export function linesOf(data: Uint8Array): string[] {
  const text = decoder.decode(data)
  return text === "" ? [] : text.replace(/\n$/, "").split("\n")
}

export const printLines = (proc: Process, lines: readonly string[]): Promise<void> =>
  proc.out(lines.map((line) => `${line}\n`).join(""))

/** Lines as they arrive, so that programs work in the middle of a live pipeline. */
export class LineReader {
  readonly #proc: Process
  readonly #file: OpenFile
  readonly #decoder = new TextDecoder()
  readonly #separator: string
  #rest = ""
  #ended = false
  /** The last line had no line break. */
  unterminated = false

  constructor(proc: Process, file: OpenFile, separator = "\n") {
    this.#proc = proc
    this.#file = file
    this.#separator = separator
  }

  async next(): Promise<string | undefined> {
    for (let from = 0; ; ) {
      const end = this.#rest.indexOf(this.#separator, from)
      if (end >= 0) {
        const line = this.#rest.slice(0, end)
        this.#rest = this.#rest.slice(end + 1)
        return line
      }
      if (this.#ended) return this.#last()
      from = this.#rest.length
      const chunk = await this.#proc.readFrom(this.#file)
      this.#proc.checkMemory(from)
      this.#ended = chunk.length === 0
      this.#rest += this.#decoder.decode(chunk, { stream: !this.#ended })
    }
  }

  #last(): string | undefined {
    if (this.#rest === "") return undefined
    const line = this.#rest
    this.#rest = ""
    this.unterminated = true
    return line
  }

  close(): void {
    this.#file.close()
  }
}

/** `-5` is `-n 5` for head, tail and others. */
export function numberOption(argv: readonly string[]): readonly string[] {
  return argv.map((word, i) =>
    i > 0 && /^-\d+$/.test(word) && !/^(-n|-c|--lines|--bytes)$/.test(argv[i - 1] as string)
      ? `-n${word.slice(1)}`
      : word,
  )
}
