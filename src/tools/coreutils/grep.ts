/** grep, egrep, fgrep. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { escapeRegExp } from "../../shell/pattern.ts"
import { posixRegex, RegexError } from "../../shell/posix-regex.ts"
import { busyboxUsage } from "../help/index.ts"
import { tryHelp } from "./manners.ts"
import { LineReader, type Options, openInput, type Program, program, readInput, unsupported } from "./program.ts"

const OPTIONS = {
  i: false,
  v: false,
  E: false,
  F: false,
  G: false,
  P: false,
  q: false,
  c: false,
  n: false,
  o: false,
  w: false,
  x: false,
  e: true,
  f: true,
  l: false,
  L: false,
  h: false,
  H: false,
  s: false,
  r: false,
  R: false,
  A: true,
  B: true,
  C: true,
  m: true,
  b: false,
  a: false,
  I: false,
  "ignore-case": false,
  "invert-match": false,
  "extended-regexp": false,
  "fixed-strings": false,
  "basic-regexp": false,
  "perl-regexp": false,
  quiet: false,
  silent: false,
  count: false,
  "line-number": false,
  "only-matching": false,
  "word-regexp": false,
  "line-regexp": false,
  regexp: true,
  file: true,
  "files-with-matches": false,
  "files-without-match": false,
  "no-filename": false,
  "with-filename": false,
  "no-messages": false,
  recursive: false,
  "after-context": true,
  "before-context": true,
  context: true,
  "max-count": true,
  "byte-offset": false,
  "line-buffered": false,
  include: true,
  color: false,
  colour: false,
} as const

const USAGE = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"

/** `-2` is `-C 2`; `--color=auto` needs no terminal to say no. */
function rewrite(argv: readonly string[]): readonly string[] {
  return argv.map((word, i) => {
    if (i > 0 && /^-\d+$/.test(word)) return `-C${word.slice(1)}`
    return /^--colou?r=(auto|never)$/.test(word) ? "--color" : word
  })
}

function variant(name: string, extended: boolean, fixed: boolean): Program {
  return (style) => {
    const made = program(style === "gnu" ? "grep" : name, {
      options: OPTIONS,
      usageCode: 2,
      busyboxCode: 2,
      helpLast: true,
      afterWrongOption: (program) => `Usage: grep [OPTION]... PATTERNS [FILE]...\n${tryHelp(program)}`,
      rewrite,
      run: (proc, options) => grepMain(proc, options, extended, fixed),
    })(style)
    return { ...made, name }
  }
}

export const grep: Program = variant("grep", false, false)
export const egrep: Program = variant("egrep", true, false)
export const fgrep: Program = variant("fgrep", false, true)

async function grepMain(proc: Process, options: Options, extended: boolean, fixed: boolean): Promise<number> {
  const patterns = [...options.values("e", "regexp")]
  for (const file of options.values("f", "file")) {
    const read = await readInput(proc, file)
    if ("errno" in read) {
      await proc.err(`grep: ${file}: ${strerror(read.errno)}\n`)
      return 2
    }
    patterns.push(new TextDecoder().decode(read.data).replace(/\n$/, ""))
  }
  const operands = [...options.operands]
  if (patterns.length === 0) {
    const first = operands.shift()
    if (first === undefined) {
      await proc.err(options.style === "gnu" ? USAGE : await busyboxUsage(proc, "grep"))
      return 2
    }
    patterns.push(first)
  }
  try {
    if (isExtended(options, extended, fixed))
      for (const pattern of patterns)
        if (pattern.startsWith("*")) await proc.err("grep: warning: * at start of expression\n")
    const matcher = compile(
      patterns.flatMap((text) => text.split("\n")),
      options,
      extended,
      fixed,
    )
    return await new Search(proc, options, matcher).run(operands)
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    if (error.message.startsWith("podwire")) return unsupported(proc, "grep", error.message.slice(8), 2)
    await proc.err(`grep: ${error.message}\n`)
    return 2
  }
}

const SYNTAX = ["E", "F", "G", "P", "extended-regexp", "fixed-strings", "basic-regexp", "perl-regexp"] as const

function isExtended(options: Options, extended: boolean, fixed: boolean): boolean {
  const kind = options.last(...SYNTAX) ?? ""
  return /^(E|extended)/.test(kind) || (extended && !fixed && kind === "")
}

