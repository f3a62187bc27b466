/** Plain JSON values. */

export type Dict = Record<string, unknown>

export function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A deep copy of a JSON value. */
export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clone) as T
  if (!isDict(value)) return value
  const copy: Dict = {}
  for (const [key, item] of Object.entries(value)) if (item !== undefined) copy[key] = clone(item)
  return copy as T
}

/** Deep equality; a field that is `undefined` counts as absent. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]))
  if (!isDict(a) || !isDict(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const key of keys) if (!equal(a[key], b[key])) return false
  return true
}

/** The dictionary at `key`, made when missing. */
export function section(object: Dict, key: string): Dict {
  const found = object[key]
  if (isDict(found)) return found
  const made: Dict = {}
  object[key] = made
  return made
}

/** The dictionary at `key`, or an empty one that belongs to nobody. */
export function peek(object: unknown, ...keys: string[]): Dict {
  let at: unknown = object
  for (const key of keys) at = isDict(at) ? at[key] : undefined
  return isDict(at) ? at : {}
}

/** The list of dictionaries at `key`, empty when missing. */
export function dicts(object: unknown, key: string): Dict[] {
  const found = isDict(object) ? object[key] : undefined
  return Array.isArray(found) ? found.filter(isDict) : []
}

/** The text at `key`, empty when missing or of another type. */
export function text(object: unknown, key: string): string {
  const found = isDict(object) ? object[key] : undefined
  return typeof found === "string" ? found : ""
}

export function num(object: unknown, key: string, otherwise = 0): number {
  const found = isDict(object) ? object[key] : undefined
  return typeof found === "number" ? found : otherwise
}

/** The string values of a map such as labels. */
export function strings(object: unknown, key: string): Record<string, string> {
  const found = isDict(object) ? object[key] : undefined
  return isDict(found) ? (found as Record<string, string>) : {}
}

/** Compact JSON as Go's encoding/json writes maps: sorted keys, `<`, `>` and `&` escaped. */
export function goJson(value: unknown, indent = ""): string {
  return escapeHtml(write(value, indent, ""))
}

const escapeHtml = (text: string): string =>
  text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)

function write(value: unknown, indent: string, at: string): string {
  const [open, close, colon] = indent === "" ? ["", "", ":"] : [`\n${at}${indent}`, `\n${at}`, ": "]
  const inner = at + indent
  if (Array.isArray(value))
    return value.length === 0
      ? "[]"
      : `[${open}${value.map((item) => write(item, indent, inner)).join(`,${open}`)}${close}]`
  if (!isDict(value)) return JSON.stringify(value ?? null)
  const keys = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort(byCodePoint)
  if (keys.length === 0) return "{}"
  return `{${open}${keys.map((key) => `${JSON.stringify(key)}${colon}${write(value[key], indent, inner)}`).join(`,${open}`)}${close}}`
}

/** Go sorts strings by bytes: the order of code points. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
