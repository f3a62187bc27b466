/** Programs on lines of text: cat head tail wc grep sort uniq cut tr tee seq. */
import { strerror } from "../../linux/errno.ts"
import { openFile } from "../../linux/task/open.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { getopt, getoptMessage, type OptionTable, type ParsedOptions } from "../../shell/getopt.ts"
import { defineTool } from "../../shell/tool.ts"

const decoder = new TextDecoder()

/** A program whose options are checked first. */
export function withOptions(
  name: string,
  table: OptionTable,
  run: (proc: Process, parsed: ParsedOptions) => Promise<number>,
  usageCode = 1,
  posix = false,
): Tool {
  return defineTool(name, async (proc) => {
    const parsed = getopt(proc.argv, table, posix)
    if (!("kind" in parsed)) return run(proc, parsed)
    await proc.err(`${getoptMessage(name, parsed)}Try '${name} --help' for more information.\n`)
    return usageCode
  })
}

const has = (parsed: ParsedOptions, ...names: string[]): boolean =>
  parsed.options.some((option) => names.includes(option.name))
const value = (parsed: ParsedOptions, ...names: string[]): string | undefined =>
  parsed.options.findLast((option) => names.includes(option.name))?.value

/** Each operand's bytes, `-` and none being standard input; a file that cannot be read is reported. */
async function* inputs(
  proc: Process,
  name: string,
  operands: readonly string[],
  failed: () => void,
): AsyncGenerator<{ label: string; data: Uint8Array }> {
  for (const operand of operands.length === 0 ? ["-"] : operands) {
    if (operand === "-") {
      yield { label: "-", data: await proc.readAll() }
      continue
    }
    const data = proc.fs.readFile(proc.path(operand))
    if (typeof data !== "string") yield { label: operand, data }
    else {
      failed()
      await proc.err(`${name}: ${operand}: ${strerror(data)}\n`)
    }
  }
}

const lines = (data: Uint8Array): string[] => {
  const text = decoder.decode(data)
  return text === "" ? [] : text.replace(/\n$/, "").split("\n")
}

const print = (proc: Process, all: readonly string[]): Promise<void> =>
  proc.out(all.map((line) => `${line}\n`).join(""))

/** Copies as bytes arrive, so that it works in the middle of a live pipeline. */
const cat = withOptions("cat", { n: false, u: false }, async (proc, parsed) => {
  let code = 0
  let number = 0
  for (const operand of parsed.operands.length === 0 ? ["-"] : parsed.operands) {
    const file = operand === "-" ? proc.fds.get(0) : openFile(proc, operand, "r")
    if (typeof file === "string" || file === undefined) {
      await proc.err(`cat: ${operand}: ${typeof file === "string" ? strerror(file) : "Bad file descriptor"}\n`)
      code = 1
      continue
    }
    for (;;) {
      const chunk = await file.read(proc, 65536)
      if (chunk.length === 0) break
      if (has(parsed, "n"))
        await proc.out(
          decoder
            .decode(chunk)
            .replace(/^(?=[\s\S]|$)/gm, (_, at: number, whole: string) =>
              at === whole.length ? "" : `${String(++number).padStart(6)}\t`,
            ),
        )
      else await proc.out(chunk)
    }
    if (operand !== "-") file.close()
  }
  return code
})

/** Stops reading once it has enough: the writer before it gets SIGPIPE. */
const head = defineTool("head", async (proc) => {
  const argv = proc.argv.map((word) => (/^-\d+$/.test(word) ? `-n${word.slice(1)}` : word))
  const parsed = getopt(argv, { n: true, c: true, lines: true, bytes: true, q: false })
  if ("kind" in parsed) {
    await proc.err(`${getoptMessage("head", parsed)}Try 'head --help' for more information.\n`)
    return 1
  }
  const count = Number(value(parsed, "n", "lines") ?? 10)
  const bytes = value(parsed, "c", "bytes")
  let code = 0
  for (const operand of parsed.operands.length === 0 ? ["-"] : parsed.operands) {
    const file = operand === "-" ? proc.fds.get(0) : openFile(proc, operand, "r")
    if (typeof file === "string" || file === undefined) {
      await proc.err(`head: cannot open '${operand}' for reading: ${typeof file === "string" ? strerror(file) : ""}\n`)
      code = 1
      continue
    }
    let left = bytes === undefined ? count : Number(bytes)
    while (left > 0) {
      const chunk = await file.read(proc, bytes === undefined ? 65536 : left)
      if (chunk.length === 0) break
      if (bytes !== undefined) {
        await proc.out(chunk)
        left -= chunk.length
        continue
      }
      let end = 0
      while (left > 0 && end < chunk.length) if (chunk[end++] === 10) left--
      await proc.out(chunk.subarray(0, end))
    }
  }
  return code
})