/** `a|bc` as its alternatives: the longest match counts, not the first. */
function alternatives(pattern: string, extended: boolean): string[] {
  const bar = extended ? "|" : "\\|"
  const parts: string[] = [""]
  let depth = 0
  let inSet = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string
    const unit = c === "\\" ? pattern.slice(i, i + 2) : c
    if (!inSet && unit === (extended ? "(" : "\\(")) depth++
    if (!inSet && unit === (extended ? ")" : "\\)")) depth--
    if (c === "[" && !inSet) inSet = pattern.indexOf("]", i + 2) > 0
    else if (c === "]" && !/\[\^?$/.test(parts[parts.length - 1] as string)) inSet = false
    if (depth === 0 && !inSet && unit === bar) parts.push("")
    else parts[parts.length - 1] += unit
    i += unit.length - 1
  }
  return depth !== 0 || /\\[1-9]/.test(pattern) || parts.includes("") ? [pattern] : parts
}

function compile(patterns: readonly string[], options: Options, extended: boolean, fixed: boolean): RegExp[] {
  const kind = options.last(...SYNTAX) ?? ""
  const isFixed = /^(F|fixed)/.test(kind) || (fixed && kind === "")
  const isPerl = /^(P|perl)/.test(kind)
  const isEre = isExtended(options, extended, fixed)
  const ignoreCase = options.has("i", "ignore-case")
  return patterns
    .flatMap((pattern) => (isFixed || isPerl ? [pattern] : alternatives(pattern, isEre)))
    .map((pattern) => {
      const source = isFixed
        ? escapeRegExp(pattern)
        : isPerl
          ? perlSource(pattern)
          : posixRegex(pattern, { extended: isEre }).source
      const body = source === "(?:)" ? "" : source
      const bounded = options.has("x", "line-regexp")
        ? `^(?:${body})$`
        : options.has("w", "word-regexp")
          ? `(?<![A-Za-z0-9_])(?:${body})(?![A-Za-z0-9_])`
          : body
      try {
        return new RegExp(bounded, ignoreCase ? "gi" : "g")
      } catch {
        throw new RegexError("Invalid regular expression")
      }
    })
}

/** JavaScript's expressions are Perl's in most of what people type; `\K` keeps what follows. */
function perlSource(pattern: string): string {
  const keep = pattern.indexOf("\\K")
  if (/\(\?[>|R0-9&]|\\[ghXRAzZQE]|[*+?}]\+/.test(pattern))
    throw new RegexError(`podwire this Perl expression: '${pattern}'`)
  return keep < 0 ? pattern : `(?<=${pattern.slice(0, keep)})${pattern.slice(keep + 2)}`
}

/** A line's match: the leftmost, and of those the longest. */
function firstMatch(matchers: readonly RegExp[], line: string, from: number): { at: number; end: number } | undefined {
  let best: { at: number; end: number } | undefined
  for (const regexp of matchers) {
    regexp.lastIndex = from
    const match = regexp.exec(line)
    if (match === null) continue
    const end = match.index + match[0].length
    if (best === undefined || match.index < best.at || (match.index === best.at && end > best.end))
      best = { at: match.index, end }
  }
  return best
}

class Search {
  readonly #proc: Process
  readonly #options: Options
  readonly #matchers: readonly RegExp[]
  #found = false
  #failed = false
  #separator = false

  constructor(proc: Process, options: Options, matchers: readonly RegExp[]) {
    this.#proc = proc
    this.#options = options
    this.#matchers = matchers
  }

  async run(operands: readonly string[]): Promise<number> {
    const options = this.#options
    const recursive = options.has("r", "R", "recursive")
    const files = operands.length === 0 ? [recursive ? "." : "-"] : operands
    const named =
      options.has("H", "with-filename") || (!options.has("h", "no-filename") && (files.length > 1 || recursive))
    for (const file of files) {
      if (recursive && this.#isFolder(file)) await this.#folder(file, named, operands.length === 0)
      else await this.#file(file, named)
      if (this.#found && options.has("q", "quiet", "silent")) return 0
    }
    return this.#failed ? (this.#found && options.has("q", "quiet") ? 0 : 2) : this.#found ? 0 : 1
  }

  #isFolder(name: string): boolean {
    const stat = this.#proc.fs.stat(this.#proc.path(name))
    return typeof stat !== "string" && stat.type === "directory"
  }

  async #folder(folder: string, named: boolean, bare: boolean): Promise<void> {
    const names = this.#proc.fs.readdir(this.#proc.path(folder))
    if (typeof names === "string") return
    const include = this.#options.value("include")
    for (const name of names) {
      const path = bare && folder === "." ? name : `${folder.replace(/\/$/, "")}/${name}`
      const stat = this.#proc.fs.stat(this.#proc.path(path), false)
      if (typeof stat === "string" || stat.type === "symlink" || stat.type === "device") continue
      if (stat.type === "directory") await this.#folder(path, named, false)
      else if (include === undefined || globMatches(name, include)) await this.#file(path, named)
    }
  }

