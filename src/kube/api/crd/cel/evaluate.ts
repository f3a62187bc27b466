/** Evaluates CEL expressions on JSON values. */

import { parseCidr, parseIp } from "../../ip.ts"
import { equal, isDict } from "../../json.ts"
import { PatternError, pattern } from "../pattern.ts"
import { CelError, type Expression } from "./parse.ts"

export type Variables = Readonly<Record<string, unknown>>

/** @throws CelError for what goes wrong on the way: a missing key, values of the wrong types. */
export function evaluate(tree: Expression, variables: Variables): unknown {
  const run = (one: Expression): unknown => evaluate(one, variables)
  switch (tree.type) {
    case "literal":
      return tree.value
    case "name":
      return variables[tree.name]
    case "list":
      return tree.items.map(run)
    case "map":
      return Object.fromEntries(tree.entries.map(([key, value]) => [String(run(key)), run(value)]))
    case "select":
      return member(run(tree.of), tree.field)
    case "has": {
      const object = run(tree.of)
      return isDict(object) ? Object.hasOwn(object, tree.field) && object[tree.field] !== undefined : noOverload()
    }
    case "index":
      return indexed(run(tree.of), run(tree.index))
    case "not":
      return !truth(run(tree.of))
    case "minus":
      return -number(run(tree.of))
    case "condition":
      return truth(run(tree.test)) ? run(tree.yes) : run(tree.no)
    case "binary":
      return binary(tree.operator, tree.left, tree.right, run)
    case "call":
      return call(tree.name, [...(tree.target === undefined ? [] : [tree.target]), ...tree.args].map(run))
    case "macro":
      return iterate(tree, run(tree.target), variables)
  }
}

function noOverload(): never {
  throw new CelError("no such overload")
}

const truth = (value: unknown): boolean => (typeof value === "boolean" ? value : noOverload())
const number = (value: unknown): number => (typeof value === "number" ? value : noOverload())
const string = (value: unknown): string => (typeof value === "string" ? value : noOverload())

function member(value: unknown, name: string): unknown {
  if (!isDict(value)) return noOverload()
  if (Object.hasOwn(value, name) && value[name] !== undefined) return value[name]
  throw new CelError(`no such key: ${name}`)
}

function indexed(value: unknown, index: unknown): unknown {
  if (!Array.isArray(value)) return member(value, String(index))
  const at = number(index)
  if (at < 0 || at >= value.length) throw new CelError(`index out of bounds: ${at}`)
  return value[at]
}

/** Of `&&` and `||` one side that decides is enough, whatever becomes of the other. */
function logical(stop: boolean, left: Expression, right: Expression, run: (tree: Expression) => unknown): boolean {
  let failed: unknown
  for (const side of [left, right])
    try {
      if (truth(run(side)) === stop) return stop
    } catch (thrown) {
      failed ??= thrown
    }
  if (failed !== undefined) throw failed
  return !stop
}

function binary(operator: string, left: Expression, right: Expression, run: (tree: Expression) => unknown): unknown {
  if (operator === "||" || operator === "&&") return logical(operator === "||", left, right, run)
  const [a, b] = [run(left), run(right)]
  switch (operator) {
    case "==":
      return equal(a, b)
    case "!=":
      return !equal(a, b)
    case "in":
      if (Array.isArray(b)) return b.some((item) => equal(item, a))
      return isDict(b) ? Object.hasOwn(b, String(a)) : noOverload()
    case "+":
      if (typeof a === "string") return a + string(b)
      if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
      return number(a) + number(b)
    case "-":
      return number(a) - number(b)
    case "*":
      return number(a) * number(b)
    case "/":
    case "%":
      return divided(operator, number(a), number(b))
    default:
      return compared(operator, a, b)
  }
}

function divided(operator: string, a: number, b: number): number {
  const whole = Number.isInteger(a) && Number.isInteger(b)
  if (whole && b === 0) throw new CelError(operator === "/" ? "division by zero" : "modulus by zero")
  if (operator === "%") return a % b
  return whole ? Math.trunc(a / b) : a / b
}

function compared(operator: string, a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b || !["number", "string", "boolean"].includes(typeof a)) return noOverload()
  const [left, right] = [a as number, b as number]
  if (operator === "<") return left < right
  if (operator === "<=") return left <= right
  return operator === ">" ? left > right : left >= right
}

function call(name: string, [a, b]: readonly unknown[]): unknown {
  switch (name) {
    case "size":
      if (typeof a === "string") return [...a].length
      if (Array.isArray(a)) return a.length
      return isDict(a) ? Object.keys(a).length : noOverload()
    case "startsWith":
      return string(a).startsWith(string(b))
    case "endsWith":
      return string(a).endsWith(string(b))
    case "contains":
      return string(a).includes(string(b))
    case "matches":
      return matches(string(a), string(b))
    case "lowerAscii":
      return string(a).replace(/[A-Z]/g, (c) => c.toLowerCase())
    case "upperAscii":
      return string(a).replace(/[a-z]/g, (c) => c.toUpperCase())
    case "trim":
      return string(a).trim()
    case "isCIDR":
      return parseCidr(string(a)) !== undefined
    case "isIP":
      return parseIp(string(a)) !== undefined
    case "int":
      return converted(a, Math.trunc(Number(a)), "int")
    case "double":
      return converted(a, Number(a), "double")
    default:
      return typeof a === "object" ? noOverload() : String(a)
  }
}

function matches(text: string, regex: string): boolean {
  try {
    return pattern(regex).test(text)
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown
    throw new CelError(`error parsing regexp: ${thrown.message}`)
  }
}

function converted(from: unknown, to: number, type: string): number {
  if (Number.isNaN(to) || typeof from === "object" || from === "")
    throw new CelError(`type conversion error from '${typeof from}' to '${type}'`)
  return to
}

/** The macros, on the items of a list or the keys of a map. */
function iterate(
  { name, variable, body }: Expression & { type: "macro" },
  target: unknown,
  variables: Variables,
): unknown {
  const items = Array.isArray(target) ? target : isDict(target) ? Object.keys(target) : noOverload()
  const run = (item: unknown): unknown => evaluate(body, { ...variables, [variable]: item })
  if (name === "map") return items.map(run)
  if (name === "filter") return items.filter((item) => truth(run(item)))
  if (name === "exists_one") return items.filter((item) => truth(run(item))).length === 1
  const stop = name === "exists"
  let failed: unknown
  for (const item of items)
    try {
      if (truth(run(item)) === stop) return stop
    } catch (thrown) {
      failed ??= thrown
    }
  if (failed !== undefined) throw failed
  return !stop
}
