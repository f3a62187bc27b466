/** The Common Expression Language, as far as validation rules of schemas use it: text to tree. Grammar: google/cel-spec doc/langdef.md. */

export class CelError extends Error {}

export type Expression =
  | { type: "literal"; value: unknown }
  | { type: "name"; name: string }
  | { type: "select"; of: Expression; field: string }
  | { type: "index"; of: Expression; index: Expression }
  | { type: "list"; items: Expression[] }
  | { type: "map"; entries: [Expression, Expression][] }
  | { type: "not" | "minus"; of: Expression }
  | { type: "binary"; operator: string; left: Expression; right: Expression }
  | { type: "condition"; test: Expression; yes: Expression; no: Expression }
  | { type: "call"; name: string; target: Expression | undefined; args: Expression[] }
  /** has(a.b) */
  | { type: "has"; of: Expression; field: string }
  /** list.all(x, condition) and its kin */
  | { type: "macro"; name: string; target: Expression; variable: string; body: Expression }

interface Token {
  readonly type: "name" | "number" | "string" | "sign" | "end"
  readonly text: string
  readonly value?: unknown
}

const SIGNS = ["&&", "||", "==", "!=", "<=", ">=", ..."!<>+-*/%?:.,()[]{}"]
const MACROS: readonly string[] = ["all", "exists", "exists_one", "map", "filter"]

