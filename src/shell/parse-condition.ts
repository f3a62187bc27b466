/** The expression of `[[ … ]]` (bash(1), CONDITIONAL EXPRESSIONS). */
import type { Condition } from "./ast.ts"
import type { Lexer } from "./lexer.ts"
import { plainText, SyntaxErrorInScript, type Token, type Word } from "./token.ts"

interface Tokens {
  readonly lexer: Lexer
  readonly peek: Token
  take(): Token
  skipNewlines(): void
}

const UNARY = /^-[abcdefghknprstuvwxzLNOSG]$/
const BINARY: ReadonlySet<string> = new Set("= == != =~ -eq -ne -lt -le -gt -ge -nt -ot -ef".split(" "))

/** Parses up to `]]`. */
export function parseCondition(tokens: Tokens): Condition {
  const parser = new ConditionParser(tokens)
  const condition = parser.or()
  parser.end()
  return condition
}

class ConditionParser {
  readonly #tokens: Tokens

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** What stands at hand, as text; words only when nothing in them is quoted. */
  #text(): string | undefined {
    const token = this.#tokens.peek
    if (token.type === "word") return plainText(token.word)
    return token.type === "operator" || token.type === "redirect" ? token.text : undefined
  }

  #fail(message: string): never {
    const error = new SyntaxErrorInScript(message, this.#tokens.peek.line, message)
    // bash -c gives up without a word more, and says 0.
    error.status = 0
    throw error
  }

  #openEnd(): SyntaxErrorInScript {
    return new SyntaxErrorInScript("unexpected EOF while looking for `]]'", this.#tokens.lexer.endLine - 1, "")
  }

  #unfinished(): void {
    if (this.#tokens.peek.type === "end") throw this.#openEnd()
  }

  end(): void {
    this.#tokens.skipNewlines()
    this.#unfinished()
    if (this.#text() !== "]]") this.#fail("syntax error in conditional expression")
    this.#tokens.take()
  }

  or(): Condition {
    const left = this.#and()
    if (this.#text() !== "||") return left
    this.#tokens.take()
    return { type: "or", left, right: this.or() }
  }

  #and(): Condition {
    const left = this.#term()
    this.#tokens.skipNewlines()
    if (this.#text() !== "&&") return left
    this.#tokens.take()
    return { type: "and", left, right: this.#and() }
  }

  #term(): Condition {
    this.#tokens.skipNewlines()
    this.#unfinished()
    if (this.#text() === "!") {
      this.#tokens.take()
      return { type: "not", operand: this.#term() }
    }
    if (this.#text() === "(") {
      this.#tokens.take()
      const operand = this.or()
      if (this.#text() !== ")") this.#fail("expected `)'")
      this.#tokens.take()
      return { type: "group", operand }
    }
    return this.#primary()
  }

  #word(): Word {
    const token = this.#tokens.take()
    if (token.type === "word" && plainText(token.word) !== "]]") return token.word
    if (token.type === "end") throw this.#openEnd()
    this.#fail(`unexpected argument to conditional operator`)
  }

  #primary(): Condition {
    const operator = this.#text()
    const first = this.#word()
    if (operator !== undefined && UNARY.test(operator) && !BINARY.has(this.#text() ?? "") && this.#text() !== "]]")
      return { type: "unary", operator, operand: this.#word() }
    return this.#rest(first)
  }

  #rest(left: Word): Condition {
    const token = this.#tokens.peek
    const operator = this.#text()
    if (operator !== undefined && (BINARY.has(operator) || operator === "<" || operator === ">")) {
      this.#tokens.take()
      return { type: "binary", operator, left, right: this.#right(operator) }
    }
    if (token.type === "word" && operator !== "]]") this.#fail("conditional binary operator expected")
    this.#unfinished()
    return { type: "word", word: left }
  }

  #right(operator: string): Word {
    const { lexer } = this.#tokens
    if (lexer.nextIs("]]")) this.#fail("unexpected argument `]]' to conditional binary operator")
    if (operator === "=~") return lexer.reader.regularExpression()
    return /^(==?|!=)$/.test(operator) ? lexer.reader.word(true) : this.#word()
  }
}
