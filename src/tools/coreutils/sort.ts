/** sort and uniq. */
import { MONTHS } from "../../calendar.ts"
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import {
  cannotOpen,
  inputs,
  linesOf,
  misuse,
  type Options,
  type Program,
  printLines,
  program,
  readInput,
  unsupported,
} from "./program.ts"

interface Flags {
  numeric: boolean
  human: boolean
  version: boolean
  month: boolean
  fold: boolean
  blanks: boolean
  reverse: boolean
}

interface Key {
  start: { field: number; char: number }
  end: { field: number; char: number } | undefined
  flags: Flags
}

const flagsOf = (has: (letter: string) => boolean): Flags => ({
  numeric: has("n"),
  human: has("h"),
  version: has("V"),
  month: has("M"),
  fold: has("f"),
  blanks: has("b"),
  reverse: has("r"),
})

function parseKey(text: string, defaults: Flags): Key | undefined {
  const match = /^(\d+)(?:\.(\d+))?([bdfhiMnrRV]*)(?:,(\d+)(?:\.(\d+))?([bdfhiMnrRV]*))?$/.exec(text)
  if (match === null || match[1] === "0") return undefined
  const letters = `${match[3] ?? ""}${match[6] ?? ""}`
  return {
    start: { field: Number(match[1]), char: Number(match[2] ?? 1) },
    end: match[4] === undefined ? undefined : { field: Number(match[4]), char: Number(match[5] ?? 0) },
    flags: letters === "" ? defaults : flagsOf((letter) => letters.includes(letter)),
  }
}

/** Where each field begins and ends; without -t blanks belong to the field after them. */
function fieldsOf(line: string, separator: string | undefined): [number, number][] {
  const fields: [number, number][] = []
  if (separator === undefined) {
    for (const match of line.matchAll(/\s*\S+/g)) fields.push([match.index, match.index + match[0].length])
    return fields
  }
  let from = 0
  for (const part of line.split(separator)) {
    fields.push([from, from + part.length])
    from += part.length + separator.length
  }
  return fields
}

function keyText(line: string, key: Key, separator: string | undefined): string {
  const fields = fieldsOf(line, separator)
  const begin = fields[key.start.field - 1]
  if (begin === undefined) return ""
  let from = begin[0]
  if (key.flags.blanks || key.flags.numeric) while (/\s/.test(line[from] ?? "")) from++
  from += key.start.char - 1
  if (key.end === undefined) return line.slice(from)
  const last = fields[key.end.field - 1]
  if (last === undefined) return line.slice(from)
  return line.slice(from, key.end.char === 0 ? last[1] : last[0] + key.end.char)
}

const number = (text: string): number => Number(/^\s*-?\d*\.?\d*/.exec(text)?.[0] ?? 0) || 0
const SUFFIXES = " KMGTPE"

function human(text: string): number {
  const match = /^\s*(-?\d*\.?\d+)([KMGTPE]?)/i.exec(text)
  if (match === null) return 0
  return Number(match[1]) * 1024 ** Math.max(0, SUFFIXES.indexOf((match[2] as string).toUpperCase() || " "))
}

/** Digits compare as numbers, the rest as text. Models filevercmp for the names people sort. */
function compareVersions(a: string, b: string): number {
  const split = (text: string): string[] => text.match(/\d+|\D+/g) ?? []
  const [x, y] = [split(a), split(b)]
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p = "", q = ""] = [x[i], y[i]]
    const both = /^\d/.test(p) && /^\d/.test(q)
    const order = both ? Number(p) - Number(q) : compareText(p, q)
    if (order !== 0) return order
  }
  return 0
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function compareBy(a: string, b: string, flags: Flags): number {
  if (flags.numeric) return number(a) - number(b)
  if (flags.human) return human(a) - human(b)
  if (flags.version) return compareVersions(a, b)
  if (flags.month) return month(a) - month(b)
  if (flags.fold) return compareText(a.toUpperCase(), b.toUpperCase())
  return compareText(a, b)
}

const month = (text: string): number =>
  MONTHS.findIndex((name) => name.toUpperCase() === text.trim().slice(0, 3).toUpperCase())

export const sort: Program = program("sort", {
  options: {
    n: false,
    r: false,
    u: false,
    k: true,
    t: true,
    V: false,
    f: false,
    b: false,
    s: false,
    h: false,
    M: false,
    c: false,
    o: true,
    "numeric-sort": false,
    reverse: false,
    unique: false,
    key: true,
    "field-separator": true,
    "version-sort": false,
    "ignore-case": false,
    stable: false,
    output: true,
    "human-numeric-sort": false,
  },
  usageCode: 2,
  busyboxCode: 2,
  run: async (proc, options) => {
    const long: Readonly<Record<string, string>> = {
      n: "numeric-sort",
      r: "reverse",
      V: "version-sort",
      f: "ignore-case",
      h: "human-numeric-sort",
    }
    const defaults = flagsOf((letter) => options.has(letter, long[letter] ?? letter))
    const keys: Key[] = []
    for (const text of options.values("k", "key")) {
      const key = parseKey(text, defaults)
      if (key === undefined) {
        await proc.err(`sort: -: invalid field specification '${text}'\n`)
        return 2
      }
      keys.push(key)
    }
    return sortLines(proc, options, keys, defaults)
  },
})

