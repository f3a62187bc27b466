/** kubectl's JSONPath dialect: `{.a.b[0]}`, `{range .items[*]}…{end}`, `[?(@.x=="y")]`, quoted text, everything else literal. */
import { goJson, isDict } from "../../kube/api/json.ts"
import { fail } from "./client.ts"

export function evaluateJsonPath(template: string, root: unknown): string {
  return new Template(template).render(root)
}

type Piece =
  | { type: "text"; text: string }
  | { type: "path"; path: string }
  | { type: "range"; path: string; body: Piece[] }

class Template {
  readonly #pieces: Piece[]

  constructor(template: string) {
    const tokens = template.match(/\{[^{}]*(?:"[^"]*"[^{}]*)*\}|[^{]+/g) ?? []
    this.#pieces = this.#parse(tokens, template)
  }

  #parse(tokens: string[], template: string): Piece[] {
    const pieces: Piece[] = []
    for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
      if (!token.startsWith("{")) {
        pieces.push({ type: "text", text: token })
        continue
      }
      const inner = token.slice(1, -1).trim()
      if (inner === "end") return pieces
      const range = /^range\s+(.*)$/.exec(inner)
      const text = /^"((?:[^"\\]|\\.)*)"$/.exec(inner) ?? /^'((?:[^'\\]|\\.)*)'$/.exec(inner)
      if (range !== null) pieces.push({ type: "range", path: range[1] as string, body: this.#parse(tokens, template) })
      else if (text !== null)
        pieces.push({ type: "text", text: (text[1] as string).replace(/\\n/g, "\n").replace(/\\t/g, "\t") })
      else if (/^[.@$[]/.test(inner)) pieces.push({ type: "path", path: inner })
      else if (/^[\w-]+/.test(inner)) pieces.push({ type: "path", path: `.${inner}` })
      else
        fail(
          `error: error parsing jsonpath ${template}, unrecognized character in action: U+${(inner.codePointAt(0) ?? 0).toString(16).padStart(4, "0").toUpperCase()} '${inner[0] ?? ""}'`,
        )
    }
    return pieces
  }

  render(root: unknown, pieces: readonly Piece[] = this.#pieces, current: unknown = root): string {
    return pieces
      .map((piece) => {
        if (piece.type === "text") return piece.text
        if (piece.type === "path") return resolve(piece.path, current).map(show).join(" ")
        return resolve(piece.path, current)
          .map((item) => this.render(root, piece.body, item))
          .join("")
      })
      .join("")
  }
}

const show = (value: unknown): string =>
  typeof value === "string"
    ? value
    : value === null || value === undefined
      ? ""
      : typeof value === "object"
        ? goJson(value)
        : String(value)

function resolve(path: string, root: unknown): unknown[] {
  let values: unknown[] = [root]
  const steps =
    path
      .replace(/^[$@]/, "")
      .match(/\.\.[\w-]+|\.\*|\.(?:\\.|[^.,[\]$@{}\s\\])+|\[\?\(.*?\)\]|\['[^']*'\]|\["[^"]*"\]|\[[^\]]*\]|\./g) ?? []
  for (const step of steps) values = values.flatMap((value) => apply(step, value))
  return values
}

function apply(step: string, value: unknown): unknown[] {
  if (step === ".") return [value]
  if (step.startsWith("..")) return descend(step.slice(2), value)
  if (step === ".*" || step === "[*]") return Array.isArray(value) ? value : isDict(value) ? Object.values(value) : []
  if (step.startsWith("[?")) return filtered(step.slice(3, -2), value)
  if (step.startsWith("['") || step.startsWith('["')) return member(step.slice(2, -2), value)
  if (step.startsWith("[")) return indexed(step.slice(1, -1), value)
  return member(step.slice(1).replace(/\\(.)/g, "$1"), value)
}

const member = (name: string, value: unknown): unknown[] =>
  isDict(value) && value[name] !== undefined ? [value[name]] : []

function indexed(text: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) return []
  if (text.includes(":")) {
    const [from, to] = text.split(":")
    return value.slice(from === "" ? 0 : Number(from), to === "" || to === undefined ? undefined : Number(to))
  }
  return text.split(",").flatMap((part) => {
    const item: unknown = value.at(Number(part))
    return item === undefined ? [] : [item]
  })
}

function descend(name: string, value: unknown): unknown[] {
  const here = member(name, value)
  const children = Array.isArray(value) ? value : isDict(value) ? Object.values(value) : []
  return [...here, ...children.flatMap((child) => descend(name, child))]
}

/** `@.type=="Ready"`, `@.x`, numbers compared as numbers. */
function filtered(condition: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) return []
  const match = /^\s*(@[^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.*?))?\s*$/.exec(condition)
  if (match === null) return []
  const [, path = "", operator, right = ""] = match
  const wanted = /^(["']).*\1$/.test(right) ? right.slice(1, -1) : right
  return value.filter((item) => {
    const [found] = resolve(path, item)
    if (operator === undefined) return found !== undefined
    const compared =
      typeof found === "number" ? found - Number(wanted) : show(found) === wanted ? 0 : show(found) < wanted ? -1 : 1
    return (
      {
        "==": compared === 0,
        "!=": compared !== 0,
        "<": compared < 0,
        ">": compared > 0,
        "<=": compared <= 0,
        ">=": compared >= 0,
      }[operator] === true
    )
  })
}
