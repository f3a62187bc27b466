/** awk's values: a number, a text, or a text from the input that may look like a number. */
import { formatFloat } from "../../../shell/printf.ts"

export type Value = number | string | InputText

/** Text from fields, getline, the command line: compared as a number when it looks like one (POSIX "strnum"). */
export class InputText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }

  get looksNumeric(): boolean {
    return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(this.text)
  }
}

export function toNumber(value: Value | undefined): number {
  if (typeof value === "number") return value
  const text = value instanceof InputText ? value.text : (value ?? "")
  const match = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/.exec(text)
  return match === null ? 0 : Number(match[0])
}

/** A number as text, whole ones without a point. */
export function numberText(value: number, format: string): string {
  if (Number.isInteger(value) && Math.abs(value) <= 0x7fffffff) return String(Object.is(value, -0) ? "-0" : value)
  if (Number.isNaN(value)) return "nan"
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf"
  const match = /^%(?:\.(\d+))?([efgEFG])$/.exec(format)
  return match === null
    ? formatFloat("g", value, 6, "")
    : formatFloat(match[2] as string, value, match[1] === undefined ? undefined : Number(match[1]), "")
}

export function toText(value: Value | undefined, format = "%.6g"): string {
  if (value === undefined) return ""
  if (value instanceof InputText) return value.text
  return typeof value === "string" ? value : numberText(value, format)
}

export function toBoolean(value: Value | undefined): boolean {
  if (value === undefined) return false
  if (typeof value === "number") return value !== 0
  if (value instanceof InputText) return value.looksNumeric ? Number(value.text) !== 0 : value.text !== ""
  return value !== ""
}

/** Below, at or above zero; numbers when both may be numbers. */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  const numeric = (value: Value | undefined): boolean =>
    value === undefined || typeof value === "number" || (value instanceof InputText && value.looksNumeric)
  if (numeric(a) && numeric(b)) return toNumber(a) - toNumber(b)
  const [x, y] = [toText(a), toText(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
