/** The names that a cell declares at its top, and what of each: the rest of the page sees them. */
import ts from "typescript"

/** `whole` is a class, an enumeration, an import: value and type in one, and they stay together. */
export type ValueKind = "var" | "let" | "const" | "function" | "whole" | "any"
export interface DeclaredName {
  readonly value?: ValueKind
  readonly type: boolean
}

export function declaredNames(source: string): ReadonlyMap<string, DeclaredName> {
  const names = new Map<string, DeclaredName>()
  const add = (name: ts.Identifier | undefined, value: ValueKind | undefined, type: boolean): void => {
    if (name === undefined) return
    const before = names.get(name.text)
    const kind = before?.value === "whole" ? "whole" : (value ?? before?.value)
    names.set(name.text, { ...(kind === undefined ? {} : { value: kind }), type: type || before?.type === true })
  }
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022)
  for (const statement of file.statements) addStatement(statement, add)
  return names
}

type Add = (name: ts.Identifier | undefined, value: ValueKind | undefined, type: boolean) => void

/** Not `var` in a block: neither tslab nor the page's kernel hands it on. */
function addStatement(node: ts.Statement, add: Add): void {
  if (ts.isVariableStatement(node)) addVariables(node.declarationList, add)
  else if (ts.isFunctionDeclaration(node)) add(node.name, "function", false)
  else if (ts.isClassDeclaration(node) || ts.isEnumDeclaration(node)) add(node.name, "whole", true)
  else if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) add(node.name, undefined, true)
  else if (ts.isModuleDeclaration(node)) add(ts.isIdentifier(node.name) ? node.name : undefined, "whole", true)
  else if (ts.isImportEqualsDeclaration(node)) add(node.name, "whole", true)
  else if (ts.isImportDeclaration(node)) addImports(node.importClause, add)
}

function addImports(clause: ts.ImportClause | undefined, add: Add): void {
  add(clause?.name, "whole", true)
  const bindings = clause?.namedBindings
  if (bindings === undefined) return
  if (ts.isNamespaceImport(bindings)) add(bindings.name, "whole", true)
  else for (const { name } of bindings.elements) add(name, "whole", true)
}

function addVariables({ declarations, flags }: ts.VariableDeclarationList, add: Add): void {
  const kind = (flags & ts.NodeFlags.Const) !== 0 ? "const" : (flags & ts.NodeFlags.Let) !== 0 ? "let" : "var"
  const bind = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) add(name, kind, false)
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name)
  }
  for (const { name } of declarations) bind(name)
}
