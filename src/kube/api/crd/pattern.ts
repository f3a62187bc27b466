/**
 * Regular expressions of RE2's syntax, matched in linear time: a schema's `^([-a-z]+[.]?)+$` would take JavaScript's own engine for ever on
 * forty letters and a blank. Answers only whether a text contains a match. Models regexp/syntax and the Pike machine of Go's regexp.
 */
export class PatternError extends Error {}

/** One character, by code point. */
type Test = (char: string) => boolean

type Instruction =
  | { op: "char"; test: Test }
  | { op: "split"; to: number[] }
  | { op: "assert"; what: "begin" | "end" | "word" | "notWord" }
  | { op: "match" }

type Tree =
  | { type: "char"; test: Test }
  | { type: "assert"; what: "begin" | "end" | "word" | "notWord" }
  | { type: "sequence" | "choice"; parts: Tree[] }
  | { type: "repeat"; body: Tree; least: number; most: number }

/** RE2 allows no more. */
const REPEAT_MAX = 1000
/** Instructions of one expression. */
const SIZE_MAX = 50_000

const ASCII_CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
}
/** Perl's classes mean ASCII in RE2. */
const PERL: Readonly<Record<string, string>> = {
  d: "0-9",
  s: "\\t\\n\\f\\r ",
  w: "0-9A-Za-z_",
}
const CONTROL: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
}

/** A test for one character out of a JavaScript class, remembered for ASCII. */
function classTest(source: string, ignoreCase: boolean): Test {
  const regex = new RegExp(`^${source}$`, ignoreCase ? "ius" : "us")
  const ascii: (boolean | undefined)[] = []
  return (char) => {
    const code = char.charCodeAt(0)
    if (code > 127) return regex.test(char)
    ascii[code] ??= regex.test(char)
    return ascii[code] as boolean
  }
}

class Parser {
  readonly #text: string
  #at = 0
  #ignoreCase = false
  #dotAll = false

  constructor(text: string) {
    this.#text = text
  }