const tail = defineTool("tail", async (proc) => {
  const argv = proc.argv.map((word) => (/^-\d+$/.test(word) ? `-n${word.slice(1)}` : word))
  const parsed = getopt(argv, { n: true, c: true, lines: true, bytes: true, q: false })
  if ("kind" in parsed) {
    await proc.err(
      parsed.name === "f"
        ? "tail: podwire does not support option '-f'\n"
        : `${getoptMessage("tail", parsed)}Try 'tail --help' for more information.\n`,
    )
    return 1
  }
  let code = 0
  const count = value(parsed, "n", "lines") ?? "10"
  const bytes = value(parsed, "c", "bytes")
  for await (const { data } of inputs(proc, "tail", parsed.operands, () => (code = 1))) {
    if (bytes !== undefined) await proc.out(data.slice(-Number(bytes)))
    else if (count.startsWith("+")) await print(proc, lines(data).slice(Number(count) - 1))
    else await print(proc, Number(count) === 0 ? [] : lines(data).slice(-Number(count)))
  }
  return code
})

const wc = withOptions(
  "wc",
  { l: false, w: false, c: false, m: false, lines: false, words: false, bytes: false },
  async (proc, parsed) => {
    let code = 0
    const rows: { counts: number[]; label: string }[] = []
    const all = !has(parsed, "l", "w", "c", "m", "lines", "words", "bytes")
    for await (const { label, data } of inputs(proc, "wc", parsed.operands, () => (code = 1))) {
      const text = decoder.decode(data)
      const counts: number[] = []
      if (all || has(parsed, "l", "lines")) counts.push(text.split("\n").length - 1)
      if (all || has(parsed, "w", "words")) counts.push(text.split(/\s+/).filter((word) => word !== "").length)
      if (has(parsed, "m")) counts.push([...text].length)
      if (all || has(parsed, "c", "bytes")) counts.push(data.length)
      rows.push({ counts, label: parsed.operands.length === 0 ? "" : label })
    }
    if (rows.length > 1)
      rows.push({
        counts: (rows[0] as { counts: number[] }).counts.map((_, i) =>
          rows.reduce((sum, row) => sum + (row.counts[i] ?? 0), 0),
        ),
        label: "total",
      })
    // One number alone is not padded; standard input gets seven columns (as coreutils does).
    const single = rows.length === 1 && rows[0]?.counts.length === 1
    const width = single
      ? 1
      : parsed.operands.length === 0
        ? 7
        : Math.max(...rows.flatMap((row) => row.counts.map((n) => String(n).length)))
    for (const { counts, label } of rows)
      await proc.out(`${counts.map((n) => String(n).padStart(width)).join(" ")}${label === "" ? "" : ` ${label}`}\n`)
    return code
  },
)

/** A POSIX pattern as a RegExp source: basic syntax swaps the meaning of backslashed operators. */
function regexpOf(pattern: string, extended: boolean, fixed: boolean): string {
  const classes = (text: string): string =>
    text.replace(
      /\[:(alpha|digit|alnum|space|upper|lower):\]/g,
      (_, name: string) =>
        ({ alpha: "A-Za-z", digit: "0-9", alnum: "A-Za-z0-9", space: "\\s", upper: "A-Z", lower: "a-z" })[name] ?? "",
    )
  if (fixed) return pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
  if (extended) return classes(pattern)
  return classes(pattern).replace(
    /\\([(){}|+?])|([(){}|+?])/g,
    (_, escaped: string | undefined, plain: string | undefined) => escaped ?? `\\${plain}`,
  )
}

const GREP = {
  E: false,
  F: false,
  v: false,
  c: false,
  n: false,
  i: false,
  o: false,
  q: false,
  w: false,
  x: false,
  l: false,
  e: true,
  A: true,
  B: true,
  C: true,
  h: false,
  s: false,
  color: false,
  "line-buffered": false,
  "extended-regexp": false,
  "fixed-strings": false,
  "invert-match": false,
  count: false,
  "ignore-case": false,
}

