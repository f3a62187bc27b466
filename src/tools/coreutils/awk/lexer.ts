/** awk's tokens. A slash begins a regular expression only where a value may stand, which the parser knows. */
import { AwkError } from "./ast.ts"

export interface AwkToken {
  type: "number" | "string" | "name" | "function-name" | "keyword" | "builtin" | "operator" | "newline" | "end"
  text: string
  line: number
  /** Where it ends in the text. */
  end: number
}

const KEYWORDS: ReadonlySet<string> = new Set(
  "BEGIN END function func if else while for do break continue next nextfile exit return delete in getline print printf".split(
    " ",
  ),
)
export const BUILTIN_FUNCTIONS: ReadonlySet<string> = new Set(
  "length substr index split sub gsub match sprintf sin cos atan2 exp log sqrt int rand srand tolower toupper system close fflush".split(
    " ",
  ),
)
const OPERATORS = [
  "**=",
  "&&",
  "||",
  "++",
  "--",
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  "^=",
  "==",
  "<=",
  ">=",
  "!=",
  "!~",
  ">>",
  "**",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  ";",
  ",",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "!",
  ">",
  "<",
  "|",
  "?",
  ":",
  "~",
  "$",
  "=",
]
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  '"': '"',
  "/": "/",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
}

export class AwkLexer {
  readonly #text: string
  #at = 0
  #line = 1

  constructor(text: string) {
    this.#text = text
  }

  next(): AwkToken {
    const token = this.#next()
    return { ...token, end: this.#at }
  }

  #next(): Omit<AwkToken, "end"> {
    this.#skip()
    const line = this.#line
    const rest = this.#text.slice(this.#at, this.#at + 200)
    if (rest === "") return { type: "end", text: "", line }
    if (rest[0] === "\n") {
      this.#at++
      this.#line++
      return { type: "newline", text: "\n", line }
    }
    if (rest[0] === '"') return { type: "string", text: this.#string(), line }
    const number = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(rest)
    if (number !== null) {
      this.#at += number[0].length
      return { type: "number", text: number[0], line }
    }
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0]
    if (name !== undefined) {
      this.#at += name.length
      if (KEYWORDS.has(name)) return { type: "keyword", text: name === "func" ? "function" : name, line }
      if (BUILTIN_FUNCTIONS.has(name)) return { type: "builtin", text: name, line }
      return { type: this.#text[this.#at] === "(" ? "function-name" : "name", text: name, line }
    }
    const operator = OPERATORS.find((o) => rest.startsWith(o))
    if (operator === undefined) throw new AwkError(`line ${line}: syntax error at or near ${rest[0]}`)
    this.#at += operator.length
    return { type: "operator", text: operator, line }
  }

  #skip(): void {
    for (;;) {
      const c = this.#text[this.#at]
      if (c === " " || c === "\t" || c === "\r") this.#at++
      else if (c === "\\" && /^\\\r?\n/.test(this.#text.slice(this.#at, this.#at + 3))) {
        this.#at = this.#text.indexOf("\n", this.#at) + 1
        this.#line++
      } else if (c === "#") while (this.#at < this.#text.length && this.#text[this.#at] !== "\n") this.#at++
      else return
    }
  }

  #string(): string {
    let text = ""
    for (this.#at++; ; ) {
      const c = this.#text[this.#at++]
      if (c === undefined || c === "\n")
        throw new AwkError(`line ${this.#line}: runaway string constant "${text.slice(0, 20)}`)
      if (c === '"') return text
      text += c === "\\" ? this.#escape() : c
    }
  }

  #escape(): string {
    const octal = /^[0-7]{1,3}/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0]
    if (octal !== undefined) {
      this.#at += octal.length
      return String.fromCharCode(Number.parseInt(octal, 8))
    }
    const c = this.#text[this.#at++] ?? ""
    if (c === "\n") {
      this.#line++
      return ""
    }
    return ESCAPES[c] ?? `\\${c}`
  }

  /** The rest of a regular expression whose slash ends at `at`; `begun` was read as an operator with it. */
  regexp(at: number, begun: string): string {
    this.#at = at
    let source = begun
    let inSet = false
    for (;;) {
      const c = this.#text[this.#at++]
      if (c === undefined || c === "\n")
        throw new AwkError(`line ${this.#line}: runaway regular expression /${source.slice(0, 20)}`)
      if (c === "\\") {
        const next = this.#text[this.#at++] ?? ""
        source += next === "/" ? "/" : c + next
      } else if (c === "/" && !inSet) return source
      else {
        if (c === "[" && !inSet) inSet = this.#text.indexOf("]", this.#at + 1) >= 0
        else if (c === "]" && !/\[\^?$/.test(source)) inSet = false
        source += c
      }
    }
  }
}
