/** Tokens to a tree (POSIX.1-2017 XCU section 2.10). */
import type { AndOr, Assignment, Command, List, Pipeline, Redirect } from "./ast.ts"
import { Lexer } from "./lexer.ts"
import { SyntaxErrorInScript, type Token, type Word } from "./token.ts"

const CLOSERS: ReadonlySet<string> = new Set(["then", "else", "elif", "fi", "do", "done", "esac", "}"])

/** Parses a whole script. Throws {@link SyntaxErrorInScript}. */
export function parseScript(text: string, line = 1): List {
  return new Parser(new Lexer(text, line).tokens()).script()
}

class Parser {
  readonly #tokens: Token[]
  #at = 0

  constructor(tokens: Token[]) {
    this.#tokens = tokens
  }

  script(): List {
    const list = this.#list()
    if (this.#peek.type !== "end") this.#unexpected()
    return list
  }

  get #peek(): Token {
    return this.#tokens[this.#at] as Token
  }

  #take(): Token {
    return this.#tokens[this.#at++] as Token
  }

  #unexpected(): never {
    const token = this.#peek
    if (token.type === "end") throw new SyntaxErrorInScript("syntax error: unexpected end of file", token.line)
    const text = token.type === "newline" ? "newline" : token.text
    throw new SyntaxErrorInScript(`syntax error near unexpected token \`${text}'`, token.line)
  }

  /** The word as written, when it has no quotes or expansions: only then can it be a keyword. */
  #keyword(token: Token = this.#peek): string | undefined {
    if (token.type !== "word" || token.word.length !== 1) return undefined
    const part = token.word[0]
    return part?.type === "literal" && !part.quoted ? part.text : undefined
  }

  #isOperator(text: string): boolean {
    const token = this.#peek
    return token.type === "operator" && token.text === text
  }

  #skipNewlines(): void {
    while (this.#peek.type === "newline") this.#at++
  }

  #expectKeyword(word: string): void {
    if (this.#keyword() !== word) this.#unexpected()
    this.#at++
  }

  /** Commands up to something that closes the list. */
  #list(): List {
    const list: List = []
    for (;;) {
      this.#skipNewlines()
      const token = this.#peek
      if (token.type === "end" || this.#isOperator(")") || this.#isOperator(";;") || CLOSERS.has(this.#keyword() ?? ""))
        return list
      const item = this.#andOr()
      list.push(item)
      if (this.#isOperator("&")) {
        item.background = true
        this.#at++
      } else if (this.#isOperator(";")) this.#at++
      else if (this.#peek.type !== "newline") return list
    }
  }

  #nonEmptyList(): List {
    const list = this.#list()
    if (list.length === 0) this.#unexpected()
    return list
  }

  #andOr(): AndOr {
    const start = this.#at
    const result: AndOr = { first: this.#pipeline(), rest: [], background: false, text: "" }
    while (this.#isOperator("&&") || this.#isOperator("||")) {
      const token = this.#take() as { text: "&&" | "||" }
      this.#skipNewlines()
      result.rest.push({ operator: token.text, pipeline: this.#pipeline() })
    }
    result.text = this.#tokens.slice(start, this.#at).map(textOf).join(" ")
    return result
  }

  #pipeline(): Pipeline {
    const pipeline: Pipeline = { negated: false, commands: [], errorsToo: [] }
    while (this.#keyword() === "!") {
      pipeline.negated = !pipeline.negated
      this.#at++
    }
    pipeline.commands.push(this.#command())
    while (this.#isOperator("|") || this.#isOperator("|&")) {
      pipeline.errorsToo.push((this.#take() as { text: string }).text === "|&")
      this.#skipNewlines()
      pipeline.commands.push(this.#command())
    }
    return pipeline
  }

  #command(): Command {
    if (this.#isOperator("(")) return this.#subshell()
    switch (this.#keyword()) {
      case "{":
        return this.#group()
      case "if":
        return this.#if()
      case "while":
      case "until":
        return this.#loop()
      case "for":
        return this.#for()
      case "case":
        return this.#case()
      case "function":
        this.#at++
        return this.#function()
      default: {
        const next = this.#tokens[this.#at + 1]
        const name = this.#keyword()
        if (name !== undefined && CLOSERS.has(name)) this.#unexpected()
        if (name !== undefined && next?.type === "operator" && next.text === "(" && /^[A-Za-z_][\w-]*$/.test(name))
          return this.#function()
        return this.#simple()
      }
    }
  }

  #subshell(): Command {
    this.#at++
    const body = this.#nonEmptyList()
    if (!this.#isOperator(")")) this.#unexpected()
    this.#at++
    return { type: "subshell", body, redirects: this.#redirects() }
  }

  #group(): Command {
    this.#at++
    const body = this.#nonEmptyList()
    this.#expectKeyword("}")
    return { type: "group", body, redirects: this.#redirects() }
  }

  #if(): Command {
    const branches: { condition: List; body: List }[] = []
    let otherwise: List | undefined
    do {
      this.#at++
      const condition = this.#nonEmptyList()
      this.#expectKeyword("then")
      branches.push({ condition, body: this.#nonEmptyList() })
    } while (this.#keyword() === "elif")
    if (this.#keyword() === "else") {
      this.#at++
      otherwise = this.#nonEmptyList()
    }
    this.#expectKeyword("fi")
    return { type: "if", branches, otherwise, redirects: this.#redirects() }
  }

  #loop(): Command {
    const until = this.#keyword() === "until"
    this.#at++
    const condition = this.#nonEmptyList()
    return { type: "loop", until, condition, body: this.#doDone(), redirects: this.#redirects() }
  }

  #doDone(): List {
    this.#expectKeyword("do")
    const body = this.#nonEmptyList()
    this.#expectKeyword("done")
    return body
  }

  #for(): Command {
    this.#at++
    const name = this.#keyword()
    if (name === undefined) this.#unexpected()
    this.#at++
    this.#skipNewlines()
    let words: Word[] | undefined
    if (this.#keyword() === "in") {
      this.#at++
      words = []
      while (this.#peek.type === "word") words.push((this.#take() as { word: Word }).word)
    }
    if (this.#isOperator(";")) this.#at++
    this.#skipNewlines()
    return { type: "for", name, words, body: this.#doDone(), redirects: this.#redirects() }
  }

  #case(): Command {
    this.#at++
    const subject = this.#peek
    if (subject.type !== "word") this.#unexpected()
    this.#at++
    this.#skipNewlines()
    this.#expectKeyword("in")
    this.#skipNewlines()
    const clauses: { patterns: Word[]; body: List }[] = []
    while (this.#keyword() !== "esac") {
      clauses.push(this.#clause())
      this.#skipNewlines()
    }
    this.#at++
    return { type: "case", subject: subject.word, clauses, redirects: this.#redirects() }
  }

  #clause(): { patterns: Word[]; body: List } {
    if (this.#isOperator("(")) this.#at++
    const patterns: Word[] = []
    for (;;) {
      const token = this.#take()
      if (token.type !== "word") {
        this.#at--
        this.#unexpected()
      }
      patterns.push(token.word)
      if (!this.#isOperator("|")) break
      this.#at++
    }
    if (!this.#isOperator(")")) this.#unexpected()
    this.#at++
    const body = this.#list()
    if (this.#isOperator(";;")) this.#at++
    return { patterns, body }
  }

  #function(): Command {
    const name = this.#keyword()
    if (name === undefined) this.#unexpected()
    this.#at++
    if (this.#isOperator("(")) {
      this.#at++
      if (!this.#isOperator(")")) this.#unexpected()
      this.#at++
    }
    this.#skipNewlines()
    return { type: "function", name, body: this.#command() }
  }

  #simple(): Command {
    const assignments: Assignment[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    const { line } = this.#peek
    for (;;) {
      const token = this.#peek
      if (token.type === "redirect") redirects.push(this.#redirect())
      else if (token.type === "word") {
        this.#at++
        const assignment = words.length === 0 ? asAssignment(token.word) : undefined
        if (assignment === undefined) words.push(token.word)
        else assignments.push(assignment)
      } else break
    }
    if (assignments.length + words.length + redirects.length === 0) this.#unexpected()
    return { type: "simple", assignments, words, redirects, line }
  }

  #redirects(): Redirect[] {
    const redirects: Redirect[] = []
    while (this.#peek.type === "redirect") redirects.push(this.#redirect())
    return redirects
  }

  #redirect(): Redirect {
    const token = this.#take() as Extract<Token, { type: "redirect" }>
    if (token.here !== undefined) return { operator: token.text, fd: token.fd, target: [], here: token.here }
    const target = this.#peek
    if (target.type !== "word") this.#unexpected()
    this.#at++
    return { operator: token.text, fd: token.fd, target: target.word, here: undefined }
  }
}

function textOf(token: Token): string {
  return token.type === "word" || token.type === "operator" || token.type === "redirect" ? token.text : ""
}

/** `name=value` and `name+=value`, the name unquoted. */
export function asAssignment(word: Word): Assignment | undefined {
  const first = word[0]
  if (first?.type !== "literal" || first.quoted) return undefined
  const match = /^([A-Za-z_]\w*)(\+?)=/.exec(first.text)
  if (match === null) return undefined
  const rest = first.text.slice(match[0].length)
  const value: Word = [...(rest === "" ? [] : [{ ...first, text: rest }]), ...word.slice(1)]
  return { name: match[1] as string, append: match[2] === "+", value }
}
