/** Reads words: quoting and the expansions of bash that people type (POSIX.1-2017 XCU sections 2.2 and 2.6). */
import type { List } from "./ast.ts"
import { type Parameter, type Subscript, SyntaxErrorInScript, type Word, type WordPart } from "./token.ts"

const NAME_START = /[A-Za-z_]/
const NAME = /[A-Za-z0-9_]/
const WORD_END = /[\s|&;<>()]/

/** Parses `$(…)` from a place in a text to its bracket; handed in, because the parser stands above this file. */
export type NestedParser = (text: string, at: number, line: number) => { list: List; at: number; line: number }

const ANSI: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "?": "?",
}

export class WordReader {
  readonly text: string
  at: number
  line: number
  readonly nested: NestedParser

  constructor(text: string, at: number, line: number, nested: NestedParser) {
    this.text = text
    this.at = at
    this.line = line
    this.nested = nested
  }

  get char(): string | undefined {
    return this.text[this.at]
  }

  /** A word up to a blank or operator. `extended` takes `@(a|b)` in, as `[[` does. */
  word(extended = false): Word {
    return this.#until((c) => WORD_END.test(c), extended)
  }

  /** What follows `=~`: brackets may hold blanks and operators. */
  regularExpression(): Word {
    let depth = 0
    return this.#until((c) => {
      if (c === "(") depth++
      else if (c === ")" && depth-- === 0) return true
      return depth === 0 ? /[\s;&<>]/.test(c) : c === "\n"
    }, false)
  }

  #until(ends: (c: string) => boolean, extended: boolean): Word {
    const start = this.at
    const parts: WordPart[] = []
    for (;;) {
      const c = this.char
      if (c === undefined) break
      if (extended && c === "(" && /[?*+@!]/.test(this.text[this.at - 1] ?? "") && this.at > start)
        this.#patternGroup(parts)
      else if (ends(c)) {
        if ((c !== "<" && c !== ">") || this.text[this.at + 1] !== "(") break
        if (this.at > start) break
        parts.push(this.#process(c === "<"))
      } else this.#part(c, parts)
    }
    return { parts, text: this.text.slice(start, this.at) }
  }

  #patternGroup(parts: WordPart[]): void {
    let depth = 0
    do {
      const c = this.char
      if (c === undefined) throw this.unclosed(")", this.line)
      if (c === "(") depth++
      if (c === ")") depth--
      if (c === "(" || c === ")" || c === "|" || /\s/.test(c)) this.#plain(parts)
      else this.#part(c, parts)
    } while (depth > 0)
  }

  #process(reads: boolean): WordPart {
    return { type: "process", reads, list: this.#nestedList() }
  }

  #part(c: string, parts: WordPart[]): void {
    if (c === "'") parts.push(this.#single())
    else if (c === '"') parts.push(this.#double())
    else if (c === "\\") {
      const next = this.text[this.at + 1]
      this.at += 2
      if (next === "\n") this.line++
      else parts.push({ type: "literal", text: next ?? "\\", quoted: true })
    } else if (c === "$") this.#unquotedDollar(parts)
    else if (c === "`") parts.push(this.#backquote(false))
    else this.#plain(parts)
  }

  #unquotedDollar(parts: WordPart[]): void {
    const next = this.text[this.at + 1]
    if (next === "'") parts.push(this.#ansi())
    else if (next === '"') {
      this.at++
      parts.push(this.#double())
    } else parts.push(this.dollar(false))
  }

  #plain(parts: WordPart[]): void {
    const c = this.text[this.at++] as string
    if (c === "\n") this.line++
    const last = parts[parts.length - 1]
    if (last?.type === "literal" && !last.quoted) last.text += c
    else parts.push({ type: "literal", text: c, quoted: false })
  }

  #single(): WordPart {
    const end = this.text.indexOf("'", this.at + 1)
    if (end < 0) throw this.unclosed("'", this.line)
    const text = this.text.slice(this.at + 1, end)
    this.line += text.split("\n").length - 1
    this.at = end + 1
    return { type: "literal", text, quoted: true }
  }

  #ansi(): WordPart {
    const opened = this.line
    let text = ""
    this.at += 2
    for (;;) {
      const c = this.text[this.at++]
      if (c === undefined) throw this.unclosed("'", opened)
      if (c === "'") return { type: "literal", text, quoted: true }
      if (c === "\n") this.line++
      if (c !== "\\") text += c
      else text += this.#ansiEscape()
    }
  }

  #ansiEscape(): string {
    const coded = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3}))/.exec(
      this.text.slice(this.at, this.at + 9),
    )
    if (coded !== null) {
      this.at += coded[0].length
      const hex = coded[1] ?? coded[2] ?? coded[3]
      const code = hex === undefined ? Number.parseInt(coded[4] as string, 8) & 255 : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : ""
    }
    const next = this.text[this.at++] ?? ""
    return ANSI[next] ?? `\\${next}`
  }

  #double(): WordPart {
    this.at++
    return { type: "double", parts: this.quotedUntil('"') }
  }

  /** Inside double quotes, up to `close` (or the end of a here-document). */
  quotedUntil(close: '"' | undefined): WordPart[] {
    const opened = this.line
    const parts: WordPart[] = []
    let text = ""
    const flush = (): void => {
      if (text !== "") parts.push({ type: "literal", text, quoted: true })
      text = ""
    }
    for (;;) {
      const c = this.char
      if (c === undefined && close !== undefined) throw this.unclosed(close, opened)
      if (c === close || c === undefined) {
        this.at++
        flush()
        return parts
      }
      if (c === "\\") text += this.#quotedBackslash(close)
      else if (c === "$" || c === "`") {
        flush()
        parts.push(c === "$" ? this.dollar(true) : this.#backquote(true))
      } else {
        if (c === "\n") this.line++
        text += c
        this.at++
      }
    }
  }

  #quotedBackslash(close: string | undefined): string {
    const next = this.text[this.at + 1]
    this.at += 2
    if (next === undefined) return "\\"
    if (next === "\n") {
      this.line++
      return ""
    }
    return "$`\\".includes(next) || next === close ? next : `\\${next}`
  }

  /** What begins with `$`. */
  dollar(quoted: boolean): WordPart {
    const next = this.text[this.at + 1] ?? ""
    if (this.text.startsWith("$((", this.at)) {
      const arithmetic = this.#arithmetic(3, "))")
      if (arithmetic !== undefined) return arithmetic
      if (closingOf(this.text, this.at + 2, ")") === undefined) throw this.unclosed(")", this.line)
    }
    if (next === "[") {
      const arithmetic = this.#arithmetic(2, "]")
      if (arithmetic !== undefined) return arithmetic
    }
    if (next === "(") {
      this.at++
      return { type: "command", list: this.#nestedList() }
    }
    if (next === "{") return this.#braced(quoted)
    const name = NAME_START.test(next) ? this.#name(this.at + 1) : /[0-9@*#?$!-]/.test(next) ? next : undefined
    if (name === undefined) {
      this.at++
      return { type: "literal", text: "$", quoted }
    }
    this.at += 1 + name.length
    return parameter(name, `$${name}`)
  }

  #name(from: number): string {
    let end = from
    while (NAME.test(this.text[end] ?? "")) end++
    return this.text.slice(from, end)
  }

  /** `(` is at hand: the commands up to its `)`. */
  #nestedList(): List {
    const start = this.text.indexOf("(", this.at) + 1
    const { list, at, line } = this.nested(this.text, start, this.line)
    this.at = at
    this.line = line
    return list
  }

  #backquote(quoted: boolean): WordPart {
    const opened = this.line
    let script = ""
    this.at++
    for (;;) {
      const c = this.text[this.at++]
      if (c === undefined) throw this.unclosed("`", opened)
      if (c === "`") return { type: "backquote", script }
      if (c === "\n") this.line++
      const next = this.char
      if (c === "\\" && next !== undefined && (/[`$\\]/.test(next) || (quoted && next === '"'))) {
        script += next
        this.at++
      } else script += c
    }
  }

  #arithmetic(skip: number, close: string): WordPart | undefined {
    const end = closingOf(this.text, this.at + skip, close)
    if (end === undefined) return undefined
    const inner = this.text.slice(this.at + skip, end)
    const expression = this.quotedText(inner)
    this.line += inner.split("\n").length - 1
    this.at = end + close.length
    return { type: "arithmetic", expression }
  }

  /** A text whose parameters and commands expand as within double quotes. */
  quotedText(text: string): Word {
    return { parts: new WordReader(text, 0, this.line, this.nested).quotedUntil(undefined), text }
  }

  // ── ${…} ────────────────────────────────────────────────────────────────────────────────────

  #braced(quoted: boolean): WordPart {
    const start = this.at
    const line = this.line
    this.at += 2
    const found = this.#parameter(start, quoted)
    if (found !== undefined && this.char === "}") {
      this.at++
      found.text = this.text.slice(start, this.at)
      return found
    }
    // bash finds out that it means nothing when the command runs.
    this.at = start + 2
    this.#argument(quoted, "}", line)
    this.at++
    return { ...parameter("", this.text.slice(start, this.at)), operator: "bad" }
  }

  #parameter(start: number, quoted: boolean): Parameter | undefined {
    const line = this.line
    const rest = (): string => this.text.slice(this.at, this.at + 256)
    const length = /^#(?=[A-Za-z_0-9@*?$!-]+[}[])/.test(rest())
    const indirect = !length && /^!(?=[A-Za-z_0-9@*#])/.test(rest())
    if (length || indirect) this.at++
    const name = /^([A-Za-z_][A-Za-z0-9_]*|\d+|[@*#?$!-])/.exec(rest())?.[0]
    if (name === undefined) return undefined
    this.at += name.length
    const found = parameter(name, "")
    found.indirect = indirect
    if (this.char === "[" && NAME_START.test(name)) found.subscript = this.#subscript(line)
    if (length) found.operator = "length"
    else if (indirect && /^[*@]\}/.test(rest())) {
      found.operator = "names"
      found.subscript = this.text[this.at++] as "*" | "@"
    } else if (indirect && (found.subscript === "@" || found.subscript === "*")) found.operator = "keys"
    else this.#operator(found, quoted, line, start)
    return found
  }

  #operator(found: Parameter, quoted: boolean, line: number, start: number): void {
    const operator = /^(:[-=?+]|[-=?+]|##|#|%%|%|\/\/|\/|:|\^\^|\^|,,|,|@[A-Za-z])/.exec(
      this.text.slice(this.at, this.at + 2),
    )?.[0]
    if (operator === undefined) {
      if (this.char === undefined) throw this.unclosed("}", this.#lineOf(start))
      return
    }
    found.operator = operator
    this.at += operator.length
    if (operator === "/" || operator === "//") {
      found.argument = this.#argument(quoted, "}/", line, true)
      if (this.char === "/") {
        this.at++
        found.second = this.#argument(quoted, "}", line)
      }
    } else if (operator === ":") {
      found.argument = this.#argument(true, "}:", line)
      if (this.char === ":") {
        this.at++
        found.second = this.#argument(true, "}", line)
      }
    } else if (!operator.startsWith("@")) found.argument = this.#argument(quoted, "}", line, /^[#%^,]/.test(operator))
  }

  #lineOf(at: number): number {
    return this.line - (this.text.slice(at, this.at).split("\n").length - 1)
  }

  #subscript(line: number): Subscript {
    this.at++
    if (/^[@*]\]/.test(this.text.slice(this.at, this.at + 2))) {
      const all = this.text[this.at] as "@" | "*"
      this.at += 2
      return all
    }
    const word = this.#argument(true, "]", line)
    this.at++
    return word
  }

  /** Text inside `${…}` up to one of `stops`. Within double quotes single quotes are ordinary, except in patterns. */
  #argument(quoted: boolean, stops: string, line: number, pattern = false): Word {
    const start = this.at
    const parts: WordPart[] = []
    let depth = 0
    for (;;) {
      const c = this.char
      if (c === undefined) throw this.unclosed("}", line)
      if (depth === 0 && stops.includes(c) && !(pattern && c === "/" && this.at === start)) break
      if (stops.includes(":") && "(?".includes(c)) depth++
      if (stops.includes(":") && ")".includes(c) && depth > 0) depth--
      if (c === "'" && quoted && !pattern) this.#plain(parts)
      else if (c === "\\" && quoted && !pattern && !`$\`"\\}`.includes(this.text[this.at + 1] ?? "")) this.#plain(parts)
      else this.#part(c, parts)
    }
    return { parts, text: this.text.slice(start, this.at) }
  }

  unclosed(close: string, line: number): SyntaxErrorInScript {
    return new SyntaxErrorInScript(
      `unexpected EOF while looking for matching \`${close}'`,
      line,
      close === "}"
        ? "missing '}'"
        : close === ")"
          ? 'unexpected end of file (expecting ")")'
          : "unterminated quoted string",
    )
  }
}

function parameter(name: string, text: string): Parameter {
  return {
    type: "parameter",
    name,
    subscript: undefined,
    indirect: false,
    operator: "",
    argument: undefined,
    second: undefined,
    text,
  }
}

/** Where `close` ends what starts at `at`, brackets inside in pairs; undefined when something else closes first. */
export function closingOf(text: string, at: number, close: string): number | undefined {
  const opener = close === "]" ? "[" : "("
  const closer = close === "]" ? "]" : ")"
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text[i]
    if (c === "\\") i++
    else if (c === opener) depth++
    else if (c === closer) {
      if (depth > 0) depth--
      else return text.startsWith(close, i) ? i : undefined
    }
  }
  return undefined
}