async function sortLines(proc: Process, options: Options, keys: Key[], defaults: Flags): Promise<number> {
  const separator = options.value("t", "field-separator")
  if (separator !== undefined && separator.length !== 1)
    return misuse(proc, options, separator === "" ? "empty tab" : `multi-character tab '${separator}'`, 2)
  const all: string[] = []
  for (const operand of options.operands.length === 0 ? ["-"] : options.operands) {
    const read = await readInput(proc, operand)
    if ("errno" in read) {
      await proc.err(
        options.style === "gnu"
          ? `sort: cannot read: ${operand}: ${strerror(read.errno)}\n`
          : cannotOpen("busybox", "sort", operand, read.errno),
      )
      return 2
    }
    all.push(...linesOf(read.data))
  }
  const byKeys = (a: string, b: string): number => {
    for (const key of keys) {
      const order = compareBy(keyText(a, key, separator), keyText(b, key, separator), key.flags)
      if (order !== 0) return key.flags.reverse ? -order : order
    }
    if (keys.length > 0) return 0
    const order = defaults.blanks ? compareBy(a.trimStart(), b.trimStart(), defaults) : compareBy(a, b, defaults)
    return defaults.reverse ? -order : order
  }
  const unique = options.has("u", "unique")
  const compare = (a: string, b: string): number => {
    const order = byKeys(a, b)
    if (order !== 0 || unique || options.has("s", "stable")) return order
    return defaults.reverse ? -compareText(a, b) : compareText(a, b)
  }
  if (options.has("c")) return check(proc, options, all, compare, unique)
  all.sort(compare)
  const result = unique ? all.filter((line, i) => i === 0 || byKeys(all[i - 1] as string, line) !== 0) : all
  const output = options.value("o", "output")
  if (output === undefined) await printLines(proc, result)
  else {
    const errno = proc.fs.writeFile(proc.path(output), result.map((line) => `${line}\n`).join(""))
    if (errno === undefined) return 0
    await proc.err(`sort: open failed: ${output}: ${strerror(errno)}\n`)
    return 2
  }
  return 0
}

async function check(
  proc: Process,
  options: Options,
  all: readonly string[],
  compare: (a: string, b: string) => number,
  unique: boolean,
): Promise<number> {
  const at = all.findIndex(
    (line, i) =>
      i > 0 && (compare(all[i - 1] as string, line) > 0 || (unique && compare(all[i - 1] as string, line) === 0)),
  )
  if (at < 0) return 0
  await proc.err(`sort: ${options.operands[0] ?? "-"}:${at + 1}: disorder: ${all[at]}\n`)
  return 1
}

export const uniq: Program = program("uniq", {
  options: {
    c: false,
    d: false,
    u: false,
    i: false,
    f: true,
    s: true,
    count: false,
    repeated: false,
    unique: false,
    "ignore-case": false,
  },
  run: async (proc, options) => {
    const [, output, extra] = options.operands
    if (extra !== undefined) return misuse(proc, options, `extra operand '${extra}'`)
    if (output !== undefined) return unsupported(proc, "uniq", "writing to a file (only to standard output)")
    let code = 0
    const runs: { line: string; key: string; count: number }[] = []
    const skip = Number(options.value("f") ?? 0)
    const keyOf = (line: string): string => {
      const text = line
        .replace(new RegExp(`^(?:\\s*\\S+){0,${skip}}`), skip > 0 ? "" : "$&")
        .slice(Number(options.value("s") ?? 0))
      return options.has("i", "ignore-case") ? text.toLowerCase() : text
    }
    for await (const { data } of inputs(
      proc,
      "uniq",
      options.withOperands(options.operands.slice(0, 1)),
      () => (code = 1),
    ))
      for (const line of linesOf(data)) {
        const last = runs[runs.length - 1]
        const key = keyOf(line)
        if (last?.key === key) last.count++
        else runs.push({ line, key, count: 1 })
      }
    const kept = runs.filter(
      (run) => (!options.has("d", "repeated") || run.count > 1) && (!options.has("u", "unique") || run.count === 1),
    )
    await printLines(
      proc,
      kept.map((run) => (options.has("c", "count") ? `${String(run.count).padStart(7)} ${run.line}` : run.line)),
    )
    return code
  },
})
