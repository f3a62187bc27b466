/** printf(1) and the escapes of `echo -e`. */
import { ansiQuote } from "./print.ts"
import { strftime } from "./time.ts"

const SIMPLE: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  e: "\x1b",
  E: "\x1b",
  "\\": "\\",
}

/** Text with its escapes carried out; `stop` when a `\c` ended the output. */
export function unescapeText(text: string, octal: "zero" | "any"): { text: string; stop: boolean } {
  const digits = octal === "zero" ? "0[0-7]{0,3}" : "0[0-7]{0,3}|[1-7][0-7]{0,2}"
  const pattern = new RegExp(`\\\\(${digits}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[^])`, "g")
  let result = ""
  let from = 0
  for (const match of text.matchAll(pattern)) {
    const code = match[1] as string
    result += text.slice(from, match.index)
    from = match.index + match[0].length
    if (code === "c") return { text: result, stop: true }
    result += escapeText(code) ?? match[0]
  }
  return { text: result + text.slice(from), stop: false }
}

function escapeText(code: string): string | undefined {
  if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255)
  if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
  if (/^[uU]./.test(code)) {
    const point = Number.parseInt(code.slice(1), 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : ""
  }
  return SIMPLE[code]
}

export interface Formatted {
  text: string
  /** Complaints, without the program's name. */
  errors: string[]
}

const CONVERSION =
  /\\(0[0-7]{0,2}|[1-7][0-7]{0,2}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[\s\S])|%(?:\(([^)]*)\)T|([-+ 0#]*)(\d+|\*)?(?:\.(-?\d+|\*)?)?(?:hh|h|ll|l|L|j|z|t)?([\s\S]|$))/g

/** The format is used again while arguments are left. `now` is for `%(…)T`. */
export function formatPrintf(format: string, args: readonly string[], now = 0): Formatted {
  const run = new Formatter(args, now)
  do {
    const used = run.used
    if (!run.once(format) || run.used === used) break
  } while (run.used < args.length)
  return { text: run.text, errors: run.errors }
}

class Formatter {
  readonly #args: readonly string[]
  readonly #now: number
  used = 0
  text = ""
  readonly errors: string[] = []

  constructor(args: readonly string[], now: number) {
    this.#args = args
    this.#now = now
  }

  /** One pass over the format; false when the output ends here. */
  once(format: string): boolean {
    let from = 0
    for (const match of format.matchAll(CONVERSION)) {
      this.text += format.slice(from, match.index)
      from = match.index + match[0].length
      const [whole, escaped, time, flags = "", width, , kind] = match
      if (escaped !== undefined) {
        if (escaped === "c") return false
        this.text += escapeText(escaped) ?? (escaped === '"' || escaped === "'" || escaped === "?" ? escaped : whole)
      } else if (time !== undefined) this.text += this.#time(time)
      else if (!this.#convert(whole, flags, width, kind as string)) return false
    }
    this.text += format.slice(from)
    return true
  }

  #next(): string | undefined {
    return this.#args[this.used++]
  }

  #time(format: string): string {
    const argument = this.#next()
    const seconds = argument === undefined || argument === "-1" ? this.#now : Number(argument) || 0
    return strftime(format === "" ? "%X" : format, seconds)
  }

  #convert(whole: string, flags: string, width: string | undefined, kind: string): boolean {
    if (whole === "%%") {
      this.text += "%"
      return true
    }
    if (kind === "") {
      this.errors.push(`\`%': missing format character`)
      return false
    }
    if (!"diouxXcsbqeEfFgGaA".includes(kind)) {
      this.errors.push(`\`${kind}': invalid format character`)
      return false
    }
    let size = width === "*" ? this.#integer(this.#next() ?? "0") : Number(width ?? 0)
    const dot = /\.(-?\d+|\*)?(?=[a-zA-Z]*$)/.exec(whole)
    const precision =
      dot === null ? undefined : dot[1] === "*" ? this.#integer(this.#next() ?? "0") : Number(dot[1] ?? 0)
    const left = flags.includes("-") || size < 0
    size = Math.min(Math.abs(size), 100_000)
    const argument = this.#next()
    if (kind === "b") {
      const { text, stop } = unescapeText(argument ?? "", "any")
      this.text += pad(precision === undefined ? text : text.slice(0, precision), size, left)
      return !stop
    }
    this.text += this.#value(kind, argument, precision, flags, size, left)
    return true
  }

  #value(
    kind: string,
    argument: string | undefined,
    precision: number | undefined,
    flags: string,
    size: number,
    left: boolean,
  ): string {
    const text = argument ?? ""
    if (kind === "s")
      return pad(precision === undefined || precision < 0 ? text : [...text].slice(0, precision).join(""), size, left)
    if (kind === "c") return pad([...text][0] ?? "\0", size, left)
    if (kind === "q") return pad(backslashQuote(text), size, left)
    const number = "eEfFgGaA".includes(kind)
      ? formatFloat(kind, this.#float(text), precision, flags)
      : formatInteger(kind, BigInt(this.#integer(text, true)), precision, flags)
    if (!flags.includes("0") || left || (precision !== undefined && "diouxX".includes(kind)))
      return pad(number, size, left)
    const sign = /^[-+ ]?(0[xX])?/.exec(number)?.[0] ?? ""
    return sign + number.slice(sign.length).padStart(size - sign.length, "0")
  }

  #integer(text: string): number
  #integer(text: string, big: true): string
  #integer(text: string, big?: true): number | string {
    const result = this.#parseInteger(text)
    return big === true ? result : Number(result)
  }

  #parseInteger(text: string): string {
    if (/^['"]/.test(text)) return String([...text][1]?.codePointAt(0) ?? 0)
    const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)?/.exec(text) as RegExpExecArray
    const digits = match[2] ?? "0"
    if (match[0].length !== text.length && text !== "") this.errors.push(`${text}: invalid number`)
    const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits)
    return String(match[1] === "-" ? -value : value)
  }

  #float(text: string): number {
    if (/^['"]/.test(text)) return [...text][1]?.codePointAt(0) ?? 0
    const match =
      /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)?/i.exec(text)?.[0] ?? ""
    if (match.length !== text.length && text !== "") this.errors.push(`${text}: invalid number`)
    if (/inf/i.test(match)) return match.trim().startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    return Number(match) || 0
  }
}

