/** seq and expr. */
import type { Process } from "../../linux/task/process.ts"
import { posixRegex, RegexError } from "../../shell/posix-regex.ts"
import { formatPrintf } from "../../shell/printf.ts"
import { defineTool } from "../../shell/tool.ts"
import { answerAlone, misuse as wrongly } from "./manners.ts"
import { misuse, type Program, program } from "./program.ts"

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/

export const seq: Program = program("seq", {
  options: { s: true, w: false, f: true, separator: true, "equal-width": false, format: true },
  posix: true,
  // Negative numbers are no options.
  rewrite: (argv) => {
    const at = argv.findIndex((word, i) => i > 0 && NUMBER.test(word))
    return at < 0 || argv.slice(1, at).includes("--") ? argv : [...argv.slice(0, at), "--", ...argv.slice(at)]
  },
  run: async (proc, options) => {
    const { operands } = options
    if (operands.length === 0) return misuse(proc, options, "missing operand")
    if (operands.length > 3) return misuse(proc, options, `extra operand '${operands[3]}'`)
    const bad = operands.find((operand) => !NUMBER.test(operand))
    if (bad !== undefined) return misuse(proc, options, `invalid floating point argument: '${bad}'`)
    const numbers = operands.map(Number)
    const [first, step, last] = (
      numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers
    ) as [number, number, number]
    if (step === 0) return misuse(proc, options, `invalid Zero increment value: '${operands[1]}'`)
    const digits = Math.max(
      0,
      ...operands.slice(0, operands.length === 3 ? 2 : 1).map((text) => text.split(".")[1]?.length ?? 0),
    )
    const show = (n: number): string => n.toFixed(digits)
    const count = Math.floor((last - first) / step + 1e-10) + 1
    if (!(count > 0)) return 0
    const width = options.has("w", "equal-width")
      ? Math.max(show(first).length, show(first + (count - 1) * step).length)
      : 0
    const format = options.value("f", "format")
    const separator = options.value("s", "separator") ?? "\n"
    await printSequence(proc, count, separator, (i) => {
      const n = first + i * step
      if (format !== undefined) return formatPrintf(format, [String(n)]).text
      return n < 0 ? `-${show(-n).padStart(width - 1, "0")}` : show(n).padStart(width, "0")
    })
    return 0
  },
})

/** In pieces, so that a reader that has enough stops it. */
async function printSequence(
  proc: Process,
  count: number,
  separator: string,
  show: (i: number) => string,
): Promise<void> {
  const PIECE = 1000
  for (let from = 0; from < count; from += PIECE) {
    const piece = Array.from({ length: Math.min(PIECE, count - from) }, (_, i) => show(from + i)).join(separator)
    await proc.out(`${piece}${from + PIECE >= count ? "\n" : separator}`)
  }
}

// ── expr ──────────────────────────────────────────────────────────────────────────────────────

class ExprError extends Error {}

export const expr: Program = (style) =>
  defineTool("expr", async (proc) => {
    const answered = await answerAlone(proc, style, "expr")
    if (answered !== undefined) return answered
    if (proc.argv.length === 1) return wrongly(proc, style, "expr", "missing operand", 2)
    try {
      const value = new Expr(proc.argv.slice(proc.argv[1] === "--" ? 2 : 1)).run()
      await proc.out(`${value}\n`)
      return /^(-?0+)?$/.test(value) ? 1 : 0
    } catch (error) {
      if (!(error instanceof ExprError || error instanceof RegexError)) throw error
      await proc.err(`expr: ${error.message}\n`)
      return 2
    }
  })

const LEVELS: readonly (readonly string[])[] = [
  ["|"],
  ["&"],
  ["<", "<=", "=", "==", "!=", ">=", ">"],
  ["+", "-"],
  ["*", "/", "%"],
  [":"],
]

class Expr {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  run(): string {
    const value = this.#level(0)
    if (this.#at < this.#words.length)
      throw new ExprError(`syntax error: unexpected argument '${this.#words[this.#at]}'`)
    return value
  }

  #level(level: number): string {
    const operators = LEVELS[level]
    if (operators === undefined) return this.#primary()
    let left = this.#level(level + 1)
    for (;;) {
      const operator = this.#words[this.#at]
      if (operator === undefined || !operators.includes(operator)) return left
      this.#at++
      left = apply(operator, left, this.#level(level + 1))
    }
  }

  #word(): string {
    const word = this.#words[this.#at++]
    if (word === undefined)
      throw new ExprError(`syntax error: missing argument after '${this.#words[this.#words.length - 1]}'`)
    return word
  }

  #primary(): string {
    const word = this.#word()
    switch (word) {
      case "(": {
        const value = this.#level(0)
        if (this.#words[this.#at++] !== ")") throw new ExprError("syntax error: expecting ')'")
        return value
      }
      case "length":
        return String([...this.#word()].length)
      case "substr": {
        const [text, from, count] = [this.#word(), Number(this.#word()), Number(this.#word())]
        return from > 0 && count > 0 ? text.slice(from - 1, from - 1 + count) : ""
      }
      case "index": {
        const [text, set] = [this.#word(), this.#word()]
        return String([...text].findIndex((c) => set.includes(c)) + 1)
      }
      case "match":
        return apply(":", this.#word(), this.#word())
      default:
        return word
    }
  }
}

function integer(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw new ExprError("non-integer argument")
  return BigInt(text)
}

const isNull = (text: string): boolean => text === "" || /^-?0+$/.test(text)

function apply(operator: string, a: string, b: string): string {
  switch (operator) {
    case "|":
      return isNull(a) ? (isNull(b) ? "0" : b) : a
    case "&":
      return isNull(a) || isNull(b) ? "0" : a
    case "+":
      return String(integer(a) + integer(b))
    case "-":
      return String(integer(a) - integer(b))
    case "*":
      return String(integer(a) * integer(b))
    case "/":
    case "%":
      if (integer(b) === 0n) throw new ExprError("division by zero")
      return String(operator === "/" ? integer(a) / integer(b) : integer(a) % integer(b))
    case ":": {
      const match = posixRegex(`^\\(${b}\\)`.replace(/^\^\\\((.*)\\\)$/s, "^$1"), { extended: false }).exec(a)
      if (/\\\(/.test(b)) return match?.[1] ?? ""
      return String(match?.[0].length ?? 0)
    }
    default: {
      const numeric = /^-?\d+$/.test(a) && /^-?\d+$/.test(b)
      const order = numeric ? Number(integer(a) - integer(b)) : a < b ? -1 : a > b ? 1 : 0
      const holds =
        { "<": order < 0, "<=": order <= 0, "=": order === 0, "==": order === 0, "!=": order !== 0, ">=": order >= 0 }[
          operator
        ] ?? order > 0
      return holds ? "1" : "0"
    }
  }
}
