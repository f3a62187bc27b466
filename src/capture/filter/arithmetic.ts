/** Numbers of a filter: `tcp[13] & 2`, `len - 14`. Models the arth rules of grammar.y. */
import { fail } from "./error.ts"
import type { Value } from "./packet.ts"
import { and, equal, known, not, type Test } from "./test.ts"

export interface Arithmetic {
  /** That the packet has the protocols whose bytes are read. */
  readonly check: Test | undefined
  readonly value: Value
  /** What is computed, as text: equal texts compute equal values. */
  readonly key: string
  /** Of a constant. */
  readonly constant?: number
  /** The constant that the computation begins with, be it only an index: what libpcap takes for a divisor or a shift. */
  readonly first?: number | undefined
}

export const constant = (number: number): Arithmetic => ({
  check: undefined,
  value: () => number,
  key: String(number),
  constant: number,
  first: number,
})

/** Binding strength; `^` and `%` were given none, so that what follows them always binds to their right side. */
export const STRENGTH: Readonly<Record<string, number | undefined>> = {
  "|": 1,
  "&": 2,
  "<<": 3,
  ">>": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "^": undefined,
  "%": undefined,
}
export const isOperator = (text: string): boolean => Object.hasOwn(STRENGTH, text)
export const RELATIONS: readonly string[] = [">", ">=", "=", "<=", "<", "!="]

const bothChecks = (a: Test | undefined, b: Test | undefined): Test | undefined =>
  a === undefined ? b : b === undefined ? a : and(a, b)

export function combine(operator: string, left: Arithmetic, right: Arithmetic): Arithmetic {
  if (operator === "/" && right.first === 0) fail("division by zero")
  if (operator === "%" && right.first === 0) fail("modulus by zero")
  if ((operator === "<<" || operator === ">>") && (right.first ?? 0) > 31) fail("shift by more than 31 bits")
  const apply = OPERATIONS[operator] as (a: number, b: number) => number
  const divides = operator === "/" || operator === "%"
  if (left.constant !== undefined && right.constant !== undefined && !(divides && right.constant === 0))
    return { ...constant(apply(left.constant, right.constant)), first: left.first }
  return {
    // As in gen_arth: that the packet has the right operand's protocol is not asked.
    check: left.check,
    key: `(${left.key}${operator}${right.key})`,
    first: left.first,
    value: (p) => {
      const a = left.value(p)
      const b = right.value(p)
      // A division by zero ends the program: the packet does not pass.
      if (divides && b === 0) {
        p.failed = true
        return 0
      }
      return apply(a, b)
    },
  }
}

const OPERATIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "|": (a, b) => (a | b) >>> 0,
  "&": (a, b) => (a & b) >>> 0,
  "^": (a, b) => (a ^ b) >>> 0,
  "<<": (a, b) => (b > 31 ? 0 : (a << b) >>> 0),
  ">>": (a, b) => (b > 31 ? 0 : a >>> b),
  "+": (a, b) => (a + b) >>> 0,
  "-": (a, b) => (a - b) >>> 0,
  "*": (a, b) => Math.imul(a, b) >>> 0,
  "/": (a, b) => Math.floor(a / b),
  "%": (a, b) => a % b,
}

export const negate = (operand: Arithmetic): Arithmetic => ({
  check: operand.check,
  key: `-${operand.key}`,
  first: operand.first,
  value: (p) => -operand.value(p) >>> 0,
})

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "<=": (a, b) => a <= b,
  "<": (a, b) => a < b,
  "!=": (a, b) => a !== b,
}

/** Without the protocol neither `=` nor `!=` holds. */
export function relation(operator: string, left: Arithmetic, right: Arithmetic): Test {
  const compare = comparison(operator, left, right)
  const check = bothChecks(left.check, right.check)
  return check === undefined ? compare : and(check, compare)
}

function comparison(operator: string, left: Arithmetic, right: Arithmetic): Test {
  const holds = COMPARISONS[operator] as (a: number, b: number) => boolean
  if (left.constant !== undefined && right.constant !== undefined) return known(holds(left.constant, right.constant))
  if (right.constant !== undefined && (operator === "=" || operator === "!=")) {
    const same = equal(left.key, right.constant, left.value)
    return operator === "=" ? same : not(same)
  }
  // `<=` and `<` are the other two denied, so that a filter is seen to contradict itself.
  const opposite = operator === "<=" ? ">" : operator === "<" ? ">=" : undefined
  if (opposite !== undefined) return not(comparison(opposite, left, right))
  return equal(`${left.key}${operator}${right.key}`, 1, (p) => (holds(left.value(p), right.value(p)) ? 1 : 0))
}

const LENGTH: Arithmetic = { check: undefined, value: (p) => p.length, key: "len" }

/** The frame's own length: `len`. */
export const frameLength = (): Arithmetic => LENGTH
