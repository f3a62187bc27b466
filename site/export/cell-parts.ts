/** A cell as a part of a script: its imports apart, what it declares and reads, and what it prints at its end. */
import { cellSyntax, declaredNames, lastExpression, type Node, position } from "../kernel/compile.ts"

export interface CellParts {
  readonly id: string
  /** Without the imports, and with the last value handed to `show`. */
  readonly code: string
  readonly imports: readonly Import[]
  readonly declares: ReadonlySet<string>
  /** Names that it may read or change, others' properties of the same name among them. */
  readonly reads: ReadonlySet<string>
  /** It is there to fail until the reader has mended it. */
  readonly fails: boolean
}

export interface Import {
  readonly module: string
  /** As written: `topology`, `type Capture`, `default as Plot`, `* as Plot`. */
  readonly names: readonly string[]
  /** The names it makes. */
  readonly locals: readonly string[]
}

/** An import of a cell stands at the start of a line. */
const IMPORT = /^import[ \t]+(?:([\s\S]*?)[ \t\n]+from[ \t]+)?["']([^"'\n]+)["'];?[ \t]*$\n?/gm

export function cellParts(id: string, source: string, fails: boolean): CellParts {
  const { body } = cellSyntax(source)
  const imports = [...source.matchAll(IMPORT)].map(([, clause = "", module = ""]) => importOf(clause, module))
  const declares = new Set(imports.flatMap(({ locals }) => locals))
  for (const node of body) for (const name of declaredNames(node)) declares.add(name)
  const reads = new Set<string>()
  for (const node of body) if (node.type !== "ImportDeclaration") namesIn(node, reads)
  const code = withShow(source).replace(IMPORT, "").trim()
  return { id, code, imports, declares, reads, fails }
}

function importOf(clause: string, module: string): Import {
  const typed = /^type\s+(?=\{)/.test(clause)
  const braces = /\{([\s\S]*)\}/.exec(clause)?.[1] ?? ""
  const inner = braces.split(",").flatMap((name) => (name.trim() === "" ? [] : [(typed ? "type " : "") + name.trim()]))
  const outer = clause
    .replace(/^type\s+/, "")
    .replace(/\{[\s\S]*\}/, "")
    .split(",")
    .flatMap((name) => (name.trim() === "" ? [] : [name.trim()]))
  const names = [...outer.map((name) => (name.startsWith("*") ? name : `default as ${name}`)), ...inner]
  return { module, names, locals: names.map((name) => name.replace(/^(?:.*\sas\s+|type\s+)/, "")) }
}

/** Every identifier but those that only name a property. */
function namesIn(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) namesIn(item, names)
  else if (typeof value === "object" && value !== null) {
    const node = value as Node
    if (node.type === "Identifier") names.add(node["name"] as string)
    for (const [key, part] of Object.entries(node)) {
      const named = key === "property" || (key === "key" && node["shorthand"] !== true)
      if (!(named && node["computed"] === false)) namesIn(part, names)
    }
  }
}

/** The last value is printed where a notebook prints it. Where types stand around it, its place in the text is not known, and it is left alone. */
function withShow(source: string): string {
  const { javascript, body } = cellSyntax(source)
  const last = lastExpression(body)
  if (last === undefined) return source
  const lines = source.split("\n")
  const start = offsetIn(lines, javascript, last.start)
  const end = offsetIn(lines, javascript, last.end)
  if (start === undefined || end === undefined) return source
  const rest = source.slice(end).replace(/^\s*;/, "")
  return `${source.slice(0, start)}show(${source.slice(start, end)})${rest}`
}

/** A place of the text without types in the text with them: the same, as long as nothing was taken out of its line before it. */
function offsetIn(lines: readonly string[], javascript: string, offset: number): number | undefined {
  const { line, column } = position(javascript, offset)
  const before = javascript.split("\n")[line - 1]?.slice(0, column)
  if (lines[line - 1]?.slice(0, column) !== before) return undefined
  return lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + column
}
