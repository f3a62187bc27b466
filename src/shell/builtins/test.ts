/** test and [ (POSIX XCU test; bash's test.c decides by the number of arguments). */
import type { BuiltinTable } from "../builtin.ts"
import { binaryTest, compare, unaryTest } from "../condition.ts"
import { matches } from "../pattern.ts"
import type { Shell } from "../shell.ts"

const UNARY = /^-[abcdefghknoprstuvwxzLNOSG]$/
const BINARY: ReadonlySet<string> = new Set("= == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef".split(" "))

/** 0 true, 1 false, 2 a complaint. */
async function evaluate(shell: Shell, name: string, args: readonly string[]): Promise<number> {
  try {
    return new Evaluator(shell, args).run() ? 0 : 1
  } catch (error) {
    if (!(error instanceof TestError)) throw error
    await shell.complain(shell.isBash ? `${name}: ${error.message}` : error.ash)
    return 2
  }
}

class TestError extends Error {
  readonly ash: string
  constructor(message: string, ash: string) {
    super(message)
    this.ash = ash
  }
}

class Evaluator {
  readonly #shell: Shell
  readonly #args: readonly string[]
  #at = 0

  constructor(shell: Shell, args: readonly string[]) {
    this.#shell = shell
    this.#args = args
  }

  run(): boolean {
    return this.#counted(this.#args)
  }

  #counted(args: readonly string[]): boolean {
    const [a = "", b = "", c = "", d = ""] = args
    switch (args.length) {
      case 0:
        return false
      case 1:
        return a !== ""
      case 2:
        if (a === "!") return !this.#counted([b])
        if (UNARY.test(a)) return unaryTest(this.#shell, a, b)
        throw new TestError(`${a}: unary operator expected`, `${a}: unknown operand`)
      case 3:
        if (BINARY.has(b)) return this.#binary(a, b, c)
        if (b === "-a") return a !== "" && c !== ""
        if (b === "-o") return a !== "" || c !== ""
        if (a === "!") return !this.#counted([b, c])
        if (a === "(" && c === ")") return b !== ""
        throw new TestError(`${b}: binary operator expected`, `${b}: unknown operand`)
      case 4:
        if (a === "!") return !this.#counted([b, c, d])
        if (a === "(" && d === ")") return this.#counted([b, c])
    }
    const value = this.#or()
    if (this.#at < this.#args.length)
      throw new TestError("too many arguments", `${this.#args[this.#at]}: unknown operand`)
    return value
  }

  #or(): boolean {
    let value = this.#and()
    while (this.#args[this.#at] === "-o") {
      this.#at++
      const right = this.#and()
      value = value || right
    }
    return value
  }

  #and(): boolean {
    let value = this.#term()
    while (this.#args[this.#at] === "-a") {
      this.#at++
      const right = this.#term()
      value = value && right
    }
    return value
  }

  #term(): boolean {
    const [a, b, c] = this.#args.slice(this.#at, this.#at + 3)
    if (a === undefined) throw new TestError("argument expected", "argument expected")
    if (a === "!") {
      this.#at++
      return !this.#term()
    }
    if (a === "(") {
      this.#at++
      const value = this.#or()
      if (this.#args[this.#at++] !== ")") throw new TestError("`)' expected", "closing paren expected")
      return value
    }
    if (b !== undefined && c !== undefined && BINARY.has(b)) {
      this.#at += 3
      return this.#binary(a, b, c)
    }
    if (UNARY.test(a) && b !== undefined) {
      this.#at += 2
      return unaryTest(this.#shell, a, b)
    }
    this.#at++
    return a !== ""
  }

  #binary(a: string, operator: string, b: string): boolean {
    if (!/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) return binaryTest(this.#shell, operator, a, b)
    return compare(operator, integer(a), integer(b))
  }
}

function integer(text: string): bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`${text}: integer expression expected`, `${text}: bad number`)
  return BigInt(text.trim().replace(/^\+/, ""))
}

export const TEST: BuiltinTable = {
  test: (shell, argv) => evaluate(shell, "test", argv.slice(1)),
  "[": async (shell, argv) => {
    if (argv[argv.length - 1] === "]") return evaluate(shell, "[", argv.slice(1, -1))
    await shell.complain(shell.isBash ? "[: missing `]'" : "missing ]")
    return 2
  },
}

/** ash's `[[` is `[` with patterns, and an ordinary command. */
export async function ashDoubleBracket(shell: Shell, argv: string[]): Promise<number> {
  if (argv[argv.length - 1] !== "]]") {
    await shell.complain("missing ]]")
    return 2
  }
  const args = argv.slice(1, -1)
  const [a, operator, b] = args
  if (args.length === 3 && (operator === "=" || operator === "==" || operator === "!="))
    return matches(a as string, b as string) === (operator !== "!=") ? 0 : 1
  return evaluate(shell, "[[", args)
}
