/** POSIX basic and extended regular expressions (XBD chapter 9) with GNU's additions, as JavaScript's. */
import { escapeRegExp, setEnd, setSource } from "./pattern.ts"

export interface RegexOptions {
  extended: boolean
  ignoreCase?: boolean
  /** For `g` searches. */
  global?: boolean
  /** `^` and `$` at line breaks (sed's M). */
  multiline?: boolean
}

export class RegexError extends Error {}

/** Compiles; throws {@link RegexError} with the C library's words. */
export function posixRegex(pattern: string, options: RegexOptions): RegExp {
  const source = new Translator(pattern, options.extended).source()
  const flags = `${options.global === true ? "g" : ""}${options.ignoreCase === true ? "i" : ""}${options.multiline === true ? "m" : ""}`
  try {
    return new RegExp(source, flags)
  } catch {
    throw new RegexError("Invalid regular expression")
  }
}

/** GNU's escapes, the same in both syntaxes. */
const GNU: Readonly<Record<string, string>> = {
  w: "[A-Za-z0-9_]",
  W: "[^A-Za-z0-9_]",
  s: "\\s",
  S: "\\S",
  b: "\\b",
  B: "\\B",
  "<": "\\b(?=\\w)",
  ">": "\\b(?<=\\w)",
  "`": "(?<![^])",
  "'": "(?![^])",
  n: "\\n",
  t: "\\t",
  f: "\\f",
  v: "\\v",
  r: "\\r",
}

class Translator {
  readonly #pattern: string
  readonly #extended: boolean
  #at = 0
  #out = ""
  #depth = 0
  #groups = 0
  /** Nothing stands before: a star is a star. */
  #fresh = true

  constructor(pattern: string, extended: boolean) {
    this.#pattern = pattern
    this.#extended = extended
  }

  source(): string {
    while (this.#at < this.#pattern.length) this.#next()
    if (this.#depth > 0) throw new RegexError(this.#extended ? "Unmatched ( or \\(" : "Unmatched ( or \\(")
    return this.#out
  }

  #next(): void {
    const c = this.#pattern[this.#at] as string
    if (c === "[") this.#set()
    else if (c === "\\") this.#escape()
    else if (c === "*") this.#star()
    else if (c === ".") this.#atom("[^\\n]", 1)
    else if (c === "^") this.#caret()
    else if (c === "$") this.#dollar()
    else if (this.#extended && "(){}|+?".includes(c)) this.#operator(c, 1)
    else this.#atom(escapeRegExp(c), 1)
  }

  #atom(source: string, length: number): void {
    this.#out += source
    this.#at += length
    this.#fresh = false
  }

  #set(): void {
    const end = setEnd(this.#pattern, this.#at, false)
    if (end === undefined) throw new RegexError("Unmatched [, [^, [:, [., or [=")
    const inner = this.#pattern.slice(this.#at + 1, end)
    const negated = inner.startsWith("^")
    if (/\[:(?!(alpha|digit|alnum|space|blank|upper|lower|xdigit|punct|cntrl|print|graph):\])[^\]]*:\]/.test(inner))
      throw new RegexError("Invalid character class name")
    this.#atom(`[${negated ? "^" : ""}${setSource(negated ? inner.slice(1) : inner)}]`, end + 1 - this.#at)
  }

  #escape(): void {
    const next = this.#pattern[this.#at + 1]
    if (next === undefined) throw new RegexError("Trailing backslash")
    if (!this.#extended && "(){}|+?".includes(next)) this.#operator(next, 2)
    else if (/[1-9]/.test(next)) {
      if (Number(next) > this.#groups) throw new RegexError("Invalid back reference")
      this.#atom(`\\${next}(?:)`, 2)
    } else this.#atom(GNU[next] ?? escapeRegExp(next), 2)
  }

  #star(): void {
    this.#at++
    if (this.#fresh) {
      // `*` with nothing before it is itself in the basic syntax, and nothing in the extended one.
      if (!this.#extended) this.#atom("\\*", 0)
    } else this.#repeat("*")
  }

  /** Repetitions of repetitions are one: JavaScript takes no `a**`. */
  #repeat(operator: string): void {
    if (/(^|[^\\])(\\\\)*[*+?}]$/.test(this.#out)) this.#out = wrapLast(this.#out)
    this.#out += operator
  }

  #caret(): void {
    const anchors = this.#extended || this.#fresh
    this.#at++
    if (anchors) this.#out += "^"
    else this.#atom("\\^", 0)
  }

  #dollar(): void {
    const rest = this.#pattern.slice(this.#at + 1)
    const anchors = this.#extended || rest === "" || rest.startsWith("\\)") || rest.startsWith("\\|")
    this.#atom(anchors ? "$" : "\\$", 1)
  }

  #operator(c: string, length: number): void {
    this.#at += length
    if (c === "(") {
      this.#depth++
      this.#groups++
      this.#out += "("
      this.#fresh = true
    } else if (c === ")") this.#close()
    else if (c === "|") {
      this.#out += "|"
      this.#fresh = true
    } else if (c === "{") this.#interval()
    else if (c === "}") this.#atom("\\}", 0)
    else if (this.#fresh) this.#atom(this.#extended ? "" : `\\${c}`, 0)
    else this.#repeat(c)
  }

  #close(): void {
    if (this.#depth === 0) {
      if (!this.#extended) throw new RegexError("Unmatched ) or \\)")
      this.#atom("\\)", 0)
      return
    }
    this.#depth--
    this.#atom(")", 0)
  }

  #interval(): void {
    const close = this.#extended ? "}" : "\\}"
    const end = this.#pattern.indexOf(close, this.#at)
    const body = /^(\d*)(,?)(\d*)$/.exec(end < 0 ? "x" : this.#pattern.slice(this.#at, end))
    if (body === null || (body[1] === "" && body[2] === "")) {
      if (!this.#extended) throw new RegexError(end < 0 ? "Unmatched \\{" : "Invalid content of \\{\\}")
      this.#atom("\\{", 0)
      return
    }
    if (this.#fresh) throw new RegexError("Invalid preceding regular expression")
    const [, low = "", comma = "", high = ""] = body
    if (Number(low) > 32767 || Number(high) > 32767) throw new RegexError("Regular expression too big")
    if (high !== "" && Number(low) > Number(high)) throw new RegexError("Invalid content of \\{\\}")
    this.#at = end + close.length
    this.#repeat(`{${low === "" ? "0" : low}${comma}${high}}`)
  }
}

/** Wraps the last atom with its repetition, so that another may follow. */
function wrapLast(source: string): string {
  const repeat = /([*+?]|\{\d+,?\d*\})$/.exec(source)
  if (repeat === null) return source
  const start = atomStart(source, repeat.index)
  return `${source.slice(0, start)}(?:${source.slice(start)})`
}

function atomStart(source: string, end: number): number {
  let at = end - 1
  const close = source[at]
  const escaped = (i: number): boolean => /(^|[^\\])(\\\\)*\\$/.test(source.slice(0, i))
  if ((close === ")" || close === "]") && !escaped(at)) {
    const open = close === ")" ? "(" : "["
    let depth = 0
    for (; at >= 0; at--) {
      if (escaped(at)) continue
      if (source[at] === close) depth++
      if (source[at] === open && --depth === 0) break
    }
    return Math.max(0, at)
  }
  return escaped(at) ? at - 1 : at
}