  parse(): Tree {
    const tree = this.#choice()
    if (this.#at < this.#text.length) throw new PatternError("unexpected )")
    return tree
  }

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at)
  }

  #eat(text: string): boolean {
    if (!this.#peek(text)) return false
    this.#at += text.length
    return true
  }

  #choice(): Tree {
    const parts = [this.#sequence()]
    while (this.#eat("|")) parts.push(this.#sequence())
    return parts.length === 1 ? (parts[0] as Tree) : { type: "choice", parts }
  }

  #sequence(): Tree {
    const parts: Tree[] = []
    while (this.#at < this.#text.length && !this.#peek("|") && !this.#peek(")")) parts.push(this.#repeated())
    return { type: "sequence", parts }
  }

  #repeated(): Tree {
    let body = this.#atom()
    for (let twice = false; ; twice = true) {
      const bounds = this.#bounds()
      if (bounds === undefined) return body
      if (twice) throw new PatternError("invalid nested repetition operator")
      if (bounds.least > REPEAT_MAX || (bounds.most > REPEAT_MAX && Number.isFinite(bounds.most)))
        throw new PatternError("invalid repeat count")
      // Lazy or greedy: the question is only whether there is a match.
      this.#eat("?")
      body = { type: "repeat", body, ...bounds }
    }
  }

  #bounds(): { least: number; most: number } | undefined {
    if (this.#eat("*")) return { least: 0, most: Number.POSITIVE_INFINITY }
    if (this.#eat("+")) return { least: 1, most: Number.POSITIVE_INFINITY }
    if (this.#eat("?")) return { least: 0, most: 1 }
    const count = /^\{(\d+)(,(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 12))
    if (count === null) return undefined
    this.#at += count[0].length
    const least = Number(count[1])
    const most = count[2] === undefined ? least : count[3] === "" ? Number.POSITIVE_INFINITY : Number(count[3])
    if (most < least) throw new PatternError("invalid repeat count")
    return { least, most }
  }

  #atom(): Tree {
    if (this.#eat("(")) return this.#group()
    if (this.#peek("[")) return { type: "char", test: classTest(this.#set(), this.#ignoreCase) }
    if (this.#eat("^")) return { type: "assert", what: "begin" }
    if (this.#eat("$")) return { type: "assert", what: "end" }
    if (this.#eat(".")) {
      const all = this.#dotAll
      return { type: "char", test: (char) => all || char !== "\n" }
    }
    if (this.#peek("*") || this.#peek("+") || this.#peek("?"))
      throw new PatternError("missing argument to repetition operator")
    if (this.#peek("\\")) return this.#escaped()
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) as number)
    this.#at += char.length
    return literal(char, this.#ignoreCase)
  }

  #group(): Tree {
    const head = /^\?(?:P?<[A-Za-z_]\w*>|([a-zA-Z]*)(-[a-zA-Z]+)?(:|\)))/.exec(this.#text.slice(this.#at))
    if (head === null && this.#peek("?")) throw new PatternError("invalid or unsupported Perl syntax")
    const before = [this.#ignoreCase, this.#dotAll] as const
    if (head !== null) {
      this.#flags(head[1] ?? "", true)
      this.#flags((head[2] ?? "").slice(1), false)
      this.#at += head[0].length
      if (head[3] === ")") return { type: "sequence", parts: [] }
    }
    const body = this.#choice()
    if (!this.#eat(")")) throw new PatternError("missing closing )")
    ;[this.#ignoreCase, this.#dotAll] = before
    return body
  }

  #flags(names: string, on: boolean): void {
    for (const name of names)
      if (name === "i") this.#ignoreCase = on
      else if (name === "s") this.#dotAll = on
      else if (name !== "U") throw new PatternError(`unsupported flag ${name}`)
  }

  #escaped(): Tree {
    if (this.#eat("\\b")) return { type: "assert", what: "word" }
    if (this.#eat("\\B")) return { type: "assert", what: "notWord" }
    if (this.#eat("\\A")) return { type: "assert", what: "begin" }
    if (this.#eat("\\z")) return { type: "assert", what: "end" }
    const { source, char } = this.#escape()
    return char !== undefined
      ? literal(char, this.#ignoreCase)
      : { type: "char", test: classTest(`[${source}]`, this.#ignoreCase) }
  }

  /** What stands behind a backslash, for the inside of a JavaScript class; the character itself when it is one. */
  #escape(): { source: string; char?: string } {
    const rest = this.#text.slice(this.#at)
    const property = /^\\([pP])(?:([A-Z])|\{(\^?)([A-Za-z_]+)\})/.exec(rest)
    if (property !== null) {
      this.#at += property[0].length
      const negated = (property[1] === "P") !== (property[3] === "^")
      const name = property[2] ?? (property[4] as string)
      return { source: `\\${negated ? "P" : "p"}{${/^[A-Z][a-z]?$/.test(name) ? name : `Script=${name}`}}` }
    }
    const hex = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/.exec(rest)
    if (hex !== null) {
      this.#at += hex[0].length
      return single(String.fromCodePoint(Number.parseInt(hex[1] ?? (hex[2] as string), 16)))
    }
    const letter = rest[1]
    if (letter === undefined) throw new PatternError("trailing backslash at end of expression")
    this.#at += 2
    const perl = PERL[letter.toLowerCase()]
    if (perl !== undefined) return { source: letter === letter.toLowerCase() ? perl : complement(letter) }
    if (CONTROL[letter] !== undefined) return single(CONTROL[letter] as string)
    if (/[A-Za-z0-9]/.test(letter)) throw new PatternError(`invalid escape sequence: \`\\${letter}\``)
    return single(letter)
  }

  /** A bracket expression as a JavaScript one. */
  #set(): string {
    this.#at++
    const negated = this.#eat("^")
    let source = ""
    for (let first = true; first || !this.#peek("]"); first = false) {
      if (this.#at >= this.#text.length) throw new PatternError("missing closing ]")
      const named = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at))
      if (named !== null) {
        const body = ASCII_CLASSES[named[2] as string]
        if (body === undefined || named[1] === "^") throw new PatternError(`invalid character class range: ${named[0]}`)
        this.#at += named[0].length
        source += body
      } else if (this.#peek("\\")) source += this.#escape().source
      else {
        const char = String.fromCodePoint(this.#text.codePointAt(this.#at) as number)
        this.#at += char.length
        const range = char === "-" && source !== "" && !this.#peek("]")
        source += range ? "-" : single(char).source
      }
    }
    this.#at++
    return `[${negated ? "^" : ""}${source}]`
  }
}

const complement = (letter: string): string =>
  ({ D: "\\u{0}-\\/:-\\u{10FFFF}", S: "\\S\\v", W: "\\W" })[letter as "D" | "S" | "W"]

const single = (char: string): { source: string; char: string } => ({
  source: `\\u{${(char.codePointAt(0) as number).toString(16)}}`,
  char,
})

const literal = (wanted: string, ignoreCase: boolean): Tree =>
  ignoreCase
    ? { type: "char", test: classTest(single(wanted).source, true) }
    : { type: "char", test: (char) => char === wanted }

function emit(tree: Tree, code: Instruction[]): void {
  if (code.length > SIZE_MAX) throw new PatternError("expression too large")
  switch (tree.type) {
    case "char":
      code.push({ op: "char", test: tree.test })
      return
    case "assert":
      code.push({ op: "assert", what: tree.what })
      return
    case "sequence":
      for (const part of tree.parts) emit(part, code)
      return
    case "choice":
      emitChoice(tree.parts, code)
      return
    case "repeat":
      emitRepeat(tree, code)
  }
}

function emitChoice(parts: readonly Tree[], code: Instruction[]): void {
  const fork = { op: "split" as const, to: [] as number[] }
  code.push(fork)
  const ends = parts.map((part) => {
    fork.to.push(code.length)
    emit(part, code)
    const end = { op: "split" as const, to: [] as number[] }
    code.push(end)
    return end
  })
  for (const end of ends) end.to.push(code.length)
}

function emitRepeat({ body, least, most }: Tree & { type: "repeat" }, code: Instruction[]): void {
  for (let i = 0; i < least; i++) emit(body, code)
  if (most === Number.POSITIVE_INFINITY) {
    const loop = { op: "split" as const, to: [code.length + 1] }
    const at = code.length
    code.push(loop)
    emit(body, code)
    code.push({ op: "split", to: [at] })
    loop.to.push(code.length)
    return
  }
  const skips: { op: "split"; to: number[] }[] = []
  for (let i = least; i < most; i++) {
    const skip = { op: "split" as const, to: [code.length + 1] }
    skips.push(skip)
    code.push(skip)
    emit(body, code)
  }
  for (const skip of skips) skip.to.push(code.length)
}

const isWord = (char: string | undefined): boolean => char !== undefined && /^\w$/.test(char)

function holds(what: (Instruction & { op: "assert" })["what"], chars: readonly string[], at: number): boolean {
  if (what === "begin") return at === 0
  if (what === "end") return at === chars.length
  return (isWord(chars[at - 1]) !== isWord(chars[at])) === (what === "word")
}

export class Pattern {
  readonly text: string
  readonly #code: Instruction[] = []

  /** @throws PatternError in words close to Go's for what is no RE2. */
  constructor(text: string) {
    this.text = text
    try {
      emit(new Parser(text).parse(), this.#code)
    } catch (thrown) {
      if (thrown instanceof SyntaxError) throw new PatternError(`invalid character class in ${text}`)
      throw thrown
    }
    this.#code.push({ op: "match" })
  }

  /** True when some part of the text matches. */
  test(text: string): boolean {
    const chars = [...text]
    let threads = new Set<number>()
    for (let at = 0; at <= chars.length; at++) {
      if (this.#follow(0, chars, at, threads)) return true
      const next = new Set<number>()
      const char = chars[at]
      if (char === undefined) return false
      for (const pc of threads) {
        const instruction = this.#code[pc] as Instruction
        if (instruction.op === "char" && instruction.test(char) && this.#follow(pc + 1, chars, at + 1, next))
          return true
      }
      threads = next
    }
    return false
  }

  /** Adds where a thread can be without reading on; true when that is the end of the expression. */
  #follow(start: number, chars: readonly string[], at: number, threads: Set<number>): boolean {
    const pending = [start]
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      if (threads.has(pc)) continue
      threads.add(pc)
      const instruction = this.#code[pc] as Instruction
      if (instruction.op === "match") return true
      if (instruction.op === "split") pending.push(...instruction.to)
      if (instruction.op === "assert" && holds(instruction.what, chars, at)) pending.push(pc + 1)
    }
    return false
  }
}

const compiled = new Map<string, Pattern>()

/** The compiled pattern, made once for each text. */
export function pattern(text: string): Pattern {
  const known = compiled.get(text)
  if (known !== undefined) return known
  const made = new Pattern(text)
  compiled.set(text, made)
  return made
}
