/** awk's grammar, by recursive descent. */
import {
  AwkError,
  type AwkFunction,
  type AwkProgram,
  type Expression,
  type Output,
  type Place,
  type Rule,
  type Statement,
} from "./ast.ts"
import { AwkLexer, type AwkToken } from "./lexer.ts"

const COMPARISONS: ReadonlySet<string> = new Set(["<", "<=", "==", "!=", ">", ">="])
const ASSIGNMENTS: ReadonlySet<string> = new Set(["=", "+=", "-=", "*=", "/=", "%=", "^=", "**="])
/** Brackets nest on the host's stack. */
const NESTING_MAX = 200

/** Parses a program. Throws {@link AwkError}. */
export function parseAwk(text: string): AwkProgram {
  return new AwkParser(text).program()
}

interface Context {
  /** `in` ends the expression: the head of `for`. */
  noIn?: boolean
  /** `>` is a redirection: the arguments of print. */
  noGreater?: boolean
}

class AwkParser {
  readonly #lexer: AwkLexer
  #current: AwkToken | undefined
  #nesting = 0

  constructor(text: string) {
    this.#lexer = new AwkLexer(text)
  }

  // ── tokens ──────────────────────────────────────────────────────────────────────────────────

  /** The token at hand, read when it is looked at: what follows a slash may be no tokens at all. */
  get #token(): AwkToken {
    this.#current ??= this.#lexer.next()
    return this.#current
  }

  #advance(): AwkToken {
    const token = this.#token
    this.#current = undefined
    return token
  }

  #is(text: string): boolean {
    const { type } = this.#token
    return (type === "operator" || type === "keyword") && this.#token.text === text
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false
    this.#advance()
    return true
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#unexpected()
  }

  #unexpected(): never {
    const { type, text, line } = this.#token
    throw new AwkError(
      `line ${line}: syntax error at or near ${type === "end" ? "end of file" : type === "newline" ? "end of line" : text}`,
    )
  }

  #newlines(): void {
    while (this.#token.type === "newline") this.#advance()
  }

  #separators(): void {
    while (this.#token.type === "newline" || this.#is(";")) this.#advance()
  }

  // ── rules ───────────────────────────────────────────────────────────────────────────────────

  program(): AwkProgram {
    const rules: Rule[] = []
    const functions = new Map<string, AwkFunction>()
    this.#separators()
    while (this.#token.type !== "end") {
      if (this.#is("function")) {
        const definition = this.#function()
        functions.set(definition.name, definition)
      } else rules.push(this.#rule())
      this.#separators()
    }
    return { rules, functions }
  }

  #function(): AwkFunction {
    this.#advance()
    const { type, text: name } = this.#token
    if (type !== "name" && type !== "function-name") this.#unexpected()
    this.#advance()
    this.#expect("(")
    const parameters: string[] = []
    while (this.#token.type === "name") {
      parameters.push(this.#advance().text)
      if (!this.#accept(",")) break
      this.#newlines()
    }
    this.#expect(")")
    this.#newlines()
    return { name, parameters, body: this.#block() }
  }

  #rule(): Rule {
    let pattern: Rule["pattern"]
    let until: Expression | undefined
    if (this.#is("BEGIN") || this.#is("END")) pattern = this.#advance().text as "BEGIN"
    else if (!this.#is("{")) {
      pattern = this.#expression({})
      if (this.#accept(",")) {
        this.#newlines()
        until = this.#expression({})
      }
    }
    const action = this.#is("{") ? this.#block() : undefined
    if (action === undefined && (pattern === "BEGIN" || pattern === "END")) this.#unexpected()
    return { pattern, until, action, inRange: false }
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────

  #block(): Statement {
    this.#expect("{")
    const body: Statement[] = []
    this.#separators()
    while (!this.#is("}")) {
      body.push(this.#statement())
      this.#separators()
    }
    this.#advance()
    return { type: "block", body }
  }

  #statement(): Statement {
    if (++this.#nesting > NESTING_MAX) this.#unexpected()
    const statement = this.#anyStatement()
    this.#nesting--
    return statement
  }

  #anyStatement(): Statement {
    if (this.#is("{")) return this.#block()
    if (this.#accept(";")) return { type: "block", body: [] }
    if (this.#token.type === "keyword")
      switch (this.#token.text) {
        case "if":
          return this.#if()
        case "while": {
          this.#advance()
          const test = this.#bracketed()
          return { type: "while", test, body: this.#body() }
        }
        case "do":
          return this.#do()
        case "for":
          return this.#for()
      }
    const statement = this.#simple()
    if (!this.#is("}") && this.#token.type !== "end" && this.#token.type !== "newline" && !this.#is(";"))
      this.#unexpected()
    return statement
  }

  #bracketed(): Expression {
    this.#expect("(")
    const test = this.#expression({})
    this.#expect(")")
    return test
  }

  #body(): Statement {
    this.#newlines()
    return this.#statement()
  }

  #if(): Statement {
    this.#advance()
    const test = this.#bracketed()
    const yes = this.#body()
    // An else may stand after a separator.
    this.#separators()
    if (!this.#accept("else")) return { type: "if", test, yes, no: undefined }
    return { type: "if", test, yes, no: this.#body() }
  }

  #do(): Statement {
    this.#advance()
    const body = this.#body()
    this.#separators()
    this.#expect("while")
    return { type: "do", body, test: this.#bracketed() }
  }

  #for(): Statement {
    this.#advance()
    this.#expect("(")
    const init = this.#is(";") ? undefined : this.#simple({ noIn: true })
    if (this.#accept("in")) {
      const name =
        init?.type === "expression" && init.expression.type === "variable" ? init.expression.name : this.#unexpected()
      const array = this.#advance()
      if (array.type !== "name") this.#unexpected()
      this.#expect(")")
      return { type: "for-in", name, array: array.text, body: this.#body() }
    }
    this.#expect(";")
    this.#newlines()
    const test = this.#is(";") ? undefined : this.#expression({})
    this.#expect(";")
    this.#newlines()
    const step = this.#is(")") ? undefined : this.#simple()
    this.#expect(")")
    return { type: "for", init, test, step, body: this.#body() }
  }

  #simple(context: Context = {}): Statement {
    const word = this.#token.type === "keyword" ? this.#token.text : ""
    switch (word) {
      case "print":
      case "printf":
        this.#advance()
        return this.#print(word)
      case "break":
      case "continue":
      case "next":
      case "nextfile":
        this.#advance()
        return { type: word }
      case "exit":
      case "return":
        this.#advance()
        return { type: word, value: this.#ends() ? undefined : this.#expression({}) }
      case "delete":
        return this.#delete()
    }
    return { type: "expression", expression: this.#expression(context) }
  }

  #ends(): boolean {
    return this.#token.type === "newline" || this.#token.type === "end" || this.#is(";") || this.#is("}")
  }

  #delete(): Statement {
    this.#advance()
    const { type, text: array } = this.#advance()
    if (type !== "name") this.#unexpected()
    if (!this.#accept("[")) return { type: "delete", array, keys: undefined }
    const keys = this.#list("]")
    return { type: "delete", array, keys }
  }

  #print(type: "print" | "printf"): Statement {
    let args: Expression[] = []
    if (!this.#ends() && !this.#is(">") && !this.#is("|") && !this.#is(">>")) {
      const first = this.#printArgument()
      args = first
      while (this.#accept(",")) {
        this.#newlines()
        args.push(this.#expression({ noGreater: true }))
      }
    }
    let output: Output | undefined
    for (const operator of [">>", ">", "|"])
      if (output === undefined && this.#accept(operator))
        output = { operator, target: this.#concatenation({ noGreater: true }) }
    return { type, args, output }
  }

  /** `print (a, b) > x`: a bracket around all arguments is not a value. */
  #printArgument(): Expression[] {
    const expression = this.#expression({ noGreater: true })
    if (expression.type === "in" && expression.array === "") return expression.keys
    return [expression]
  }

  #list(close: string): Expression[] {
    const list: Expression[] = []
    this.#newlines()
    while (!this.#is(close)) {
      list.push(this.#expression({}))
      this.#newlines()
      if (!this.#accept(",")) break
      this.#newlines()
    }
    this.#expect(close)
    return list
  }

  // ── expressions, from the loosest to the tightest ───────────────────────────────────────────

  #expression(context: Context): Expression {
    if (++this.#nesting > NESTING_MAX) this.#unexpected()
    const expression = this.#ternary(context)
    this.#nesting--
    return expression
  }

  #ternary(context: Context): Expression {
    const test = this.#or(context)
    if (this.#accept("?")) {
      this.#newlines()
      const yes = this.#ternary(context)
      this.#newlines()
      this.#expect(":")
      this.#newlines()
      return { type: "conditional", test, yes, no: this.#ternary(context) }
    }
    const operator = this.#token.text
    if (this.#token.type !== "operator" || !ASSIGNMENTS.has(operator) || !isPlace(test)) return test
    this.#advance()
    this.#newlines()
    return {
      type: "assign",
      operator: operator === "**=" ? "^=" : operator,
      place: test,
      value: this.#ternary(context),
    }
  }

  #or(context: Context): Expression {
    let left = this.#and(context)
    while (this.#accept("||")) {
      this.#newlines()
      left = { type: "binary", operator: "||", left, right: this.#and(context) }
    }
    return left
  }

  #and(context: Context): Expression {
    let left = this.#in(context)
    while (this.#accept("&&")) {
      this.#newlines()
      left = { type: "binary", operator: "&&", left, right: this.#in(context) }
    }
    return left
  }

  #in(context: Context): Expression {
    let left = this.#match(context)
    while (context.noIn !== true && this.#is("in")) {
      this.#advance()
      const array = this.#advance()
      if (array.type !== "name") this.#unexpected()
      left = { type: "in", keys: left.type === "in" && left.array === "" ? left.keys : [left], array: array.text }
    }
    return left
  }

  #match(context: Context): Expression {
    let text = this.#comparison(context)
    for (;;) {
      const negated = this.#is("!~")
      if (!negated && !this.#is("~")) return text
      this.#advance()
      text = { type: "match", negated, text, regexp: this.#comparison(context) }
    }
  }

  #comparison(context: Context): Expression {
    const left = this.#concatenation(context)
    const operator = this.#token.text
    if (
      this.#token.type !== "operator" ||
      !COMPARISONS.has(operator) ||
      (operator === ">" && context.noGreater === true)
    ) {
      if (this.#is("|") && context.noGreater !== true) return this.#pipeGetline(left)
      return left
    }
    this.#advance()
    return { type: "binary", operator, left, right: this.#concatenation(context) }
  }

  /** `command | getline [place]`, as often as it stands there. */
  #pipeGetline(first: Expression): Expression {
    let command = first
    while (this.#accept("|")) {
      if (!this.#accept("getline")) this.#unexpected()
      command = { type: "getline", place: this.#optionalPlace(), file: undefined, command }
    }
    return command
  }

  #concatenation(_context: Context): Expression {
    let left = this.#additive()
    while (this.#beginsValue()) left = { type: "binary", operator: " ", left, right: this.#additive() }
    return left
  }

  #beginsValue(): boolean {
    const { type, text } = this.#token
    if (type === "number" || type === "string" || type === "name" || type === "function-name" || type === "builtin")
      return true
    return (
      type === "operator" &&
      (text === "$" || text === "!" || text === "(" || text === "-" || text === "+" || text === "++" || text === "--")
    )
  }

  #additive(): Expression {
    let left = this.#multiplicative()
    while (this.#is("+") || this.#is("-"))
      left = { type: "binary", operator: this.#advance().text, left, right: this.#multiplicative() }
    return left
  }

  #multiplicative(): Expression {
    let left = this.#unary()
    while (this.#is("*") || this.#is("/") || this.#is("%"))
      left = { type: "binary", operator: this.#advance().text, left, right: this.#unary() }
    return left
  }

  #unary(): Expression {
    if (!this.#is("!") && !this.#is("-") && !this.#is("+")) return this.#power()
    if (++this.#nesting > NESTING_MAX) this.#unexpected()
    const operator = this.#advance().text
    const operand = this.#unary()
    this.#nesting--
    return { type: "unary", operator, operand }
  }

  #power(): Expression {
    const base = this.#postfix()
    if (!this.#is("^") && !this.#is("**")) return base
    this.#advance()
    return {
      type: "binary",
      operator: "^",
      left: base,
      right: this.#is("-") || this.#is("+") || this.#is("!") ? this.#unary() : this.#power(),
    }
  }

  #postfix(): Expression {
    const value = this.#primary()
    if (!isPlace(value) || (!this.#is("++") && !this.#is("--"))) return value
    return { type: "step", operator: this.#advance().text as "++", before: false, place: value }
  }

  #primary(): Expression {
    const token = this.#advance()
    switch (token.type) {
      case "number":
        return { type: "number", value: Number(token.text) }
      case "string":
        return { type: "string", value: token.text }
      case "builtin":
        return this.#builtin(token.text)
      case "function-name":
        this.#expect("(")
        return { type: "call", name: token.text, args: this.#list(")") }
      case "name":
        if (!this.#accept("[")) return { type: "variable", name: token.text }
        return { type: "item", name: token.text, keys: this.#list("]") }
      case "keyword":
        if (token.text === "getline") return this.#getline()
        break
      case "operator":
        return this.#operator(token)
    }
    this.#current = token
    return this.#unexpected()
  }

  #operator(token: AwkToken): Expression {
    switch (token.text) {
      case "$":
        return { type: "field", index: this.#fieldIndex() }
      case "++":
      case "--": {
        const place = this.#postfixless()
        return { type: "step", operator: token.text, before: true, place }
      }
      case "/":
      case "/=": {
        // What follows was read as tokens; it is text.
        const source = this.#lexer.regexp(token.end, token.text.slice(1))
        return { type: "regexp", source }
      }
      case "(":
        return this.#group()
    }
    this.#current = token
    return this.#unexpected()
  }

  #postfixless(): Place {
    const value = this.#primary()
    return isPlace(value) ? value : this.#unexpected()
  }

  #fieldIndex(): Expression {
    if (this.#is("-") || this.#is("+") || this.#is("!")) return this.#unary()
    return this.#primary()
  }

  /** `(x)`, or `(i, j) in a`. */
  #group(): Expression {
    const first = this.#expression({})
    this.#newlines()
    if (!this.#is(",")) {
      this.#expect(")")
      return { type: "group", inner: first }
    }
    const keys = [first]
    while (this.#accept(",")) {
      this.#newlines()
      keys.push(this.#expression({}))
    }
    this.#expect(")")
    // Without an array yet: `in`, or print's own bracket, takes it from here.
    return { type: "in", keys, array: "" }
  }

  #builtin(name: string): Expression {
    if (name === "length" && !this.#is("(")) return { type: "builtin", name, args: [] }
    this.#expect("(")
    return { type: "builtin", name, args: this.#list(")") }
  }

  #getline(): Expression {
    const place = this.#optionalPlace()
    const file = this.#accept("<") ? this.#postfix() : undefined
    return { type: "getline", place, file, command: undefined }
  }

  #optionalPlace(): Place | undefined {
    if (this.#token.type !== "name" && !this.#is("$")) return undefined
    const value = this.#primary()
    return isPlace(value) ? value : this.#unexpected()
  }
}

function isPlace(expression: Expression): expression is Place {
  return expression.type === "variable" || expression.type === "item" || expression.type === "field"
}
