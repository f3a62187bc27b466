/** Tokens to a tree (POSIX.1-2017 XCU section 2.10), one line of commands at a time, as shells read. */
import type { AndOr, Assignment, Command, List, Pipeline, Redirect, SimpleCommand } from "./ast.ts"
import { Lexer } from "./lexer.ts"
import { CompoundParser } from "./parse-compound.ts"
import { plainText, SyntaxErrorInScript, type Token, type Word } from "./token.ts"

export const KEYWORDS: ReadonlySet<string> = new Set(
  "if then else elif fi do done case esac while until for in function time { } ! [[ ]] select coproc".split(" "),
)
const CLOSERS: ReadonlySet<string> = new Set(["then", "else", "elif", "fi", "do", "done", "esac", "}"])
/** Builtins whose arguments may be assignments. */
const DECLARING: ReadonlySet<string> = new Set(["declare", "typeset", "local", "export", "readonly"])

export interface ParserOptions {
  /** The first line's number (1). */
  line?: number
  /** bash's grammar, or ash's (true). */
  bash?: boolean
}

/** Parses a whole script. Throws {@link SyntaxErrorInScript}. */
export function parseScript(text: string, options: ParserOptions = {}): List {
  const parser = new Parser(text, options)
  const all: List = []
  for (;;) {
    const list = parser.next()
    if (list === undefined) return all
    all.push(...list)
  }
}

/** True when more lines are needed: an open quote, bracket, loop or here-document. */
export function isOpen(text: string): boolean {
  const parser = new Parser(text)
  try {
    while (parser.next() !== undefined);
    return parser.lexer.openHere !== undefined
  } catch (error) {
    return error instanceof SyntaxErrorInScript && /unexpected end of file|unexpected EOF/.test(error.message)
  }
}

export class Parser {
  readonly lexer: Lexer
  readonly bash: boolean
  readonly #compound: CompoundParser
  #peeked: Token | undefined

