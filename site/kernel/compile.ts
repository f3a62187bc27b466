/** From a cell's TypeScript to what the kernel runs: types off, imports by `require`, the names it declares, its last expression. Line for line. */
import { parse } from "acorn"
import { transform } from "sucrase"
import type { CompiledCell } from "../../src/notebook/kernel/kernel.ts"

/** What is wrong with a cell's text, with its place (from 1). */
export class CompileError extends Error {
  readonly line: number
  readonly column: number

  constructor(message: string, line: number, column: number) {
    super(message)
    this.line = line
    this.column = column
  }
}

/** The parts of the syntax tree (ESTree) that matter here. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** Throws {@link CompileError}. */
export function compileCell(id: string, source: string): CompiledCell {
  const { javascript, body } = cellSyntax(source)
  refuseImports(javascript, body)
  const edits: [start: number, end: number, text: string][] = []
  const names = new Set<string>()
  const modules: Record<string, string[]> = {}
  for (const node of body) {
    if (node.type === "ImportDeclaration") {
      const module = (node["source"] as { value: string }).value
      const wanted = (modules[module] ??= [])
      wanted.push(...importedNames(node))
      const [code, own] = importCode(node, module)
      edits.push([node.start, node.end, code])
      for (const name of own) names.add(name)
    } else for (const name of declaredNames(node)) names.add(name)
  }
  const last = lastExpression(body)
  // A directive is an expression, too: tslab prints it.
  if (last !== undefined) edits.push([last.start, last.end, `${LAST}${javascript.slice(last.start, last.end)}))`])
  const getters = [...names].map((name) => `${JSON.stringify(name)}: () => ${name}`)
  return {
    id,
    own: `own({ ${getters.join(", ")} });`,
    code: edited(javascript, edits),
    modules,
    ...(last === undefined ? {} : { last: { ...position(javascript, last.start), by: LAST.length } }),
  }
}

/** A cell without its types, line for line, and its statements. Throws {@link CompileError}. */
export function cellSyntax(source: string): { readonly javascript: string; readonly body: readonly Node[] } {
  const javascript = withoutTypes(source)
  return { javascript, body: (syntaxTree(javascript) as { body: readonly Node[] }).body }
}

/** What is imported is loaded before a cell runs, from a list. */
function refuseImports(javascript: string, value: unknown): void {
  if (Array.isArray(value)) for (const item of value) refuseImports(javascript, item)
  else if (typeof value === "object" && value !== null) {
    const node = value as Node
    if (node.type === "ImportExpression") {
      const { line, column } = position(javascript, node.start)
      throw new CompileError('import() is not there in a page: import … from "…" is', line, column + 1)
    }
    for (const part of Object.values(node)) refuseImports(javascript, part)
  }
}

const LAST = "last(("

/** What a cell's last statement gives to be printed. */
export function lastExpression(body: readonly Node[]): Node | undefined {
  const last = body.at(-1)
  return last?.type === "ExpressionStatement" ? (last["expression"] as Node) : undefined
}

/** Lines from 1, columns from 0. */
export function position(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split("\n")
  return { line: lines.length, column: (lines.at(-1) as string).length }
}

/** They are code of their own, which nobody here makes: Node's own stripping of types refuses them, too. */
const NAMESPACE = /^[ \t]*(?:export[ \t]+)?(?:namespace|module)[ \t]+[\w.]+[ \t]*\{/m

function withoutTypes(source: string): string {
  const namespace = NAMESPACE.exec(source)
  if (namespace !== null) {
    const { line, column } = position(source, namespace.index)
    throw new CompileError("a page does not run namespaces", line, column + 1)
  }
  try {
    return transform(source, {
      transforms: ["typescript"],
      disableESTransforms: true,
      keepUnusedImports: true,
      preserveDynamicImport: true,
    }).code
  } catch (error) {
    throw located(error as Error)
  }
}

function syntaxTree(javascript: string): unknown {
  try {
    return parse(javascript, { ecmaVersion: "latest", sourceType: "module", allowAwaitOutsideFunction: true })
  } catch (error) {
    throw located(error as Error)
  }
}

/** Both say `… (3:7)`; acorn counts columns from 0, sucrase from 1. */
function located(error: Error & { loc?: { line: number; column: number } }): CompileError {
  const [, line = "1", column = "1"] = /\((\d+):(\d+)\)/.exec(error.message) ?? []
  const message = error.message.replace(/^Error transforming [^:]*: /, "").replace(/ ?\(\d+:\d+\)$/, "")
  const zero = error.loc !== undefined && String(error.loc.column) === column && error instanceof SyntaxError
  return new CompileError(message, Number(line), Number(column) + (zero ? 1 : 0))
}

/** The exports that an import asks for; `*` for all of them. */
const importedNames = (node: Node): string[] =>
  (node["specifiers"] as readonly Node[]).map((specifier) => {
    if (specifier.type === "ImportNamespaceSpecifier") return "*"
    if (specifier.type === "ImportDefaultSpecifier") return "default"
    const { name, value } = specifier["imported"] as { name?: string; value?: string }
    return name ?? String(value)
  })

/** `import { a as b } from "m"` as a constant, on as many lines; and the names it makes. */
function importCode(node: Node, module: string): [code: string, names: string[]] {
  const required = `require(${JSON.stringify(module)})`
  const names: string[] = []
  const parts: string[] = []
  let whole: string | undefined
  for (const specifier of node["specifiers"] as readonly Node[]) {
    const local = (specifier["local"] as { name: string }).name
    names.push(local)
    if (specifier.type === "ImportNamespaceSpecifier") whole = local
    else if (specifier.type === "ImportDefaultSpecifier") parts.push(`default: ${local}`)
    else {
      const { name, value } = specifier["imported"] as { name?: string; value?: string }
      parts.push(`${name ?? JSON.stringify(value)}: ${local}`)
    }
  }
  const code = [
    ...(whole === undefined ? [] : [`const ${whole} = ${required};`]),
    ...(parts.length === 0 ? [] : [`const { ${parts.join(", ")} } = ${required};`]),
  ]
  return [code.join(" "), names]
}

/** The names that a statement makes. */
export function declaredNames(node: Node): string[] {
  const declaration = (node["declaration"] as Node | null | undefined) ?? node
  switch (declaration.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return patternNames(declaration["id"] as Node | null)
    case "VariableDeclaration":
      return (declaration["declarations"] as readonly { id: Node }[]).flatMap(({ id }) => patternNames(id))
    default:
      return []
  }
}

function patternNames(node: Node | null | undefined): string[] {
  switch (node?.type) {
    case "Identifier":
      return [node["name"] as string]
    case "ObjectPattern":
      return (node["properties"] as readonly Node[]).flatMap((property) =>
        patternNames((property["value"] ?? property["argument"]) as Node),
      )
    case "ArrayPattern":
      return (node["elements"] as readonly (Node | null)[]).flatMap(patternNames)
    case "AssignmentPattern":
      return patternNames(node["left"] as Node)
    case "RestElement":
      return patternNames(node["argument"] as Node)
    default:
      return []
  }
}

/** Edits keep the number of lines before them. */
function edited(text: string, edits: readonly (readonly [number, number, string])[]): string {
  let result = ""
  let at = 0
  for (const [start, end, replacement] of edits) {
    const lines = text.slice(start, end).split("\n").length - replacement.split("\n").length
    result += text.slice(at, start) + replacement + "\n".repeat(Math.max(0, lines))
    at = end
  }
  return result + text.slice(at)
}
