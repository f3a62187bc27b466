/** awk's functions on values. */
import { formatPrintf } from "../../../shell/printf.ts"
import { AwkError } from "./ast.ts"
import type { Interpreter } from "./interpreter.ts"
import { toNumber, type Value } from "./value.ts"

export function callBuiltin(awk: Interpreter, name: string, args: readonly (Value | undefined)[]): Value {
  const [first, second, third] = args
  switch (name) {
    case "length":
      return [...(args.length === 0 ? awk.record.text : awk.string(first))].length
    case "substr":
      return substring(
        awk.string(first),
        toNumber(second),
        third === undefined ? Number.POSITIVE_INFINITY : toNumber(third),
      )
    case "index":
      return awk.string(first).indexOf(awk.string(second)) + 1
    case "tolower":
      return awk.string(first).toLowerCase()
    case "toupper":
      return awk.string(first).toUpperCase()
    case "sprintf":
      return format(awk, args)
    case "int":
      return Math.trunc(toNumber(first))
    case "sqrt":
      return Math.sqrt(toNumber(first))
    case "exp":
      return Math.exp(toNumber(first))
    case "log":
      return Math.log(toNumber(first))
    case "sin":
      return Math.sin(toNumber(first))
    case "cos":
      return Math.cos(toNumber(first))
    case "atan2":
      return Math.atan2(toNumber(first), toNumber(second))
    case "rand":
      return awk.proc.kernel.prng.below(2 ** 31) / 2 ** 31
    case "srand": {
      const old = awk.seed
      awk.seed = toNumber(first)
      return old
    }
    default:
      throw new AwkError(`podwire does not support function ${name}`)
  }
}

/** Positions count from 1 and are rounded, as POSIX has it. */
function substring(text: string, from: number, length: number): string {
  const characters = [...text]
  const start = Math.round(from)
  const end = length === Number.POSITIVE_INFINITY ? characters.length + 1 : start + Math.round(length)
  return characters.slice(Math.max(0, start - 1), Math.max(0, Math.min(end, characters.length + 1) - 1)).join("")
}

/** C's printf: %c of a number is that character, and %d takes any number. */
function format(awk: Interpreter, [template, ...args]: readonly (Value | undefined)[]): string {
  const text = awk.string(template)
  const kinds = [...text.matchAll(/%[-+ 0#]*(\*|\d+)?(?:\.(\*|\d+))?[hlL]*([a-zA-Z%])/g)]
  const words: string[] = []
  let at = 0
  for (const [, width, precision, kind] of kinds) {
    if (kind === "%") continue
    if (width === "*") words.push(String(Math.trunc(toNumber(args[at++]))))
    if (precision === "*") words.push(String(Math.trunc(toNumber(args[at++]))))
    if (at >= args.length) throw new AwkError(`not enough arguments passed to sprintf("${text}")`)
    const value = args[at++]
    if (kind === "c" && typeof value === "number")
      words.push(String.fromCodePoint(Math.min(Math.max(0, Math.trunc(value)), 0x10ffff)))
    else if (/[dioxXu]/.test(kind as string)) words.push(integerText(toNumber(value)))
    else if (/[eEfFgG]/.test(kind as string)) words.push(String(toNumber(value)))
    else words.push(awk.string(value))
  }
  const guarded = text.replaceAll("\\", "\\\\")
  return formatPrintf(guarded, words).text
}

function integerText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "9223372036854775807" : "-9223372036854775808"
  return BigInt(Math.trunc(value)).toString()
}
