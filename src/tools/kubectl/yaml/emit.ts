/** Objects as kubectl writes YAML. Models goyaml.v2 encode.go and emitterc.go for what JSON can hold. */
import { isDict } from "../../../kube/api/json.ts"
import { resolvesToString } from "./resolve.ts"

/** Block style, keys in natural order, a line break at the end. */
export function toYaml(value: unknown): string {
  if (isScalar(value)) return `${scalar(value, 0)}\n`
  return `${block(value, 0)}\n`
}

const isEmptyObject = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isDict(value) && keysOf(value).length === 0

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null || isEmptyObject(value)

const keysOf = (value: Record<string, unknown>): string[] =>
  Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort(natural)

/** The lines of a map or list without the last line break; the first line stands where the caller is. */
function block(value: unknown, indent: number): string {
  const pad = `\n${" ".repeat(indent)}`
  if (Array.isArray(value))
    return value.map((item) => `- ${isScalar(item) ? scalar(item, indent) : block(item, indent + 2)}`).join(pad)
  const dict = value as Record<string, unknown>
  return keysOf(dict)
    .map((key) => {
      const item = dict[key]
      const name = scalar(key, -1)
      if (isScalar(item)) return `${name}: ${scalar(item, indent)}`
      // A list stands under its key without indentation, a map with two more.
      const inner = Array.isArray(item) ? indent : indent + 2
      return `${name}:\n${" ".repeat(inner)}${block(item, inner)}`
    })
    .join(pad)
}

/** `indent` of the parent; -1 for keys, which stay on one line. */
function scalar(value: unknown, indent: number): string {
  if (value === null || value === undefined) return "null"
  if (Array.isArray(value)) return "[]"
  if (isDict(value)) return "{}"
  if (typeof value !== "string") return String(value)
  return text(value, indent)
}

function text(value: string, indent: number): string {
  const special = /[\x00-\x08\x0b-\x1f\x7f\ufeff]|[\u0080-\u009f]/.test(value)
  if (value.includes("\n")) {
    const literal = indent >= 0 && !special && !/ \n| $|^\s/.test(value)
    return literal ? literalBlock(value, indent + 2) : doubleQuoted(value)
  }
  if (special || value.includes("\t") || !resolvesToString(value)) return doubleQuoted(value)
  if (value.endsWith(" ") || value.startsWith(" ") || !plainAllowed(value)) return singleQuoted(value)
  return value
}

/** A line break inside cannot stand in one; blanks before or after would be lost. */
function plainAllowed(value: string): boolean {
  if (/^(---|\.\.\.)/.test(value)) return false
  if (/^[#,[\]{}&*!|>'"%@`]/.test(value)) return false
  if (/^[-?:](\s|$)/.test(value)) return false
  return !/:(\s|$)|\s#/.test(value)
}

const singleQuoted = (value: string): string => `'${value.replaceAll("'", "''")}'`

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\u0085": "\\N",
  "\u00a0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
}

function doubleQuoted(value: string): string {
  const escaped = value.replace(/[\x00-\x1f"\\\x7f\u0080-\u00a0\u2028\u2029\ufeff]/g, (c) => {
    const code = c.charCodeAt(0)
    return ESCAPES[c] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
  })
  return `"${escaped}"`
}

const hex = (code: number, width: number): string => code.toString(16).toUpperCase().padStart(width, "0")

/** `|`, with `-` or `+` for what comes after the last line. */
function literalBlock(value: string, indent: number): string {
  const pad = " ".repeat(indent)
  const chomp = value.endsWith("\n\n") || value === "\n" ? "+" : value.endsWith("\n") ? "" : "-"
  const lines = (chomp === "-" ? value : value.slice(0, -1)).split("\n")
  return `|${chomp}\n${lines.map((line) => (line === "" ? "" : pad + line)).join("\n")}`
}

const isLetter = (c: string): boolean => /\p{L}/u.test(c)
const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9"

/** Keys in the order people count: `a2` before `a10`, signs before letters. Models goyaml.v2 sorter.go. */
function natural(a: string, b: string): number {
  const ar = [...a]
  const br = [...b]
  for (let i = 0; i < ar.length && i < br.length; i++) {
    const [x, y] = [ar[i] as string, br[i] as string]
    if (x === y) continue
    const [al, bl] = [isLetter(x), isLetter(y)]
    if (al && bl) return x < y ? -1 : 1
    if (al || bl) return bl ? -1 : 1
    return byNumber(ar, br, i)
  }
  return ar.length - br.length
}

function byNumber(ar: readonly string[], br: readonly string[], i: number): number {
  let lead = 0
  if (ar[i] === "0" || br[i] === "0")
    for (let j = i - 1; j >= 0 && isDigit(ar[j]); j--)
      if (ar[j] !== "0") {
        lead = 1
        break
      }
  const read = (runes: readonly string[]): { value: number; end: number } => {
    let value = lead
    let end = i
    for (; isDigit(runes[end]); end++) value = value * 10 + Number(runes[end])
    return { value, end }
  }
  const [x, y] = [read(ar), read(br)]
  if (x.value !== y.value) return x.value - y.value
  if (x.end !== y.end) return x.end - y.end
  return (ar[i] as string) < (br[i] as string) ? -1 : 1
}
