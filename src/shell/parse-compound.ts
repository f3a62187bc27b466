/** Compound commands and function definitions (POSIX.1-2017 XCU section 2.9.4), and bash's `[[`, `((` and C-style for. */
import type { ArithmeticFor, CaseClause, Command, CompoundCommand, List, Redirect } from "./ast.ts"
import type { Lexer } from "./lexer.ts"
import { parseCondition } from "./parse-condition.ts"
import { SyntaxErrorInScript, type Token, type Word } from "./token.ts"

/** What of the parser compound commands need. */
export interface Grammar {
  readonly lexer: Lexer
  readonly bash: boolean
  readonly peek: Token
  take(): Token
  unexpected(expecting?: string): never
  keyword(token?: Token): string | undefined
  isOperator(text: string): boolean
  skipNewlines(): void
  expectKeyword(word: string): void
  list(): List
  nonEmptyList(): List
  command(): Command
  redirects(): Redirect[]
}

export class CompoundParser {
  readonly #grammar: Grammar

  constructor(grammar: Grammar) {
    this.#grammar = grammar
  }

  /** The compound command at hand, if there is one. */
  command(): Command | undefined {
    const grammar = this.#grammar
    const { line } = grammar.peek
    if (grammar.isOperator("(")) return this.#bracket(line)
    switch (grammar.keyword()) {
      case "{":
        return this.#placed({ type: "group", body: this.#braces() }, line)
      case "if":
        return this.#if(line)
      case "while":
      case "until":
        return this.#loop(line)
      case "for":
        return this.#for(line)
      case "case":
        return this.#case(line)
      case "function":
        return grammar.bash ? this.#function() : undefined
      case "[[":
        return grammar.bash ? this.#condition(line) : undefined
      case "select":
      case "coproc":
        return grammar.bash ? this.#refused(grammar.keyword() as string, line) : undefined
      default:
        return undefined
    }
  }

