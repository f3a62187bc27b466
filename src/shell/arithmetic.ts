/** `$(( … ))`: C's integer expressions (POSIX XCU 2.6.4), evaluated as they are read. */

export interface Variables {
  get(name: string): string | undefined
  set(name: string, value: string): void
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
const ASSIGN = ["=", "+=", "-=", "*=", "/=", "%="]

/** The value, or the shell's complaint. */
export function evaluate(expression: string, variables: Variables): number | { error: string } {
  try {
    return new Evaluator(expression, variables).run()
  } catch (error) {
    if (error instanceof ArithmeticError) return { error: error.message }
    throw error
  }
}

class ArithmeticError extends Error {}

class Evaluator {
  readonly #text: string
  readonly #variables: Variables
  readonly #tokens: string[]
  #at = 0

  constructor(text: string, variables: Variables) {
    this.#text = text.trimStart()
    this.#variables = variables
    this.#tokens =
      text.match(
        /0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%]=|[-+*/%<>=!~&|^?:(),]|\S/g,
      ) ?? []
  }

  run(): number {
    if (this.#tokens.length === 0) return 0
    const value = this.#assignment()
    if (this.#at < this.#tokens.length)
      throw new ArithmeticError(
        `${this.#text}: syntax error in expression (error token is "${this.#tokens.slice(this.#at).join(" ")}")`,
      )
    return value
  }

  #assignment(): number {
    const name = this.#tokens[this.#at]
    const operator = this.#tokens[this.#at + 1]
    if (name !== undefined && operator !== undefined && /^[A-Za-z_]/.test(name) && ASSIGN.includes(operator)) {
      this.#at += 2
      const right = this.#assignment()
      const value = operator === "=" ? right : this.#apply(operator.slice(0, -1), this.#variable(name), right)
      this.#variables.set(name, String(value))
      return value
    }
    return this.#ternary()
  }

  #ternary(): number {
    const condition = this.#binary(0)
    if (this.#tokens[this.#at] !== "?") return condition
    this.#at++
    const yes = this.#assignment()
    this.#at++
    const no = this.#assignment()
    return condition !== 0 ? yes : no
  }

  #binary(level: number): number {
    const operators = LEVELS[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    for (;;) {
      const operator = this.#tokens[this.#at]
      if (operator === undefined || !operators.includes(operator)) return left
      this.#at++
      left = this.#apply(operator, left, this.#binary(level + 1))
    }
  }

  #unary(): number {
    const token = this.#tokens[this.#at++]
    if (token === "-") return -this.#unary()
    if (token === "+") return this.#unary()
    if (token === "!") return this.#unary() === 0 ? 1 : 0
    if (token === "~") return ~this.#unary()
    if (token === "++" || token === "--") return this.#step(this.#tokens[this.#at++] ?? "", token, true)
    if (token === "(") {
      const value = this.#assignment()
      if (this.#tokens[this.#at++] !== ")") throw new ArithmeticError(`${this.#text}: missing \`)'`)
      return value
    }
    if (token === undefined)
      throw new ArithmeticError(
        `${this.#text}: syntax error: operand expected (error token is "${this.#text.trim().slice(-1)}")`,
      )
    if (/^\d/.test(token)) return /^0\d/.test(token) ? Number.parseInt(token, 8) : Number(token)
    if (!/^[A-Za-z_]/.test(token))
      throw new ArithmeticError(`${this.#text}: syntax error: operand expected (error token is "${token}")`)
    const next = this.#tokens[this.#at]
    if (next === "++" || next === "--") {
      this.#at++
      return this.#step(token, next, false)
    }
    return this.#variable(token)
  }

  #step(name: string, operator: string, before: boolean): number {
    const old = this.#variable(name)
    const value = operator === "++" ? old + 1 : old - 1
    this.#variables.set(name, String(value))
    return before ? value : old
  }

  #variable(name: string): number {
    return Math.trunc(Number(this.#variables.get(name) ?? "0")) || 0
  }

  #apply(operator: string, a: number, b: number): number {
    switch (operator) {
      case "+":
        return a + b
      case "-":
        return a - b
      case "*":
        return a * b
      case "/":
      case "%":
        if (b === 0)
          throw new ArithmeticError(
            `${this.#text}: division by 0 (error token is "${this.#text.slice(this.#text.lastIndexOf(this.#tokens[this.#at - 1] ?? ""))}")`,
          )
        return operator === "/" ? Math.trunc(a / b) : a % b
      case "<<":
        return a << b
      case ">>":
        return a >> b
      case "&":
        return a & b
      case "|":
        return a | b
      case "^":
        return a ^ b
      default:
        return Number(compare(operator, a, b))
    }
  }
}

function compare(operator: string, a: number, b: number): boolean {
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
      return a !== 0 && b !== 0
    default:
      return a !== 0 || b !== 0
  }
}
