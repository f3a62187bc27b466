/**
 * Where in a cell an error came from. tslab prints a cell anew as JavaScript and keeps no source map, so a stack's lines are those of code
 * nobody sees. The same converter makes that code again here, and its tokens are lined up with the cell's. Needed after a failure only.
 */
import { createRequire } from "node:module"
import type ts from "typescript"
import type { Frame } from "../notebook/failure.ts"

export interface RunCell {
  id: string
  source: string
  /** It ended well: its declarations hold in the cells after it. */
  ok: boolean
}

interface Converter {
  convert(
    previous: string,
    source: string,
  ): { output?: string; declOutput?: string; diagnostics: readonly unknown[]; hasToplevelAwait?: boolean }
  close(): void
}

interface Token {
  text: string
  start: number
}

/** tslab's own dependency, found from tslab's folder. */
const COMPILER = "@tslab/typescript-for-tslab"
/** What tslab writes in front of a cell's first line. */
const PREFIX = "(function(exports, require) { "
const ASYNC_PREFIX = "(async function(exports, require) { "
/** Cells longer than this are not lined up (cells of the table, tokens × tokens). */
const TABLE_MAX = 40_000_000

export class CellLines {
  readonly #cwd: string
  /** Grows while the notebook runs. */
  readonly #cells: readonly RunCell[]
  readonly #compiler: typeof ts
  readonly #converter: Converter
  /** The JavaScript of each cell as tslab ran it; empty for cells that did not compile. */
  readonly #code: string[] = []
  #declared = ""

  /** @param cwd where the kernel runs: imports resolve from there */
  constructor(cwd: string, cells: readonly RunCell[]) {
    const require = createRequire(createRequire(import.meta.url).resolve("tslab/package.json"))
    this.#cwd = cwd
    this.#cells = cells
    this.#compiler = require(COMPILER) as typeof ts
    const { createConverter } = require("./dist/converter.js") as { createConverter(): Converter }
    this.#converter = inFolder(cwd, createConverter)
  }

  close(): void {
    this.#converter.close()
  }

  /** `cell fdb 3:7` for a frame of the cell `id`, or of a function of an earlier cell that it called; `undefined` for neither. */
  place(id: string, frame: Frame): string | undefined {
    inFolder(this.#cwd, () => {
      for (const cell of this.#cells.slice(this.#code.length)) this.#code.push(this.#generate(cell))
    })
    const own = this.#cells.findIndex((cell) => cell.id === id)
    const name = /[\w$]+$/.exec(frame.name)?.[0]
    const candidates =
      name === undefined
        ? [own]
        : Array.from({ length: own + 1 }, (_, k) => own - k).filter((k) => this.#names(k, name))
    for (const k of candidates) {
      const at = this.#inCell(k, frame)
      if (at !== undefined) return `cell ${this.#cells[k]?.id} ${at.line + 1}:${at.character + 1}`
    }
    return undefined
  }

  #generate({ source, ok }: RunCell): string {
    const { output, declOutput, diagnostics, hasToplevelAwait } = this.#converter.convert(this.#declared, source)
    if (diagnostics.length > 0) return ""
    if (ok) this.#declared = declOutput ?? ""
    return output === undefined ? "" : (hasToplevelAwait === true ? ASYNC_PREFIX : PREFIX) + output
  }

  #names(k: number, name: string): boolean {
    return new RegExp(`(^|[^\\w$.])${name.replaceAll("$", "\\$")}\\s*(\\(|=|:)`).test(this.#code[k] ?? "")
  }

  #inCell(k: number, frame: Frame): { line: number; character: number } | undefined {
    const code = this.#code[k] ?? ""
    const line = code.split("\n")[frame.line - 1]
    if (line === undefined || frame.column > line.length + 1) return undefined
    const before = code.split("\n").slice(0, frame.line - 1)
    const offset = before.reduce((sum, text) => sum + text.length + 1, 0) + frame.column - 1
    const generated = this.#tokens(code)
    const written = this.#tokens(this.#cells[k]?.source ?? "")
    const pairs = align(generated, written)
    let at = generated.findLastIndex((token) => token.start <= offset)
    while (at >= 0 && pairs[at] === undefined) at--
    const token = written[pairs[at] ?? -1]
    return token && lineOf(this.#cells[k]?.source ?? "", token.start)
  }

  #tokens(text: string): Token[] {
    const compiler = this.#compiler
    const file = compiler.createSourceFile("cell.ts", text, compiler.ScriptTarget.ESNext, true)
    const tokens: Token[] = []
    const visit = (node: ts.Node): void => {
      const children = node.getChildren(file)
      if (children.length === 0 && node.getWidth(file) > 0)
        tokens.push({ text: node.getText(file).replace(/^'|'$/g, '"'), start: node.getStart(file) })
      for (const child of children) visit(child)
    }
    visit(file)
    return tokens
  }
}

function lineOf(text: string, offset: number): { line: number; character: number } {
  const before = text.slice(0, offset).split("\n")
  return { line: before.length - 1, character: (before[before.length - 1] as string).length }
}

/** The converter takes the folder of the process for the notebook's. */
function inFolder<T>(cwd: string, work: () => T): T {
  const before = process.cwd()
  if (before === cwd) return work()
  process.chdir(cwd)
  try {
    return work()
  } finally {
    process.chdir(before)
  }
}

/** For each token of `a` the index of its fellow in `b`: a longest common subsequence. */
function align(a: readonly Token[], b: readonly Token[]): (number | undefined)[] {
  const pairs: (number | undefined)[] = a.map(() => undefined)
  const width = b.length + 1
  if ((a.length + 1) * width > TABLE_MAX) return pairs
  const longest = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i]?.text === b[j]?.text
          ? (longest[(i + 1) * width + j + 1] as number) + 1
          : Math.max(longest[(i + 1) * width + j] as number, longest[i * width + j + 1] as number)
  for (let i = 0, j = 0; i < a.length && j < b.length; )
    if (a[i]?.text === b[j]?.text) pairs[i++] = j++
    else if ((longest[(i + 1) * width + j] as number) >= (longest[i * width + j + 1] as number)) i++
    else j++
  return pairs
}