  /** Words bash knows and podwire does not have. */
  #refused(word: string, line: number): never {
    throw new SyntaxErrorInScript(`${word}: podwire does not support this command`, line, `${word}: not supported`)
  }

  #placed<const T extends object>(command: T, line: number): T & { redirects: Redirect[]; line: number } {
    return { ...command, redirects: this.#grammar.redirects(), line }
  }

  #bracket(line: number): CompoundCommand {
    const grammar = this.#grammar
    grammar.take()
    if (grammar.bash && grammar.lexer.reader.char === "(") {
      grammar.lexer.reader.at++
      const expression = grammar.lexer.arithmetic()
      if (expression !== undefined) return this.#placed({ type: "arithmetic", expression }, line)
      grammar.lexer.reader.at--
    }
    const body = grammar.nonEmptyList()
    if (!grammar.isOperator(")")) grammar.unexpected(")")
    grammar.take()
    return this.#placed({ type: "subshell", body }, line)
  }

  #braces(): List {
    this.#grammar.take()
    const body = this.#grammar.nonEmptyList()
    this.#grammar.expectKeyword("}")
    return body
  }

  #condition(line: number): CompoundCommand {
    const grammar = this.#grammar
    grammar.take()
    const expression = parseCondition(grammar)
    return this.#placed({ type: "condition", expression }, line)
  }

  #if(line: number): CompoundCommand {
    const grammar = this.#grammar
    const branches: { condition: List; body: List }[] = []
    let otherwise: List | undefined
    do {
      grammar.take()
      const condition = grammar.nonEmptyList()
      grammar.expectKeyword("then")
      branches.push({ condition, body: grammar.nonEmptyList() })
    } while (grammar.keyword() === "elif")
    if (grammar.keyword() === "else") {
      grammar.take()
      otherwise = grammar.nonEmptyList()
    }
    grammar.expectKeyword("fi")
    return this.#placed({ type: "if", branches, otherwise }, line)
  }

  #loop(line: number): CompoundCommand {
    const grammar = this.#grammar
    const until = grammar.keyword() === "until"
    grammar.take()
    const condition = grammar.nonEmptyList()
    return this.#placed({ type: "loop", until, condition, body: this.#doDone() }, line)
  }

  #doDone(): List {
    const grammar = this.#grammar
    grammar.expectKeyword("do")
    const body = grammar.nonEmptyList()
    grammar.expectKeyword("done")
    return body
  }

  #for(line: number): CompoundCommand {
    const grammar = this.#grammar
    grammar.take()
    if (grammar.bash && grammar.lexer.nextIs("((")) return this.#arithmeticFor(line)
    const token = grammar.take()
    if (token.type !== "word") throw grammar.lexer.unexpected(token)
    const name = token.word.text
    grammar.skipNewlines()
    let words: Word[] | undefined
    if (grammar.keyword() === "in") {
      grammar.take()
      words = []
      while (grammar.peek.type === "word") words.push((grammar.take() as { word: Word }).word)
      if (!grammar.isOperator(";") && grammar.peek.type !== "newline") grammar.unexpected()
    }
    if (grammar.isOperator(";")) grammar.take()
    grammar.skipNewlines()
    return this.#placed({ type: "for", name, words, body: this.#forBody() }, line)
  }

  /** `do … done`, or bash's `{ … }`. */
  #forBody(): List {
    return this.#grammar.keyword() === "{" && this.#grammar.bash ? this.#braces() : this.#doDone()
  }

  #arithmeticFor(line: number): ArithmeticFor {
    const grammar = this.#grammar
    const { lexer } = grammar
    lexer.reader.at += 2
    const whole = lexer.arithmetic()
    const parts = whole?.text.split(";")
    if (parts?.length !== 3) throw new SyntaxErrorInScript("syntax error: arithmetic expression required", line, "")
    const [init, test, step] = parts.map((text) => lexer.reader.quotedText(text.trim())) as [Word, Word, Word]
    if (grammar.isOperator(";")) grammar.take()
    grammar.skipNewlines()
    return this.#placed({ type: "arithmetic-for", init, test, step, body: this.#forBody() }, line)
  }

  #case(line: number): CompoundCommand {
    const grammar = this.#grammar
    grammar.take()
    const token = grammar.take()
    if (token.type !== "word") throw grammar.lexer.unexpected(token)
    const subject = token.word
    grammar.skipNewlines()
    grammar.expectKeyword("in")
    grammar.skipNewlines()
    const clauses: CaseClause[] = []
    while (grammar.keyword() !== "esac") {
      clauses.push(this.#clause())
      grammar.skipNewlines()
    }
    grammar.take()
    return this.#placed({ type: "case", subject, clauses }, line)
  }

  #clause(): CaseClause {
    const grammar = this.#grammar
    if (grammar.isOperator("(")) grammar.take()
    const patterns: Word[] = []
    for (;;) {
      if (grammar.peek.type !== "word") grammar.unexpected("esac")
      const token = grammar.take() as Extract<Token, { type: "word" }>
      patterns.push(token.word)
      if (!grammar.isOperator("|")) break
      grammar.take()
    }
    if (!grammar.isOperator(")")) grammar.unexpected(")")
    grammar.take()
    const body = grammar.list()
    const token = grammar.peek
    const end = token.type === "operator" && [";;", ";&", ";;&"].includes(token.text) ? token.text : ""
    if (end !== "") grammar.take()
    else if (grammar.keyword() !== "esac") grammar.unexpected(";;")
    return { patterns, body, end: end || ";;" }
  }

  /** `function name [()] body`. */
  #function(): Command {
    const grammar = this.#grammar
    grammar.take()
    const token = grammar.take()
    if (token.type !== "word") throw grammar.lexer.unexpected(token)
    if (grammar.isOperator("(")) this.#emptyBrackets()
    return this.#body(token.word.text, token.line)
  }

  /** `name() body`, the name taken. */
  definition(name: string): Command | undefined {
    const grammar = this.#grammar
    if (!grammar.isOperator("(")) return undefined
    const { line } = grammar.peek
    if (!/^[^$\\"'`=]+$/.test(name)) return undefined
    this.#emptyBrackets()
    return this.#body(name, line)
  }

  #emptyBrackets(): void {
    const grammar = this.#grammar
    const open = grammar.take()
    // What stands between makes the bracket itself the surprise.
    if (!grammar.isOperator(")"))
      throw grammar.peek.type === "word" ? this.#strayBracket(open) : grammar.lexer.unexpected(grammar.peek)
    grammar.take()
  }

  #strayBracket(open: Token): SyntaxErrorInScript {
    return this.#grammar.bash
      ? this.#grammar.lexer.unexpected(this.#grammar.peek)
      : this.#grammar.lexer.unexpected(open)
  }

  #body(name: string, line: number): Command {
    const grammar = this.#grammar
    grammar.skipNewlines()
    const body = this.command()
    if (body !== undefined) return { type: "function", name, body, line }
    if (grammar.bash) grammar.unexpected()
    return { type: "function", name, body: grammar.command(), line }
  }
}
