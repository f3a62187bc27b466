/** Values as Go's fmt prints them: `%v` and `%#v`. */
import { byCodePoint, isDict } from "./json.ts"

/** `map[a:1 b:[x y]]`, `<nil>`, `true`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>"
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`
  if (!isDict(value)) return String(value)
  return `map[${keysOf(value)
    .map((key) => `${key}:${goText(value[key])}`)
    .join(" ")}]`
}

/** `map[string]interface {}{"a":1}`. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return "interface {}(nil)"
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`
  if (!isDict(value)) return typeof value === "string" ? JSON.stringify(value) : String(value)
  return `map[string]interface {}{${keysOf(value)
    .map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`)
    .join(", ")}}`
}

const keysOf = (value: Record<string, unknown>): string[] =>
  Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort(byCodePoint)
