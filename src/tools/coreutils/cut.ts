/** cut, paste, tr, fold, column. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import {
  cannotOpen,
  inputs,
  LineReader,
  linesOf,
  misuse,
  type Options,
  openInput,
  type Program,
  printLines,
  program,
  unsupported,
} from "./program.ts"

type Range = readonly [number, number]

/** `1,3-5,-2,7-`; undefined when it is no list. */
function parseRanges(list: string): Range[] | string {
  const ranges: Range[] = []
  for (const part of list.split(",")) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part)
    if (match === null) return `invalid field value '${part}'`
    const [, from = "", dash = "", to = ""] = match
    if (from === "" && to === "")
      return dash === "" ? "fields are numbered from 1" : "invalid range with no endpoint: -"
    const range: Range = [
      Number(from || 1),
      dash === "" ? Number(from) : to === "" ? Number.POSITIVE_INFINITY : Number(to),
    ]
    if (range[0] === 0 || range[1] === 0) return "fields are numbered from 1"
    if (range[0] > range[1]) return "invalid decreasing range"
    ranges.push(range)
  }
  return ranges
}

export const cut: Program = program("cut", {
  options: {
    d: true,
    f: true,
    c: true,
    b: true,
    s: false,
    delimiter: true,
    fields: true,
    characters: true,
    "only-delimited": false,
    "output-delimiter": true,
    complement: false,
  },
  run: async (proc, options) => {
    const fields = options.value("f", "fields")
    const list = fields ?? options.value("c", "b", "characters")
    if (list === undefined) return misuse(proc, options, "you must specify a list of bytes, characters, or fields")
    const delimiter = options.value("d", "delimiter") ?? "\t"
    if ([...delimiter].length > 1) return misuse(proc, options, "the delimiter must be a single character")
    const ranges = parseRanges(list)
    if (typeof ranges === "string")
      return misuse(
        proc,
        options,
        fields === undefined
          ? ranges
              .replace("fields are", "byte/character positions are")
              .replace("field value", "byte/character position")
          : ranges,
      )
    let code = 0
    const print = (line: string): string | undefined => cutLine(line, ranges, fields !== undefined, delimiter, options)
    for (const operand of options.operands.length === 0 ? ["-"] : options.operands) {
      const file = openInput(proc, operand)
      if (typeof file === "string") {
        await proc.err(`cut: ${operand}: ${strerror(file)}\n`)
        code = 1
        continue
      }
      const lines = new LineReader(proc, file)
      for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
        const text = print(line)
        if (text !== undefined) await proc.out(`${text}\n`)
      }
      lines.close()
    }
    return code
  },
})

function cutLine(
  line: string,
  ranges: readonly Range[],
  fields: boolean,
  delimiter: string,
  options: Options,
): string | undefined {
  const complement = options.has("complement")
  const wanted = (i: number): boolean => ranges.some(([from, to]) => i + 1 >= from && i + 1 <= to) !== complement
  if (!fields) return [...line].filter((_, i) => wanted(i)).join("")
  if (!line.includes(delimiter)) return options.has("s", "only-delimited") ? undefined : line
  return line
    .split(delimiter)
    .filter((_, i) => wanted(i))
    .join(options.value("output-delimiter") ?? delimiter)
}

export const paste: Program = program("paste", {
  options: { d: true, s: false, delimiters: true, serial: false },
  run: async (proc, options) => {
    const delimiters = [...(options.value("d", "delimiters") ?? "\t").replaceAll("\\n", "\n").replaceAll("\\t", "\t")]
    const columns: string[][] = []
    const operands = options.operands.length === 0 ? ["-"] : options.operands
    const inputs = operands.filter((operand) => operand === "-").length
    const stdin = inputs > 0 ? linesOf(await proc.readAll()) : []
    let taken = 0
    for (const operand of operands) {
      if (operand === "-") {
        const mine = taken++
        columns.push(options.has("s", "serial") ? stdin : stdin.filter((_, i) => i % inputs === mine))
        continue
      }
      const file = openInput(proc, operand)
      if (typeof file === "string") {
        await proc.err(`paste: ${operand}: ${strerror(file)}\n`)
        return 1
      }
      const lines = new LineReader(proc, file)
      const all: string[] = []
      for (let line = await lines.next(); line !== undefined; line = await lines.next()) all.push(line)
      lines.close()
      columns.push(all)
    }
    const join = (items: readonly string[]): string =>
      items.reduce(
        (text, item, i) => text + (i === 0 ? "" : (delimiters[(i - 1) % delimiters.length] ?? "")) + item,
        "",
      )
    if (options.has("s", "serial")) await printLines(proc, columns.map(join))
    else {
      const rows = Math.max(0, ...columns.map((column) => column.length))
      await printLines(
        proc,
        Array.from({ length: rows }, (_, i) => join(columns.map((column) => column[i] ?? ""))),
      )
    }
    return 0
  },
})

const CLASSES: Readonly<Record<string, string>> = {
  upper: "A-Z",
  lower: "a-z",
  digit: "0-9",
  alpha: "A-Za-z",
  alnum: "0-9A-Za-z",
  space: "\t\n\v\f\r ",
  blank: "\t ",
  punct: "!-/:-@[-`{-~",
  xdigit: "0-9A-Fa-f",
  cntrl: "\x00-\x1f\x7f",
  print: " -~",
  graph: "!-~",
}
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
}

