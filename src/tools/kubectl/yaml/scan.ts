/** YAML text to tokens, and the errors of doing so. Models goyaml.v2 scannerc.go, which is libyaml's scanner. */
import { Cursor } from "./cursor.ts"
import { scanBlockScalar, scanPlain, scanQuoted } from "./scalar.ts"
import { type Mark, type Token, type TokenType, YamlError } from "./token.ts"

interface SimpleKey {
  possible: boolean
  required: boolean
  tokenNumber: number
  mark: Mark
  /** Tokens are fetched until it is known whether this is a key. goyaml forgets that after an empty `{}` or `[]`. */
  awaited: boolean
}

const NO_KEY: SimpleKey = {
  possible: false,
  required: false,
  tokenNumber: -1,
  mark: { index: 0, line: 0, column: 0 },
  awaited: false,
}

const FLOW: Readonly<Record<string, TokenType>> = {
  "[": "FLOW-SEQUENCE-START",
  "{": "FLOW-MAPPING-START",
  "]": "FLOW-SEQUENCE-END",
  "}": "FLOW-MAPPING-END",
}

const TAG_LETTER = /^[\w;/?:@&=+$,.!~*'()[\]%-]$/

export class Scanner {
  readonly cursor: Cursor
  indent = -1
  flowLevel = 0
  simpleKeyAllowed = true
  /** What %TAG declared. */
  readonly tagHandles: Set<string> = new Set()
  readonly #indents: number[] = []
  readonly #keys: SimpleKey[] = [{ ...NO_KEY }]
  readonly #tokens: Token[] = []
  #parsed = 0
  #ended = false

  constructor(text: string) {
    this.cursor = new Cursor(text)
  }

  error(problem: string, context?: Mark): never {
    throw new YamlError(problem, this.cursor.mark, "scanner", context)
  }

  /** The next token, left in place. */
  peek(): Token {
    while (this.#needsMore()) this.#fetch()
    return this.#tokens[0] as Token
  }

  next(): Token {
    const token = this.peek()
    this.#tokens.shift()
    this.#parsed++
    return token
  }

  #needsMore(): boolean {
    if (this.#tokens.length === 0) return !this.#ended
    const key = this.#keys.find(
      (candidate) => candidate.possible && candidate.awaited && candidate.tokenNumber === this.#parsed,
    )
    return key !== undefined && this.#isValid(key)
  }

  /** A key must be on one line and within 1024 characters. */
  #isValid(key: SimpleKey): boolean {
    if (!key.possible) return false
    const { line, index } = this.cursor
    if (key.mark.line >= line && key.mark.index + 1024 >= index) return true
    if (key.required) this.error("could not find expected ':'", key.mark)
    key.possible = false
    return false
  }

  #add(type: TokenType, start: Mark, value = "", plain = false): void {
    this.#tokens.push({ type, start, value, plain })
  }

  #saveKey(): void {
    if (!this.simpleKeyAllowed) return
    const required = this.flowLevel === 0 && this.indent === this.cursor.column
    this.#removeKey()
    const tokenNumber = this.#parsed + this.#tokens.length
    this.#keys[this.#keys.length - 1] = { possible: true, required, tokenNumber, mark: this.cursor.mark, awaited: true }
  }

  #removeKey(): void {
    const key = this.#keys.at(-1) as SimpleKey
    if (key.possible && key.required) this.error("could not find expected ':'", key.mark)
    key.possible = false
  }

  #roll(column: number, number: number, type: TokenType, mark: Mark): void {
    if (this.flowLevel > 0 || this.indent >= column) return
    this.#indents.push(this.indent)
    this.indent = column
    const token = { type, start: mark, value: "", plain: false }
    if (number < 0) this.#tokens.push(token)
    else this.#tokens.splice(number - this.#parsed, 0, token)
  }

  #unroll(column: number): void {
    if (this.flowLevel > 0) return
    while (this.indent > column) {
      this.#add("BLOCK-END", this.cursor.mark)
      this.indent = this.#indents.pop() as number
    }
  }

  #skipToNext(): void {
    const { cursor } = this
    for (;;) {
      if (cursor.column === 0 && cursor.at() === "\ufeff") cursor.skip()
      while (cursor.at() === " " || ((this.flowLevel > 0 || !this.simpleKeyAllowed) && cursor.at() === "\t"))
        cursor.skip()
      if (cursor.at() === "#") while (!cursor.isEnd() && !cursor.isBreak()) cursor.skip()
      if (!cursor.isBreak()) return
      cursor.skipLine()
      if (this.flowLevel === 0) this.simpleKeyAllowed = true
    }
  }

  #fetch(): void {
    const { cursor } = this
    this.#skipToNext()
    this.#unroll(cursor.column)
    const c = cursor.at()
    if (c === "") this.#streamEnd()
    else if (cursor.column === 0 && c === "%") this.#directive()
    else if (cursor.isDocumentIndicator()) this.#document(c)
    else if (c === "[" || c === "{") this.#flowStart(c)
    else if (c === "]" || c === "}") this.#flowEnd(c)
    else if (c === ",") this.#flowEntry()
    else if (c === "-" && cursor.isBlankOrEnd(1)) this.#blockEntry()
    else if (c === "?" && (this.flowLevel > 0 || cursor.isBlankOrEnd(1))) this.#key()
    else if (c === ":" && (this.flowLevel > 0 || cursor.isBlankOrEnd(1))) this.#value()
    else if (c === "*" || c === "&") this.#anchor(c)
    else if (c === "!") this.#tag()
    else if ((c === "|" || c === ">") && this.flowLevel === 0) this.#blockScalar()
    else if (c === "'" || c === '"') this.#scalar(false, (start) => scanQuoted(this, c, start))
    else if (this.#startsPlain(c)) this.#scalar(true, (start) => scanPlain(this, start))
    else this.error("found character that cannot start any token", cursor.mark)
  }

  #startsPlain(c: string): boolean {
    const { cursor } = this
    if (!cursor.isBlankOrEnd() && !"-?:,[]{}#&*!|>'\"%@`".includes(c)) return true
    if (c === "-") return !cursor.isBlank(1)
    return this.flowLevel === 0 && (c === "?" || c === ":") && !cursor.isBlankOrEnd(1)
  }

  #streamEnd(): void {
    if (this.cursor.column !== 0) {
      this.cursor.column = 0
      this.cursor.line++
    }
    this.#unroll(-1)
    this.#removeKey()
    this.simpleKeyAllowed = false
    this.#ended = true
    this.#add("STREAM-END", this.cursor.mark)
  }

  #document(c: string): void {
    this.#unroll(-1)
    this.#removeKey()
    this.simpleKeyAllowed = false
    this.#add(c === "-" ? "DOCUMENT-START" : "DOCUMENT-END", this.cursor.mark)
    this.cursor.skip(3)
  }

  #directive(): void {
    const { cursor } = this
    this.#unroll(-1)
    this.#removeKey()
    this.simpleKeyAllowed = false
    const start = cursor.mark
    let line = ""
    for (let i = 1; !cursor.isEnd(i) && !cursor.isBreak(i); i++) line += cursor.at(i)
    const name = /^[\w-]*/.exec(line)?.[0] ?? ""
    if (name !== "YAML" && name !== "TAG") {
      cursor.skip(1 + name.length)
      if (name === "") this.error("could not find expected directive name", start)
      this.error(
        cursor.isBlankOrEnd() ? "found unknown directive name" : "found unexpected non-alphabetical character",
        start,
      )
    }
    const handle = /^TAG\s+(![\w-]+!)/.exec(line)?.[1]
    if (handle !== undefined) this.tagHandles.add(handle)
    cursor.skip(1 + [...line].length)
    this.#add("DIRECTIVE", start)
  }

  #flowStart(c: string): void {
    this.#saveKey()
    this.#keys.push({ ...NO_KEY, tokenNumber: this.#parsed + this.#tokens.length })
    this.flowLevel++
    this.simpleKeyAllowed = true
    this.#add(FLOW[c] as TokenType, this.cursor.mark)
    this.cursor.skip()
  }

  #flowEnd(c: string): void {
    this.#removeKey()
    if (this.flowLevel > 0) {
      this.flowLevel--
      const inner = this.#keys.pop()
      for (const key of this.#keys) if (key.tokenNumber === inner?.tokenNumber) key.awaited = false
    }
    this.simpleKeyAllowed = false
    this.#add(FLOW[c] as TokenType, this.cursor.mark)
    this.cursor.skip()
  }

  #flowEntry(): void {
    this.#removeKey()
    this.simpleKeyAllowed = true
    this.#add("FLOW-ENTRY", this.cursor.mark)
    this.cursor.skip()
  }

  #blockEntry(): void {
    const { mark } = this.cursor
    if (this.flowLevel === 0) {
      if (!this.simpleKeyAllowed) this.error("block sequence entries are not allowed in this context", mark)
      this.#roll(mark.column, -1, "BLOCK-SEQUENCE-START", mark)
    }
    this.#removeKey()
    this.simpleKeyAllowed = true
    this.#add("BLOCK-ENTRY", mark)
    this.cursor.skip()
  }

  #key(): void {
    const { mark } = this.cursor
    if (this.flowLevel === 0) {
      if (!this.simpleKeyAllowed) this.error("mapping keys are not allowed in this context", mark)
      this.#roll(mark.column, -1, "BLOCK-MAPPING-START", mark)
    }
    this.#removeKey()
    this.simpleKeyAllowed = this.flowLevel === 0
    this.#add("KEY", mark)
    this.cursor.skip()
  }

  #value(): void {
    const { mark } = this.cursor
    const key = this.#keys.at(-1) as SimpleKey
    if (this.#isValid(key)) {
      this.#tokens.splice(key.tokenNumber - this.#parsed, 0, { type: "KEY", start: key.mark, value: "", plain: false })
      this.#roll(key.mark.column, key.tokenNumber, "BLOCK-MAPPING-START", key.mark)
      key.possible = false
      this.simpleKeyAllowed = false
    } else {
      if (this.flowLevel === 0) {
        if (!this.simpleKeyAllowed) this.error("mapping values are not allowed in this context", mark)
        this.#roll(mark.column, -1, "BLOCK-MAPPING-START", mark)
      }
      this.simpleKeyAllowed = this.flowLevel === 0
    }
    this.#add("VALUE", mark)
    this.cursor.skip()
  }

  #anchor(c: string): void {
    const { cursor } = this
    this.#saveKey()
    this.simpleKeyAllowed = false
    const start = cursor.mark
    cursor.skip()
    let name = ""
    for (; /^[\w-]$/.test(cursor.at()); cursor.skip()) name += cursor.at()
    if (name === "" || !(cursor.isBlankOrEnd() || "?:,]}%@`".includes(cursor.at())))
      this.error("did not find expected alphabetic or numeric character", start)
    this.#add(c === "*" ? "ALIAS" : "ANCHOR", start, name)
  }

  #tag(): void {
    const { cursor } = this
    this.#saveKey()
    this.simpleKeyAllowed = false
    const start = cursor.mark
    const isVerbatim = cursor.at(1) === "<"
    cursor.skip(isVerbatim ? 2 : 1)
    let text = ""
    for (; TAG_LETTER.test(cursor.at()); cursor.skip()) text += cursor.at()
    // `!!` and `!name!` stand before a suffix.
    if (isVerbatim ? text === "" : /^[\w-]*!$/.test(text)) this.error("did not find expected tag URI", start)
    if (isVerbatim) {
      if (cursor.at() !== ">") this.error("did not find the expected '>'", start)
      cursor.skip()
    }
    if (!cursor.isBlankOrEnd()) this.error("did not find expected whitespace or line break", start)
    this.#add("TAG", start, isVerbatim ? text : `!${text}`)
  }

  #blockScalar(): void {
    this.#removeKey()
    this.simpleKeyAllowed = true
    const start = this.cursor.mark
    this.#add("SCALAR", start, scanBlockScalar(this, start))
  }

  #scalar(plain: boolean, scan: (start: Mark) => string): void {
    this.#saveKey()
    this.simpleKeyAllowed = false
    const start = this.cursor.mark
    this.#add("SCALAR", start, scan(start), plain)
  }
}