  constructor(text: string, options: ParserOptions & { at?: number } = {}) {
    this.bash = options.bash ?? true
    this.lexer = new Lexer(text, (source, at, line) => this.#nested(source, at, line), options)
    this.#compound = new CompoundParser(this)
  }

  /** The commands up to the next line's end; undefined at the end of the text. */
  next(): List | undefined {
    this.skipNewlines()
    if (this.#atEnd()) return undefined
    const list: List = []
    for (;;) {
      list.push(this.#andOr())
      if (!this.#separated(list)) this.unexpected()
      if (this.#atEnd()) return list
      if (this.peek.type !== "newline") continue
      this.take()
      return list
    }
  }

  /** Nothing but the end follows: known without reading on. */
  get ended(): boolean {
    return /^\s*$/.test(this.lexer.reader.text.slice(this.lexer.reader.at))
  }

  #atEnd(): boolean {
    return this.peek.type === "end"
  }

  /** Takes what ends a command; false when something else stands there. */
  #separated(list: List): boolean {
    const last = list[list.length - 1] as AndOr
    if (this.isOperator("&")) last.background = true
    if (this.isOperator("&") || this.isOperator(";")) {
      this.take()
      return true
    }
    return this.peek.type === "newline" || this.peek.type === "end"
  }

  /** `$(…)`: commands up to the bracket. */
  #nested(text: string, at: number, line: number): { list: List; at: number; line: number } {
    const parser = new Parser(text, { at, line, bash: this.bash })
    try {
      const list = parser.list()
      if (parser.peek.type === "end") throw parser.lexer.reader.unclosed(")", parser.lexer.endLine)
      if (!parser.isOperator(")")) parser.unexpected()
      return { list, at: parser.lexer.reader.at, line: parser.lexer.reader.line }
    } catch (error) {
      if (error instanceof SyntaxErrorInScript) error.nested = true
      throw error
    }
  }

  get peek(): Token {
    this.#peeked ??= this.lexer.next()
    return this.#peeked
  }

  take(): Token {
    const token = this.peek
    this.#peeked = undefined
    return token
  }

  unexpected(expecting = ""): never {
    throw this.lexer.unexpected(this.peek, expecting)
  }

  keyword(token: Token = this.peek): string | undefined {
    return token.type === "word" ? plainText(token.word) : undefined
  }

  isOperator(text: string): boolean {
    const token = this.peek
    return token.type === "operator" && token.text === text
  }

  skipNewlines(): void {
    while (this.peek.type === "newline") this.take()
  }

  expectKeyword(word: string): void {
    if (this.keyword() !== word) this.unexpected(word)
    this.take()
  }

  /** Commands up to something that closes the list. */
  list(): List {
    const list: List = []
    for (;;) {
      this.skipNewlines()
      if (this.#closes()) return list
      list.push(this.#andOr())
      if (!this.#separated(list)) return list
    }
  }

  #closes(): boolean {
    const token = this.peek
    if (token.type === "end") return true
    if (token.type === "operator") return token.text === ")" || token.text.startsWith(";;") || token.text === ";&"
    return CLOSERS.has(this.keyword() ?? "")
  }

  nonEmptyList(): List {
    const list = this.list()
    if (list.length === 0) this.unexpected()
    return list
  }

  #andOr(): AndOr {
    const result: AndOr = { first: this.#pipeline(), rest: [], background: false }
    while (this.isOperator("&&") || this.isOperator("||")) {
      const token = this.take() as { text: "&&" | "||" }
      this.skipNewlines()
      result.rest.push({ operator: token.text, pipeline: this.#pipeline() })
    }
    return result
  }

  #pipeline(): Pipeline {
    const pipeline: Pipeline = { negated: false, timed: "no", commands: [], errorsToo: [] }
    for (;;) {
      if (this.keyword() === "!") pipeline.negated = !pipeline.negated
      else if (this.keyword() === "time" && this.bash && pipeline.timed === "no") pipeline.timed = "bash"
      else if (this.keyword() === "-p" && pipeline.timed === "bash") pipeline.timed = "posix"
      else break
      this.take()
    }
    pipeline.commands.push(this.command())
    while (this.isOperator("|") || (this.isOperator("|&") && this.bash)) {
      pipeline.errorsToo.push((this.take() as { text: string }).text === "|&")
      this.skipNewlines()
      pipeline.commands.push(this.command())
    }
    return pipeline
  }

  command(): Command {
    const compound = this.#compound.command()
    if (compound !== undefined) return compound
    const name = this.keyword()
    if (name !== undefined && CLOSERS.has(name)) this.unexpected()
    return this.#simple(name)
  }

  #simple(first: string | undefined): Command {
    const { line } = this.peek
    const command: SimpleCommand = { type: "simple", assignments: [], words: [], declared: [], redirects: [], line }
    for (;;) {
      const token = this.peek
      if (token.type === "redirect") command.redirects.push(this.redirect())
      else if (token.type === "word") {
        this.take()
        this.#word(token.word, command)
        if (command.words.length === 1 && command.assignments.length + command.redirects.length === 0) {
          const defined = first === undefined ? undefined : this.#compound.definition(first)
          if (defined !== undefined) return defined
        }
      } else break
    }
    if (command.assignments.length + command.words.length + command.redirects.length === 0) this.unexpected()
    return command
  }

  #word(word: Word, command: SimpleCommand): void {
    const leading = command.words.length === 0
    const declaring = !leading && DECLARING.has(plainText(command.words[0] as Word) ?? "")
    const assignment = leading || declaring ? asAssignment(word) : undefined
    if (assignment === undefined) {
      command.words.push(word)
      return
    }
    if (assignment.value.text === "" && this.bash && this.lexer.reader.char === "(")
      assignment.items = this.#arrayItems()
    if (leading) command.assignments.push(assignment)
    else command.declared.push(assignment)
    // A declaration sees its assignments in place, as words.
    if (declaring) command.words.push(word)
  }

  #arrayItems(): Word[] {
    this.take()
    const items: Word[] = []
    for (;;) {
      this.skipNewlines()
      const token = this.take()
      if (token.type === "word") items.push(token.word)
      else if (token.type === "operator" && token.text === ")") return items
      else throw this.lexer.unexpected(token)
    }
  }

  redirects(): Redirect[] {
    const redirects: Redirect[] = []
    while (this.peek.type === "redirect") redirects.push(this.redirect())
    return redirects
  }

  redirect(): Redirect {
    const token = this.take() as Extract<Token, { type: "redirect" }>
    const { text: operator, fd, variable, here } = token
    if (here !== undefined) return { operator, fd, variable, target: { parts: [], text: here.delimiter }, here }
    const target = this.peek
    if (target.type === "end" && this.bash)
      throw this.lexer.unexpected({ type: "newline", line: this.lexer.endLine - 1 })
    if (target.type !== "word") this.unexpected()
    this.take()
    return { operator, fd, variable, target: target.word, here: undefined }
  }
}

/** `name=value`, `name+=value` and `name[i]=value`, the name unquoted. */
export function asAssignment(word: Word): Assignment | undefined {
  const first = word.parts[0]
  if (first?.type !== "literal" || first.quoted) return undefined
  const match = /^([A-Za-z_]\w*)(\+?)=/.exec(first.text)
  if (match === null) return withSubscript(word)
  return {
    name: match[1] as string,
    subscript: undefined,
    append: match[2] === "+",
    value: after(word, 0, match[0].length),
    items: undefined,
  }
}

/** What of a word comes after `skip` characters of its part `index`. */
function after(word: Word, index: number, skip: number): Word {
  const part = word.parts[index]
  const rest = part?.type === "literal" ? part.text.slice(skip) : ""
  const parts = word.parts.slice(index + 1)
  const written = word.text.indexOf("=")
  return {
    parts: rest === "" ? parts : [{ type: "literal", text: rest, quoted: false }, ...parts],
    text: word.text.slice(written + 1),
  }
}

function withSubscript(word: Word): Assignment | undefined {
  const first = word.parts[0]
  const open = first?.type === "literal" ? /^([A-Za-z_]\w*)\[/.exec(first.text) : null
  if (open === null) return undefined
  const parts: Word["parts"] = []
  for (const [i, part] of word.parts.entries()) {
    const from = i === 0 ? open[0].length : 0
    const close = part.type === "literal" && !part.quoted ? /\](\+?)=/.exec(part.text.slice(from)) : null
    if (part.type !== "literal" || close === null) {
      parts.push(part.type === "literal" && i === 0 ? { ...part, text: part.text.slice(from) } : part)
      continue
    }
    const end = from + close.index
    parts.push({ ...part, text: part.text.slice(from, end) })
    return {
      name: open[1] as string,
      subscript: { parts, text: "" },
      append: close[1] === "+",
      value: after(word, i, end + close[0].length),
      items: undefined,
    }
  }
  return undefined
}