/** `a-z`, `\n`, `\101`, `[:upper:]` spelled out. */
function characters(set: string): string[] {
  const tokens: { c: string; escaped: boolean }[] = []
  const pattern = /\[:([a-z]+):\]|\\([0-7]{1,3})|\\(.)|([\s\S])/g
  for (const [, name, octal, backslashed, plain] of set.matchAll(pattern)) {
    if (name !== undefined) for (const c of spell(CLASSES[name] ?? "")) tokens.push({ c, escaped: true })
    else if (octal !== undefined) tokens.push({ c: String.fromCharCode(Number.parseInt(octal, 8)), escaped: true })
    else if (backslashed !== undefined) tokens.push({ c: ESCAPES[backslashed] ?? backslashed, escaped: true })
    else tokens.push({ c: plain as string, escaped: false })
  }
  const result: string[] = []
  for (let i = 0; i < tokens.length; i++) {
    const to = tokens[i + 2]
    if (tokens[i + 1]?.c === "-" && tokens[i + 1]?.escaped === false && to !== undefined) {
      result.push(...between((tokens[i] as { c: string }).c, to.c))
      i += 2
    } else result.push((tokens[i] as { c: string }).c)
  }
  return result
}

const spell = (text: string): string[] => [
  ...text.replace(/([\s\S])-([\s\S])/g, (_, a: string, b: string) => between(a, b).join("")),
]

const between = (a: string, b: string): string[] =>
  Array.from({ length: Math.max(0, b.charCodeAt(0) - a.charCodeAt(0) + 1) }, (_, i) =>
    String.fromCharCode(a.charCodeAt(0) + i),
  )

export const tr: Program = program("tr", {
  options: {
    d: false,
    s: false,
    c: false,
    C: false,
    t: false,
    delete: false,
    "squeeze-repeats": false,
    complement: false,
    "truncate-set1": false,
  },
  posix: true,
  run: async (proc, options) => {
    const [first, second, extra] = options.operands
    const deletes = options.has("d", "delete")
    const squeezes = options.has("s", "squeeze-repeats")
    if (first === undefined) return misuse(proc, options, "missing operand")
    if (second === undefined && !deletes && !squeezes) {
      await proc.err(
        `tr: missing operand after '${first}'\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n`,
      )
      return 1
    }
    if (extra !== undefined) return misuse(proc, options, `extra operand '${extra}'`)
    const turn = translation(first, second, deletes, squeezes, options)
    const decoder = new TextDecoder()
    for (let chunk = await proc.read(0); chunk.length > 0; chunk = await proc.read(0))
      await proc.out(turn(decoder.decode(chunk, { stream: true })))
    return 0
  },
})

function translation(
  first: string,
  second: string | undefined,
  deletes: boolean,
  squeezes: boolean,
  options: Options,
): (text: string) => string {
  const to = second === undefined ? [] : characters(second)
  const from = options.has("t", "truncate-set1") ? characters(first).slice(0, to.length) : characters(first)
  const complement = options.has("c", "C", "complement")
  const set = new Set(from)
  const inSet = (c: string): boolean => set.has(c) !== complement
  const last = to[to.length - 1] ?? ""
  const map = new Map(from.map((c, i) => [c, to[i] ?? last]))
  const squeezed = new Set(second === undefined || deletes ? (deletes ? to : from) : to)
  const squeezable = (c: string): boolean => (second === undefined ? inSet(c) : squeezed.has(c))
  let previous = ""
  return (text) => {
    let result = ""
    for (const c of text) {
      if (deletes && inSet(c)) continue
      const next = !deletes && second !== undefined && inSet(c) ? (complement ? last : (map.get(c) ?? c)) : c
      if (squeezes && next === previous && squeezable(next)) continue
      previous = next
      result += next
    }
    return result
  }
}

export const fold: Program = program("fold", {
  options: { w: true, s: false, width: true },
  rewrite: (argv) => argv.map((word) => (/^-\d+$/.test(word) ? `-w${word.slice(1)}` : word)),
  run: async (proc, options) => {
    if (options.has("s")) return unsupported(proc, "fold", "option '-s'")
    const width = Number(options.value("w", "width") ?? 80)
    let code = 0
    for await (const { data } of inputs(proc, "fold", options, () => (code = 1)))
      for (const line of linesOf(data)) {
        const characters = [...line]
        for (let at = 0; at === 0 || at < characters.length; at += width)
          await proc.out(`${characters.slice(at, at + width).join("")}\n`)
      }
    return code
  },
})

/** `column -t`: a table. */
export const column: Program = program("column", {
  options: { t: false, s: true, table: false, separator: true },
  letters: { h: false, V: false },
  run: async (proc, options) => {
    if (!options.has("t", "table")) return unsupported(proc, "column", "filling columns (only -t)")
    const separator = options.value("s", "separator")
    const rows: string[][] = []
    for (const operand of options.operands.length === 0 ? ["-"] : options.operands)
      await readRows(proc, operand, separator, rows)
    const widths = rows.reduce<number[]>(
      (most, row) => row.map((cell, i) => Math.max(cell.length, most[i] ?? 0)).concat(most.slice(row.length)),
      [],
    )
    await printLines(
      proc,
      rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ")),
    )
    return 0
  },
})

async function readRows(
  proc: Process,
  operand: string,
  separator: string | undefined,
  rows: string[][],
): Promise<void> {
  const file = openInput(proc, operand)
  if (typeof file === "string") return proc.err(cannotOpen("gnu", "column", operand, file))
  const lines = new LineReader(proc, file)
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    const cells =
      separator === undefined
        ? line.split(/\s+/).filter((cell) => cell !== "")
        : line.split(new RegExp(`[${separator.replace(/[\\\]^-]/g, "\\$&")}]`))
    if (line.trim() !== "") rows.push(cells)
  }
  lines.close()
}