  async #complain(file: string, reason: string): Promise<void> {
    this.#failed = true
    if (!this.#options.has("s", "no-messages")) await this.#proc.err(`grep: ${file}: ${reason}\n`)
  }

  async #file(operand: string, named: boolean): Promise<void> {
    const options = this.#options
    const file = openInput(this.#proc, operand)
    if (typeof file === "string") return this.#complain(operand, strerror(file))
    const label = operand === "-" ? "(standard input)" : operand
    const prefix = (mark: string): string => (named ? `${label}${mark}` : "")
    const lines = new LineReader(this.#proc, file)
    const count = await this.#lines(lines, prefix)
    lines.close()
    if (count > 0) this.#found = true
    if (options.has("q", "quiet", "silent")) return
    if (options.has("l", "files-with-matches")) {
      if (count > 0) await this.#proc.out(`${label}\n`)
    } else if (options.has("L", "files-without-match")) {
      if (count === 0) await this.#proc.out(`${label}\n`)
    } else if (options.has("c", "count")) await this.#proc.out(`${prefix(":")}${count}\n`)
  }

  /** How many lines were selected; prints them unless only that counts. */
  async #lines(lines: LineReader, prefix: (mark: string) => string): Promise<number> {
    const options = this.#options
    const quiet = options.has("q", "quiet", "silent", "l", "files-with-matches", "L", "files-without-match")
    const silent = quiet || options.has("c", "count")
    const context = options.value("C", "context") ?? "0"
    const after = Number(options.value("A", "after-context") ?? context)
    const before = Number(options.value("B", "before-context") ?? context)
    const most = Number(options.value("m", "max-count") ?? Number.POSITIVE_INFINITY)
    const held: { line: string; number: number; at: number }[] = []
    let [count, number, left, at, printed] = [0, 0, 0, 0, 0]
    if (most === 0) return 0
    for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
      number++
      const match = firstMatch(this.#matchers, line, 0)
      if ((match !== undefined) !== options.has("v", "invert-match")) {
        count++
        if (!silent) {
          const first = held[0]?.number ?? number
          if (before + after > 0 && this.#separator && first > printed + 1) await this.#proc.out("--\n")
          for (const one of held.splice(0)) await this.#print(one.line, one.number, one.at, "-", prefix)
          await this.#print(line, number, at, ":", prefix)
          this.#separator = true
          printed = number
        }
        left = after
        if (quiet && !options.has("c", "count")) return count
        if (count >= most && left === 0) break
      } else if (left > 0 && !silent) {
        left--
        await this.#print(line, number, at, "-", prefix)
        printed = number
        if (count >= most && left === 0) break
      } else if (before > 0) {
        held.push({ line, number, at })
        if (held.length > before) held.shift()
      }
      at += new TextEncoder().encode(line).length + 1
    }
    return count
  }

  async #print(
    line: string,
    number: number,
    at: number,
    mark: string,
    prefix: (mark: string) => string,
  ): Promise<void> {
    const options = this.#options
    const head = (offset: number): string =>
      `${prefix(mark)}${options.has("n", "line-number") ? `${number}${mark}` : ""}${options.has("b", "byte-offset") ? `${at + offset}${mark}` : ""}`
    if (!options.has("o", "only-matching")) return this.#proc.out(`${head(0)}${line}\n`)
    if (mark === "-" || options.has("v", "invert-match")) return
    for (let from = 0; from <= line.length; ) {
      const match = firstMatch(this.#matchers, line, from)
      if (match === undefined) return
      if (match.end > match.at) await this.#proc.out(`${head(match.at)}${line.slice(match.at, match.end)}\n`)
      from = match.end > match.at ? match.end : match.end + 1
    }
  }
}

function globMatches(name: string, pattern: string): boolean {
  return new RegExp(`^${escapeRegExp(pattern).replaceAll("\\*", ".*").replaceAll("\\?", ".")}$`).test(name)
}