const grep = withOptions(
  "grep",
  GREP,
  async (proc, parsed) => {
    const operands = [...parsed.operands]
    const pattern = value(parsed, "e") ?? operands.shift()
    if (pattern === undefined) {
      await proc.err("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n")
      return 2
    }
    let source = pattern
      .split("\n")
      .map((line) => regexpOf(line, has(parsed, "E", "extended-regexp"), has(parsed, "F", "fixed-strings")))
      .join("|")
    if (has(parsed, "w")) source = `(?<![\\w])(?:${source})(?![\\w])`
    if (has(parsed, "x")) source = `^(?:${source})$`
    const regexp = new RegExp(source, has(parsed, "i", "ignore-case") ? "gi" : "g")
    return grepFiles(proc, parsed, operands, regexp)
  },
  2,
)

async function grepFiles(
  proc: Process,
  parsed: ParsedOptions,
  operands: readonly string[],
  regexp: RegExp,
): Promise<number> {
  let code = 1
  let failed = false
  for await (const { label, data } of inputs(proc, "grep", operands, () => (failed = true))) {
    const all = lines(data)
    const matched = all.map((line) => {
      regexp.lastIndex = 0
      return regexp.test(line) !== has(parsed, "v", "invert-match")
    })
    const count = matched.filter((hit) => hit).length
    if (count > 0) code = 0
    if (has(parsed, "q")) continue
    const prefix = operands.length > 1 && !has(parsed, "h") ? `${label}:` : ""
    if (has(parsed, "l")) await proc.out(count > 0 ? `${label}\n` : "")
    else if (has(parsed, "c", "count")) await proc.out(`${prefix}${count}\n`)
    else await printMatches(proc, parsed, all, matched, regexp, prefix)
  }
  return failed ? 2 : code
}

async function printMatches(
  proc: Process,
  parsed: ParsedOptions,
  all: readonly string[],
  matched: readonly boolean[],
  regexp: RegExp,
  prefix: string,
): Promise<void> {
  const context = Number(value(parsed, "C") ?? 0)
  const after = Number(value(parsed, "A") ?? context)
  const before = Number(value(parsed, "B") ?? context)
  let last = -1
  for (const [i, line] of all.entries()) {
    const near = matched.some((hit, j) => hit && i >= j - before && i <= j + after)
    if (!near) continue
    if ((after > 0 || before > 0) && last >= 0 && i > last + 1) await proc.out("--\n")
    last = i
    const number = has(parsed, "n") ? `${i + 1}${matched[i] ? ":" : "-"}` : ""
    if (has(parsed, "o") && matched[i])
      for (const match of line.match(regexp) ?? []) await proc.out(`${prefix}${number}${match}\n`)
    else await proc.out(`${prefix}${number}${line}\n`)
  }
}

const sort = withOptions("sort", { n: false, r: false, u: false, k: true, t: true, V: false }, async (proc, parsed) => {
  let code = 0
  const all: string[] = []
  for await (const { data } of inputs(proc, "sort", parsed.operands, () => (code = 2))) all.push(...lines(data))
  const field = Number((value(parsed, "k") ?? "0").split(",")[0]?.replace(/\D/g, ""))
  const separator = value(parsed, "t") ?? /\s+/
  const key = (line: string): string => (field > 0 ? (line.trimStart().split(separator)[field - 1] ?? "") : line)
  const numeric = has(parsed, "n") || /n/.test(value(parsed, "k") ?? "")
  const compare = (a: string, b: string): number =>
    numeric
      ? Number.parseFloat(key(a)) - Number.parseFloat(key(b)) || (a < b ? -1 : 1)
      : key(a) < key(b)
        ? -1
        : key(a) > key(b)
          ? 1
          : 0
  all.sort(compare)
  if (has(parsed, "r")) all.reverse()
  await print(proc, has(parsed, "u") ? [...new Set(all)] : all)
  return code
})

const uniq = withOptions("uniq", { c: false, d: false, u: false }, async (proc, parsed) => {
  let code = 0
  const runs: { line: string; count: number }[] = []
  for await (const { data } of inputs(proc, "uniq", parsed.operands, () => (code = 1)))
    for (const line of lines(data)) {
      const last = runs[runs.length - 1]
      if (last?.line === line) last.count++
      else runs.push({ line, count: 1 })
    }
  const kept = runs.filter((run) => (!has(parsed, "d") || run.count > 1) && (!has(parsed, "u") || run.count === 1))
  await print(
    proc,
    kept.map((run) => (has(parsed, "c") ? `${String(run.count).padStart(7)} ${run.line}` : run.line)),
  )
  return code
})

