import { strerror } from "../../linux/errno.ts"
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import { tryHelp } from "./manners.ts"
import { cannotOpen, LineReader, type Options, openInput, type Program, program } from "./program.ts"

/** Copies as bytes arrive, so that it works in the middle of a live pipeline. */
export const cat: Program = program("cat", {
  options: {
    n: false,
    number: false,
    b: false,
    s: false,
    A: false,
    E: false,
    T: false,
    v: false,
    e: false,
    t: false,
    u: false,
    "show-all": false,
    "number-nonblank": false,
    "show-ends": false,
    "show-tabs": false,
    "squeeze-blank": false,
  },
  run: async (proc, options) => {
    const plain = !options.has(
      "n",
      "number",
      "b",
      "s",
      "A",
      "E",
      "T",
      "v",
      "e",
      "t",
      "show-all",
      "number-nonblank",
      "show-ends",
      "show-tabs",
      "squeeze-blank",
    )
    const numbering = { next: 1, blank: false, open: false }
    let code = 0
    for (const operand of options.operands.length === 0 ? ["-"] : options.operands) {
      const file = openInput(proc, operand)
      if (typeof file === "string") {
        await proc.err(cannotOpen(options.style, "cat", operand, file))
        code = 1
        continue
      }
      if (plain) {
        for (let chunk = await proc.readFrom(file); chunk.length > 0; chunk = await proc.readFrom(file))
          await proc.out(chunk)
      } else await numbered(proc, options, new LineReader(proc, file), numbering)
      file.close()
    }
    return code
  },
})

interface Numbering {
  next: number
  blank: boolean
  /** The file before ended inside a line. */
  open: boolean
}

async function numbered(proc: Process, options: Options, lines: LineReader, state: Numbering): Promise<void> {
  const all = options.has("A", "show-all")
  const ends = all || options.has("E", "e", "show-ends")
  const tabs = all || options.has("T", "t", "show-tabs")
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    if (line === "" && state.blank && options.has("s", "squeeze-blank")) continue
    state.blank = line === ""
    const counts = options.has("b", "number-nonblank") ? line !== "" : options.has("n", "number")
    const head = counts && !state.open ? `${String(state.next++).padStart(6)}\t` : ""
    let text = tabs ? line.replaceAll("\t", "^I") : line
    if (all || options.has("v", "e", "t")) text = visible(text)
    state.open = lines.unterminated
    await proc.out(head + text + (lines.unterminated ? "" : `${ends ? "$" : ""}\n`))
  }
}

const visible = (text: string): string =>
  text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (c) =>
    c === "\x7f" ? "^?" : `^${String.fromCharCode(c.charCodeAt(0) + 64)}`,
  )

export const tee: Program = program("tee", {
  options: { a: false, append: false, i: false },
  run: async (proc, options) => {
    const files = options.operands.map((name) => openFile(proc, name, options.has("a", "append") ? "a" : "w"))
    let code = 0
    for (const [i, file] of files.entries())
      if (typeof file === "string") {
        await proc.err(
          options.style === "gnu"
            ? `tee: ${options.operands[i]}: ${strerror(file)}\n`
            : cannotOpen("busybox", "tee", options.operands[i] as string, file),
        )
        code = 1
      }
    for (let chunk = await proc.read(0); chunk.length > 0; chunk = await proc.read(0)) {
      await proc.out(chunk)
      for (const file of files) if (typeof file !== "string") await file.write(proc, chunk)
    }
    return code
  },
})

/** Reads all and prints it turned over. */
const turned = (name: string, turn: (lines: string[]) => string[]): Program =>
  program(name, {
    options: {},
    ...(name === "rev" ? { letters: { h: false, V: false } as const } : {}),
    run: async (proc, options) => {
      let code = 0
      for (const operand of options.operands.length === 0 ? ["-"] : options.operands) {
        const file = openInput(proc, operand)
        if (typeof file === "string") {
          await proc.err(
            name === "rev"
              ? `rev: cannot open ${operand}: ${strerror(file)}\n`
              : `${name}: failed to open '${operand}' for reading: ${strerror(file)}\n`,
          )
          code = 1
          continue
        }
        const lines = new LineReader(proc, file)
        const all: string[] = []
        for (let line = await lines.next(); line !== undefined; line = await lines.next()) all.push(line)
        await proc.out(
          turn(all)
            .map((line) => `${line}\n`)
            .join(""),
        )
        lines.close()
      }
      return code
    },
  })

export const rev: Program = turned("rev", (lines) => lines.map((line) => [...line].reverse().join("")))
export const tac: Program = turned("tac", (lines) => lines.reverse())

/** Numbers lines; empty ones only with -ba. */
export const nl: Program = program("nl", {
  options: { b: true, w: true, s: true },
  run: async (proc, options) => {
    const body = options.value("b") ?? "t"
    if (body !== "a" && body !== "t") {
      await proc.err(`nl: invalid body numbering style: '${body}'\n${tryHelp("nl")}`)
      return 1
    }
    const width = Number(options.value("w") ?? 6)
    const separator = options.value("s") ?? "\t"
    let number = 1
    let code = 0
    for (const operand of options.operands.length === 0 ? ["-"] : options.operands) {
      const file = openInput(proc, operand)
      if (typeof file === "string") {
        await proc.err(cannotOpen(options.style, "nl", operand, file))
        code = 1
        continue
      }
      const lines = new LineReader(proc, file)
      for (let line = await lines.next(); line !== undefined; line = await lines.next())
        await proc.out(
          line === "" && body === "t"
            ? `${" ".repeat(width + separator.length)}\n`
            : `${String(number++).padStart(width)}${separator}${line}\n`,
        )
      lines.close()
    }
    return code
  },
})
