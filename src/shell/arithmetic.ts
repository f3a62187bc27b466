/** `$(( … ))`: 64-bit integer expressions, evaluated as they are read. Models bash's expr.c. */

export interface Variables {
  /** The value of a variable, or of an array's item. */
  valueOf(name: string, index?: bigint): string | undefined
  assign(name: string, value: string, index?: bigint): void
}

const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
]
const ASSIGN: ReadonlySet<string> = new Set(["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "^=", "|="])
const TOKEN =
  /\d+#[0-9A-Za-z@_]+|\d[0-9A-Za-z_]*|[A-Za-z_]\w*|<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|\S/g
/** A variable may hold an expression that names a variable that holds an expression. */
const DEPTH_MAX = 64
/** Brackets and signs nest on the host's stack. */
const NESTING_MAX = 500

/** The value, or the shell's complaint. */
export function evaluate(expression: string, variables: Variables): bigint | { error: string } {
  try {
    return new Evaluator(expression, variables, 0).run()
  } catch (error) {
    if (error instanceof ArithmeticError) return { error: error.message }
    throw error
  }
}

class ArithmeticError extends Error {}

interface Place {
  name: string
  index: bigint | undefined
}

class Evaluator {
  readonly #text: string
  readonly #variables: Variables
  readonly #depth: number
  readonly #tokens: string[] = []
  readonly #starts: number[] = []
  #at = 0
  #nesting = 0
  /** Inside what && || ?: skip: nothing is assigned. */
  #skipping = 0

  constructor(text: string, variables: Variables, depth: number) {
    this.#text = text.trimStart()
    this.#variables = variables
    this.#depth = depth
    for (const match of this.#text.matchAll(TOKEN)) {
      this.#tokens.push(match[0])
      this.#starts.push(match.index)
    }
  }

  run(): bigint {
    if (this.#tokens.length === 0) return 0n
    const value = this.#comma()
    if (this.#at < this.#tokens.length) this.#fail("syntax error in expression", this.#at)
    return value
  }

  #token(): string | undefined {
    return this.#tokens[this.#at]
  }

  /** The rest of the expression from a token on is what bash calls the error token. */
  #fail(message: string, token = this.#at - 1): never {
    const rest = this.#text.slice(this.#starts[Math.max(0, token)] ?? this.#text.length)
    throw new ArithmeticError(`${this.#text}: ${message} (error token is "${rest}")`)
  }

  #comma(): bigint {
    if (++this.#nesting > NESTING_MAX) this.#fail("expression recursion level exceeded")
    let value = this.#assignment()
    while (this.#token() === ",") {
      this.#at++
      value = this.#assignment()
    }
    this.#nesting--
    return value
  }

  #assignment(): bigint {
    const start = this.#at
    const place = this.#place()
    const operator = this.#token()
    if (place !== undefined && operator !== undefined && ASSIGN.has(operator)) {
      this.#at++
      const right = this.#assignment()
      const divisor = this.#at - 1
      const value = operator === "=" ? right : this.#apply(operator.slice(0, -1), this.#read(place), right, divisor)
      this.#write(place, value)
      return value
    }
    this.#at = start
    const value = this.#ternary()
    if (ASSIGN.has(this.#token() ?? "")) this.#fail("attempted assignment to non-variable", this.#at)
    return value
  }

  #ternary(): bigint {
    const condition = this.#binary(0)
    if (this.#token() !== "?") return condition
    this.#at++
    if (this.#token() === undefined) this.#fail("expression expected")
    const yes = this.#unless(condition === 0n, () => this.#comma())
    if (this.#token() !== ":") this.#fail("`:' expected for conditional expression")
    this.#at++
    const no = this.#unless(condition !== 0n, () => this.#assignment())
    return condition !== 0n ? yes : no
  }

  #unless(skip: boolean, evaluate: () => bigint): bigint {
    if (skip) this.#skipping++
    try {
      return evaluate()
    } finally {
      if (skip) this.#skipping--
    }
  }

  #binary(level: number): bigint {
    const operators = LEVELS[level]
    if (operators === undefined) return this.#power()
    let left = this.#binary(level + 1)
    for (;;) {
      const operator = this.#token()
      if (operator === undefined || !operators.includes(operator)) return left
      this.#at++
      const start = this.#at
      const skip = (operator === "&&" && left === 0n) || (operator === "||" && left !== 0n)
      const right = this.#unless(skip, () => this.#binary(level + 1))
      left = this.#apply(operator, left, right, start)
    }
  }

  /** `**` binds tighter than signs' operands and groups to the right. */
  #power(): bigint {
    const base = this.#unary()
    if (this.#token() !== "**") return base
    this.#at++
    const start = this.#at
    const exponent = this.#power()
    if (exponent < 0n) this.#fail("exponent less than 0", start)
    let result = 1n
    for (let left = exponent, square = base; left > 0n; left >>= 1n) {
      if (left & 1n) result = BigInt.asIntN(64, result * square)
      square = BigInt.asIntN(64, square * square)
    }
    return result
  }

  #unary(): bigint {
    const token = this.#token()
    if (token === "-" || token === "+" || token === "!" || token === "~") {
      if (++this.#nesting > NESTING_MAX) this.#fail("expression recursion level exceeded")
      this.#at++
      const value = this.#unary()
      this.#nesting--
      return token === "-"
        ? BigInt.asIntN(64, -value)
        : token === "!"
          ? BigInt(value === 0n)
          : token === "~"
            ? ~value
            : value
    }
    if (token === "++" || token === "--") {
      this.#at++
      const place = this.#place()
      if (place === undefined) this.#fail("syntax error: operand expected")
      return this.#step(place, token, true)
    }
    return this.#primary()
  }

  #primary(): bigint {
    const token = this.#token()
    if (token === undefined) this.#fail("syntax error: operand expected")
    if (token === "(") {
      this.#at++
      const value = this.#comma()
      if (this.#token() !== ")") this.#fail("missing `)'")
      this.#at++
      return value
    }
    if (/^\d/.test(token)) {
      this.#at++
      return this.#number(token)
    }
    const place = this.#place()
    if (place === undefined) this.#fail("syntax error: operand expected", this.#at)
    const next = this.#token()
    if (next !== "++" && next !== "--") return this.#read(place)
    this.#at++
    return this.#step(place, next, false)
  }

  #number(token: string): bigint {
    const based = /^(\d+)#(.*)$/.exec(token)
    const octal = /^0\d/.test(token)
    if (/^0[xX][0-9a-fA-F]+$/.test(token)) return BigInt.asIntN(64, BigInt(token))
    const base = based === null ? (octal ? 8 : 10) : Number(based[1])
    if (base < 2 || base > 64) this.#fail("invalid arithmetic base")
    let value = 0n
    for (const c of based?.[2] ?? token) {
      const digit = digitOf(c, base)
      if (digit >= base)
        this.#fail(based === null && !/^\d+$/.test(token) ? "value too great for base" : "value too great for base")
      value = BigInt.asIntN(64, value * BigInt(base) + BigInt(digit))
    }
    return value
  }

  /** A variable or an array's item at hand. */
  #place(): Place | undefined {
    const name = this.#token()
    if (name === undefined || !/^[A-Za-z_]/.test(name)) return undefined
    this.#at++
    if (this.#token() !== "[") return { name, index: undefined }
    this.#at++
    const index = this.#comma()
    if (this.#token() !== "]") this.#fail("bad array subscript")
    this.#at++
    return { name, index }
  }

  #read({ name, index }: Place): bigint {
    const text = this.#variables.valueOf(name, index) ?? ""
    if (/^\s*(0|[1-9]\d{0,17})\s*$/.test(text)) return BigInt(text.trim())
    if (this.#depth > DEPTH_MAX)
      throw new ArithmeticError(`${text}: expression recursion level exceeded (error token is "${text}")`)
    return new Evaluator(text, this.#variables, this.#depth + 1).run()
  }

  #write({ name, index }: Place, value: bigint): void {
    if (this.#skipping === 0) this.#variables.assign(name, String(value), index)
  }

  #step(place: Place, operator: string, before: boolean): bigint {
    const old = this.#read(place)
    const value = BigInt.asIntN(64, operator === "++" ? old + 1n : old - 1n)
    this.#write(place, value)
    return before ? value : old
  }

  #apply(operator: string, a: bigint, b: bigint, divisor: number): bigint {
    switch (operator) {
      case "+":
        return BigInt.asIntN(64, a + b)
      case "-":
        return BigInt.asIntN(64, a - b)
      case "*":
        return BigInt.asIntN(64, a * b)
      case "/":
      case "%":
        if (b === 0n && this.#skipping > 0) return 0n
        if (b === 0n) this.#fail("division by 0", divisor)
        return BigInt.asIntN(64, operator === "/" ? a / b : a % b)
      case "<<":
        return BigInt.asIntN(64, a << (b & 63n))
      case ">>":
        return a >> (b & 63n)
      case "&":
        return a & b
      case "|":
        return a | b
      case "^":
        return a ^ b
      default:
        return BigInt(compare(operator, a, b))
    }
  }
}

function digitOf(c: string, base: number): number {
  if (/\d/.test(c)) return Number(c)
  if (/[a-z]/.test(c)) return c.charCodeAt(0) - 87
  if (/[A-Z]/.test(c)) return c.charCodeAt(0) - (base <= 36 ? 55 : 29)
  return c === "@" ? 62 : 63
}

function compare(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case "<":
      return a < b
    case "<=":
      return a <= b
    case ">":
      return a > b
    case ">=":
      return a >= b
    case "==":
      return a === b
    case "!=":
      return a !== b
    case "&&":
      return a !== 0n && b !== 0n
    default:
      return a !== 0n || b !== 0n
  }
}