export function formatInteger(kind: string, value: bigint, precision: number | undefined, flags: string): string {
  const unsigned = BigInt.asUintN(64, value)
  let digits: string
  let prefix = ""
  if (kind === "x" || kind === "X") {
    digits = unsigned.toString(16)
    if (flags.includes("#") && unsigned !== 0n) prefix = "0x"
  } else if (kind === "o") {
    digits = unsigned.toString(8)
    if (flags.includes("#")) digits = `0${digits}`
  } else if (kind === "u") digits = unsigned.toString()
  else {
    digits = (value < 0n ? -value : value).toString()
    prefix = value < 0n ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : ""
  }
  const text = prefix + digits.padStart(Math.min(precision ?? 0, 10_000), "0")
  return kind === "X" ? text.toUpperCase() : text
}

export function formatFloat(kind: string, value: number, precision: number | undefined, flags: string): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : ""
  const size = Math.abs(value)
  const digits = Math.min(precision ?? 6, 100)
  const upper = kind === kind.toUpperCase()
  let text: string
  if (!Number.isFinite(size)) text = Number.isNaN(size) ? "nan" : "inf"
  else if (kind === "f" || kind === "F") text = fixed(size, digits)
  else if (kind === "e" || kind === "E") text = exponent(size.toExponential(digits))
  else text = general(size, digits === 0 ? 1 : digits, flags.includes("#"))
  return sign + (upper ? text.toUpperCase() : text)
}

/** toFixed goes over to the exponent form at 1e21; C does not. */
function fixed(value: number, digits: number): string {
  // A tie goes to the even digit in C, and upwards in JavaScript.
  const exact = value < 1e21 ? value.toFixed(Math.min(100, digits + 60)) : ""
  const point = exact.indexOf(".") + 1 + digits
  if (/^50*$/.test(exact.slice(point)) && Number(exact.slice(0, point).replace(".", "").slice(-1)) % 2 === 0)
    return exact.slice(0, digits === 0 ? point - 1 : point)
  if (value < 1e21) return value.toFixed(digits)
  const whole = BigInt(value).toString()
  return digits === 0 ? whole : `${whole}.${"0".repeat(digits)}`
}

const exponent = (text: string): string => text.replace(/e([-+])(\d)$/, "e$10$2")

function general(value: number, digits: number, keep: boolean): string {
  if (value === 0) return "0"
  const power = Number(value.toExponential(digits - 1).split("e")[1])
  const text =
    power < -4 || power >= digits
      ? exponent(value.toExponential(digits - 1))
      : fixed(value, Math.max(0, digits - 1 - power))
  return keep ? text : text.replace(/\.?0+(?=e|$)/, (zeros) => (text.includes(".") ? "" : zeros))
}

function pad(text: string, width: number, left: boolean): string {
  const missing = " ".repeat(Math.max(0, width - [...text].length))
  return left ? text + missing : missing + text
}

/** `%q`: backslashes where they are needed. Models sh_backslash_quote of lib/sh/shquote.c. */
export function backslashQuote(text: string): string {
  if (text === "") return "''"
  if (/[\x00-\x1f\x7f]/.test(text)) return ansiQuote(text)
  return text.replace(/[\s|&;()<>!{}*[\]?^"'\\$`,]|^[~#]|(?<=[:=])~/g, "\\$&")
}