/** Functions and methods with the numbers of arguments they take, the receiver counted. */
export const FUNCTIONS: Readonly<Record<string, number>> = {
  size: 1,
  startsWith: 2,
  endsWith: 2,
  contains: 2,
  matches: 2,
  lowerAscii: 1,
  upperAscii: 1,
  trim: 1,
  isCIDR: 1,
  isIP: 1,
  int: 1,
  double: 1,
  string: 1,
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b", f: "\f", v: "\v" }

function tokens(text: string): Token[] {
  const found: Token[] = []
  let at = 0
  const take = (regex: RegExp): RegExpExecArray | null => {
    regex.lastIndex = at
    const match = regex.exec(text)
    if (match !== null) at += match[0].length
    return match
  }
  while (at < text.length) {
    if (take(/\s+|\/\/[^\n]*/y) !== null) continue
    const string = take(/([rR])?("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/y)
    const number = string ?? take(/0x[0-9a-fA-F]+u?|\d+\.\d+(?:[eE][-+]?\d+)?|\d+(?:[eE][-+]?\d+)?u?/y)
    const word = number ?? take(/[A-Za-z_]\w*/y)
    const sign = SIGNS.find((one) => text.startsWith(one, at))
    if (string !== null) found.push({ type: "string", text: string[0], value: unquote(string[2] as string, string[1]) })
    else if (number !== null) found.push({ type: "number", text: number[0], value: Number(number[0].replace("u", "")) })
    else if (word !== null) found.push({ type: "name", text: word[0] })
    else if (sign !== undefined) {
      found.push({ type: "sign", text: sign })
      at += sign.length
    } else throw new CelError(`token recognition error at: ${JSON.stringify(text.slice(at, at + 1))}`)
  }
  return [...found, { type: "end", text: "<EOF>" }]
}

function unquote(quoted: string, raw: string | undefined): string {
  const inner = quoted.slice(1, -1)
  if (raw !== undefined) return inner
  return inner.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/gs, (_, code: string) =>
    code.length > 1 ? String.fromCodePoint(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  )
}

/** Operators from the loosest to the tightest. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["<", "<=", ">=", ">", "==", "!=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
]

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  parse(): Expression {
    const tree = this.#condition()
    if (this.#next.type !== "end") this.#unexpected()
    return tree
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #unexpected(): never {
    throw new CelError(`Syntax error: unexpected ${JSON.stringify(this.#next.text)}`)
  }

  #eat(...texts: readonly string[]): string | undefined {
    const { type, text } = this.#next
    if ((type !== "sign" && text !== "in") || !texts.includes(text)) return undefined
    this.#at++
    return text
  }

  #need(text: string): void {
    if (this.#eat(text) === undefined) this.#unexpected()
  }

  #name(): string {
    const { type, text } = this.#next
    if (type !== "name") this.#unexpected()
    this.#at++
    return text
  }

  #condition(): Expression {
    const test = this.#binary(0)
    if (this.#eat("?") === undefined) return test
    const yes = this.#binary(0)
    this.#need(":")
    return { type: "condition", test, yes, no: this.#condition() }
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    for (let operator = this.#eat(...operators); operator !== undefined; operator = this.#eat(...operators))
      left = { type: "binary", operator, left, right: this.#binary(level + 1) }
    return left
  }

  #unary(): Expression {
    if (this.#eat("!") !== undefined) return { type: "not", of: this.#unary() }
    if (this.#eat("-") !== undefined) return { type: "minus", of: this.#unary() }
    let tree = this.#primary()
    for (;;) {
      if (this.#eat(".") !== undefined) tree = this.#member(tree)
      else if (this.#eat("[") !== undefined) {
        tree = { type: "index", of: tree, index: this.#condition() }
        this.#need("]")
      } else return tree
    }
  }

  #member(of: Expression): Expression {
    const name = this.#name()
    if (this.#eat("(") === undefined) return { type: "select", of, field: unescaped(name) }
    const args = this.#list(")")
    return MACROS.includes(name) ? macro(name, of, args) : called(name, of, args)
  }

  #list(end: string): Expression[] {
    const items: Expression[] = []
    while (this.#eat(end) === undefined) {
      items.push(this.#condition())
      if (this.#eat(",") === undefined && this.#next.text !== end) this.#unexpected()
    }
    return items
  }

  #primary(): Expression {
    const { type, text, value } = this.#next
    if (this.#eat("(") !== undefined) {
      const tree = this.#condition()
      this.#need(")")
      return tree
    }
    if (this.#eat("[") !== undefined) return { type: "list", items: this.#list("]") }
    if (this.#eat("{") !== undefined) return this.#map()
    if (type === "number" || type === "string") {
      this.#at++
      return { type: "literal", value }
    }
    const name = this.#name()
    if (this.#eat("(") !== undefined)
      return name === "has" ? has(this.#list(")")) : called(name, undefined, this.#list(")"))
    const constants: Readonly<Record<string, unknown>> = { true: true, false: false, null: null }
    return Object.hasOwn(constants, text) ? { type: "literal", value: constants[text] } : { type: "name", name }
  }

  #map(): Expression {
    const entries: [Expression, Expression][] = []
    while (this.#eat("}") === undefined) {
      const key = this.#condition()
      this.#need(":")
      entries.push([key, this.#condition()])
      if (this.#eat(",") === undefined && this.#next.text !== "}") this.#unexpected()
    }
    return { type: "map", entries }
  }
}

/** Fields whose names are no identifiers are written with escapes. */
const unescaped = (name: string): string =>
  name
    .replaceAll("__dot__", ".")
    .replaceAll("__dash__", "-")
    .replaceAll("__slash__", "/")
    .replaceAll("__underscores__", "__")
    .replace(/^__(\w+)__$/, "$1")

function has(args: readonly Expression[]): Expression {
  const [of] = args
  if (args.length !== 1 || of?.type !== "select") throw new CelError("invalid argument to has() macro")
  return { type: "has", of: of.of, field: of.field }
}

function macro(name: string, target: Expression, args: readonly Expression[]): Expression {
  const [variable, body] = args
  if (args.length !== 2 || variable?.type !== "name" || body === undefined)
    throw new CelError(`podwire's CEL has ${name}() with a variable and one expression only`)
  return { type: "macro", name, target, variable: variable.name, body }
}

function called(name: string, target: Expression | undefined, args: Expression[]): Expression {
  const wanted = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (wanted === undefined)
    throw new CelError(`undeclared reference to '${name}': podwire's CEL has ${Object.keys(FUNCTIONS).join(", ")}`)
  if (args.length + (target === undefined ? 0 : 1) !== wanted)
    throw new CelError(`found no matching overload for '${name}'`)
  return { type: "call", name, target, args }
}

/** @throws CelError for what is no expression, or one that podwire cannot evaluate. */
export function parseCel(text: string): Expression {
  return new Parser(text).parse()
}

/** The names an expression asks its surroundings for. */
export function freeNames(tree: Expression, bound: readonly string[] = []): string[] {
  const inside = (...trees: (Expression | undefined)[]): string[] =>
    trees.flatMap((one) => (one === undefined ? [] : freeNames(one, bound)))
  switch (tree.type) {
    case "literal":
      return []
    case "name":
      return bound.includes(tree.name) ? [] : [tree.name]
    case "select":
    case "has":
    case "not":
    case "minus":
      return inside(tree.of)
    case "index":
      return inside(tree.of, tree.index)
    case "list":
      return inside(...tree.items)
    case "map":
      return inside(...tree.entries.flat())
    case "binary":
      return inside(tree.left, tree.right)
    case "condition":
      return inside(tree.test, tree.yes, tree.no)
    case "call":
      return inside(tree.target, ...tree.args)
    case "macro":
      return [...inside(tree.target), ...freeNames(tree.body, [...bound, tree.variable])]
  }
}
