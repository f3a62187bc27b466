/** test, [ and [[ (POSIX XCU test). */
import { matches } from "./pattern.ts"
import type { Shell } from "./shell.ts"

const UNARY = /^-[abcdefghknprstuwxzLOSG]$/
const BINARY: ReadonlySet<string> = new Set([
  "=",
  "==",
  "!=",
  "<",
  ">",
  "=~",
  "-eq",
  "-ne",
  "-lt",
  "-le",
  "-gt",
  "-ge",
  "-nt",
  "-ot",
  "-ef",
])

/** 0 true, 1 false, 2 a complaint. */
export async function evaluateTest(shell: Shell, name: string, args: string[]): Promise<number> {
  const evaluator = new Evaluator(shell, name, args)
  try {
    return evaluator.run() ? 0 : 1
  } catch (error) {
    if (!(error instanceof TestError)) throw error
    await shell.complain(`${name}: ${error.message}`)
    return 2
  }
}

class TestError extends Error {}

class Evaluator {
  readonly #shell: Shell
  readonly #double: boolean
  readonly #args: string[]
  #at = 0

  constructor(shell: Shell, name: string, args: string[]) {
    this.#shell = shell
    this.#double = name === "[["
    this.#args = args
  }

  run(): boolean {
    if (this.#args.length === 0) return false
    const value = this.#or()
    if (this.#at < this.#args.length)
      throw new TestError(
        this.#args.length - this.#at > 1 ? "too many arguments" : `${this.#args[this.#at]}: unexpected operator`,
      )
    return value
  }

  #or(): boolean {
    let value = this.#and()
    while (this.#args[this.#at] === (this.#double ? "||" : "-o")) {
      this.#at++
      const right = this.#and()
      value = value || right
    }
    return value
  }

  #and(): boolean {
    let value = this.#not()
    while (this.#args[this.#at] === (this.#double ? "&&" : "-a")) {
      this.#at++
      const right = this.#not()
      value = value && right
    }
    return value
  }

  #not(): boolean {
    if (this.#args[this.#at] === "!" && this.#args.length - this.#at > 1) {
      this.#at++
      return !this.#not()
    }
    return this.#primary()
  }

  #primary(): boolean {
    const a = this.#args[this.#at]
    const operator = this.#args[this.#at + 1]
    const b = this.#args[this.#at + 2]
    if (a === undefined) throw new TestError("argument expected")
    if (operator !== undefined && b !== undefined && BINARY.has(operator)) {
      this.#at += 3
      return this.#binary(a, operator, b)
    }
    if (a === "(") {
      this.#at++
      const value = this.#or()
      if (this.#args[this.#at++] !== ")") throw new TestError("`)' expected")
      return value
    }
    if (UNARY.test(a) && operator !== undefined) {
      this.#at += 2
      return this.#unary(a, operator)
    }
    this.#at++
    return a !== ""
  }

  #unary(operator: string, value: string): boolean {
    if (operator === "-z") return value === ""
    if (operator === "-n") return value !== ""
    if (operator === "-t") return this.#shell.proc.fds.get(Number(value))?.isTty === true
    const stat = this.#shell.fs.stat(this.#shell.proc.path(value), operator !== "-L" && operator !== "-h")
    if (typeof stat === "string") return false
    switch (operator) {
      case "-d":
        return stat.type === "directory"
      case "-f":
        return stat.type === "file"
      case "-s":
        return stat.size > 0
      case "-x":
        return stat.executable || stat.type === "directory"
      case "-L":
      case "-h":
        return stat.type === "symlink"
      case "-c":
        return stat.type === "device"
      case "-b":
      case "-p":
      case "-S":
        return false
      default:
        return true
    }
  }

  #binary(a: string, operator: string, b: string): boolean {
    switch (operator) {
      case "=":
      case "==":
        return this.#double ? matches(a, b) : a === b
      case "!=":
        return this.#double ? !matches(a, b) : a !== b
      case "<":
        return a < b
      case ">":
        return a > b
      case "=~":
        return new RegExp(b).test(a)
      default:
        return this.#numeric(a, operator, b)
    }
  }

  #numeric(a: string, operator: string, b: string): boolean {
    const [x, y] = [this.#integer(a), this.#integer(b)]
    switch (operator) {
      case "-eq":
        return x === y
      case "-ne":
        return x !== y
      case "-lt":
        return x < y
      case "-le":
        return x <= y
      case "-gt":
        return x > y
      default:
        return x >= y
    }
  }

  #integer(text: string): number {
    if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`${text}: integer expression expected`)
    return Number(text)
  }
}