const cut = withOptions("cut", { d: true, f: true, c: true, s: false }, async (proc, parsed) => {
  const list = value(parsed, "f") ?? value(parsed, "c")
  if (list === undefined) {
    await proc.err(
      "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.\n",
    )
    return 1
  }
  const ranges = list.split(",").map((part) => {
    const [from, to] = part.includes("-") ? part.split("-") : [part, part]
    return [Number(from || 1), to === "" || to === undefined ? Number.POSITIVE_INFINITY : Number(to)] as const
  })
  const wanted = (index: number): boolean => ranges.some(([from, to]) => index >= from && index <= to)
  const delimiter = value(parsed, "d") ?? "\t"
  let code = 0
  for await (const { data } of inputs(proc, "cut", parsed.operands, () => (code = 1)))
    for (const line of lines(data)) {
      if (value(parsed, "f") === undefined) await proc.out(`${[...line].filter((_, i) => wanted(i + 1)).join("")}\n`)
      else if (line.includes(delimiter))
        await proc.out(
          `${line
            .split(delimiter)
            .filter((_, i) => wanted(i + 1))
            .join(delimiter)}\n`,
        )
      else if (!has(parsed, "s")) await proc.out(`${line}\n`)
    }
  return code
})

/** `a-z`, `\n`, `[:upper:]` spelled out. */
function characters(set: string): string[] {
  const text = set
    .replace(
      /\[:(upper|lower|digit|space):\]/g,
      (_, name: string) => ({ upper: "A-Z", lower: "a-z", digit: "0-9", space: " \t\n\r" })[name] ?? "",
    )
    .replace(/\\([nrt\\])/g, (_, c: string) => ({ n: "\n", r: "\r", t: "\t", "\\": "\\" })[c] ?? c)
  return [
    ...text.replace(/(.)-(.)/gs, (_, a: string, b: string) =>
      Array.from({ length: Math.max(0, b.charCodeAt(0) - a.charCodeAt(0) + 1) }, (_x, i) =>
        String.fromCharCode(a.charCodeAt(0) + i),
      ).join(""),
    ),
  ]
}

const tr = withOptions("tr", { d: false, s: false, c: false }, async (proc, parsed) => {
  const [first = "", second = ""] = parsed.operands
  const from = characters(first)
  const to = characters(second)
  const complement = has(parsed, "c")
  const inSet = (c: string): boolean => from.includes(c) !== complement
  let text = await proc.readText()
  if (has(parsed, "d")) text = [...text].filter((c) => !inSet(c)).join("")
  else if (second !== "")
    text = [...text]
      .map((c) => (inSet(c) ? (to[complement ? to.length - 1 : Math.min(from.indexOf(c), to.length - 1)] ?? c) : c))
      .join("")
  if (has(parsed, "s")) {
    const squeezed = second === "" ? from : to
    text = [...text].filter((c, i, all) => !(squeezed.includes(c) && all[i - 1] === c)).join("")
  }
  await proc.out(text)
  return 0
})

const tee = withOptions("tee", { a: false }, async (proc, parsed) => {
  const files = parsed.operands.map((name) => openFile(proc, name, has(parsed, "a") ? "a" : "w"))
  let code = 0
  for (const [i, file] of files.entries())
    if (typeof file === "string") {
      await proc.err(`tee: ${parsed.operands[i]}: ${strerror(file)}\n`)
      code = 1
    }
  for (;;) {
    const chunk = await proc.read(0)
    if (chunk.length === 0) return code
    await proc.out(chunk)
    for (const file of files) if (typeof file !== "string") await file.write(proc, chunk)
  }
})

const seq = withOptions("seq", { s: true, w: false }, async (proc, parsed) => {
  const numbers = parsed.operands.map(Number)
  const [first, step, last] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers
  const out: string[] = []
  for (
    let n = first as number;
    (step as number) > 0 ? n <= (last as number) : n >= (last as number);
    n += step as number
  )
    out.push(String(n))
  if (out.length > 0) await proc.out(`${out.join(value(parsed, "s") ?? "\n")}\n`)
  return 0
})

export const TEXT_TOOLS: readonly Tool[] = [cat, head, tail, wc, grep, sort, uniq, cut, tr, tee, seq]
