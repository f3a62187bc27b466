/** What the package's doors export, as the compiler declares it: from the sources, file by file, with their doc comments. */
import { readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import ts from "typescript"

/** What a user imports, and the file behind it. */
export const DOORS: Readonly<Record<string, string>> = {
  podwire: "src/index.ts",
  "podwire/vitest": "src/vitest.ts",
  "podwire/vitest-plugin": "src/node/vitest/plugin.ts",
  "podwire/node": "src/node/index.ts",
}

export interface Declaration {
  readonly name: string
  readonly door: string
  /** Below src/. */
  readonly source: string
  /** Several where a function is declared with overloads. */
  readonly nodes: readonly ts.Node[]
}

export function declarations(): Declaration[] {
  return Object.entries(DOORS).flatMap(([door, file]) => [...passedOn(door, file), ...own(door, file)])
}

/** `export { … } from`: all that doors are made of, beside what they declare. */
function passedOn(door: string, file: string): Declaration[] {
  const found: Declaration[] = []
  for (const statement of parsed(file, readFileSync(file, "utf8")).statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue
    const { exportClause } = statement
    if (exportClause === undefined || !ts.isNamedExports(exportClause))
      throw new Error(`${file}: export * hides what is exported`)
    const from = join(dirname(file), (statement.moduleSpecifier as ts.StringLiteral).text)
    for (const { name, propertyName } of exportClause.elements)
      found.push(declaration(name.text, door, from, named(declared(from), (propertyName ?? name).text)))
  }
  return found
}

/** What a door declares, and what it adds to another package's interfaces. */
function own(door: string, file: string): Declaration[] {
  return declared(file).statements.flatMap((statement) => {
    if (ts.isModuleDeclaration(statement)) return additions(door, file, statement)
    const name = nameOf(statement)
    return name === undefined || !isExported(statement) ? [] : [declaration(name, door, file, [statement])]
  })
}

function additions(door: string, file: string, module: ts.ModuleDeclaration): Declaration[] {
  const statements = module.body !== undefined && ts.isModuleBlock(module.body) ? [...module.body.statements] : []
  return statements
    .filter(ts.isInterfaceDeclaration)
    .flatMap(({ members }) => members.map((member) => declaration(member.name?.getText() ?? "", door, file, [member])))
}

const declaration = (name: string, door: string, file: string, nodes: readonly ts.Node[]): Declaration => {
  if (nodes.length === 0) throw new Error(`${file} declares no ${name}, which ${door} exports`)
  return { name, door, source: relative("src", file).replaceAll("\\", "/"), nodes }
}

const named = (file: ts.SourceFile, name: string): ts.Statement[] =>
  file.statements.filter((statement) => nameOf(statement) === name)

function nameOf(statement: ts.Statement): string | undefined {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0]?.name.getText()
  return (statement as ts.Statement & { name?: ts.Identifier }).name?.text
}

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

const files = new Map<string, ts.SourceFile>()

/** `src/cluster/cluster.ts` as its `.d.ts`. */
function declared(file: string): ts.SourceFile {
  const known = files.get(file)
  if (known !== undefined) return known
  const { outputText } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.NodeNext,
      isolatedDeclarations: true,
      strict: true,
    },
  })
  const result = parsed(file.replace(/\.ts$/, ".d.ts"), outputText)
  files.set(file, result)
  return result
}

const parsed = (name: string, text: string): ts.SourceFile =>
  ts.createSourceFile(name, text, ts.ScriptTarget.ES2024, true)
