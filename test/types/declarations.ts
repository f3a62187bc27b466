/** The public API as its declarations say it, read from the sources that the doors re-export. */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript"

export interface Exported {
  name: string
  /** The declaration without comments and bodies: overloads after each other. */
  text: string
  /** What has no doc comment: the export itself, or `name.member`. */
  undocumented: string[]
}

/** `src/cluster/cluster.ts` as the compiler's `.d.ts`. */
function declarationsOf(file: string): ts.SourceFile {
  const { outputText } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.NodeNext,
      isolatedDeclarations: true,
      strict: true,
    },
  })
  return ts.createSourceFile(file.replace(/\.ts$/, ".d.ts"), outputText, ts.ScriptTarget.ES2024, true)
}

/** Everything a door exports, by name. Only `export { … } from` and `declare module` are known: that is what doors are made of. */
export function exportsOf(door: string): Exported[] {
  const file = ts.createSourceFile(door, readFileSync(door, "utf8"), ts.ScriptTarget.ES2024, true)
  const found: Exported[] = []
  for (const statement of file.statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue
    const from = join(dirname(door), (statement.moduleSpecifier as ts.StringLiteral).text)
    const declarations = declarationsOf(from)
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause))
      throw new Error(`${door}: export * hides what is exported`)
    for (const { name, propertyName } of statement.exportClause.elements)
      found.push(exported(declarations, (propertyName ?? name).text, name.text))
  }
  // A door may also declare things itself.
  const own = declarationsOf(door)
  for (const name of ownNames(own)) found.push(exported(own, name, name))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function ownNames(file: ts.SourceFile): string[] {
  const named = file.statements.filter((statement) => isExported(statement) && !ts.isModuleDeclaration(statement))
  return [...new Set(named.flatMap(namesOf))]
}

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => (name as ts.Identifier).text)
  const { name } = statement as ts.Statement & { name?: ts.Identifier }
  return name === undefined ? [] : [name.text]
}

function exported(file: ts.SourceFile, name: string, as: string): Exported {
  const statements = file.statements.filter((statement) => namesOf(statement).includes(name))
  if (statements.length === 0) throw new Error(`${file.fileName} declares no ${name}`)
  const printer = ts.createPrinter({ removeComments: true })
  const text = statements
    .map((statement) => printer.printNode(ts.EmitHint.Unspecified, statement, file))
    .join("\n")
    // transpileDeclaration also gives a property for a method that a symbol names; tsc does not.
    .replace(/^ +\[Symbol\.\w+\]: \(\) => .*\n/gm, "")
  const undocumented = statements.some(hasDoc) ? [] : [as]
  for (const statement of statements)
    if (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement))
      undocumented.push(...bareMembers(statement).map((member) => `${as}.${member}`))
  return { name: as, text, undocumented }
}

const hasDoc = (node: ts.Node): boolean => ts.getJSDocCommentsAndTags(node).length > 0

/** Methods, accessors, and what can be left out: its default has to be said somewhere. */
const needsWords = (member: ts.ClassElement | ts.TypeElement): boolean =>
  !(ts.isPropertyDeclaration(member) || ts.isPropertySignature(member)) || member.questionToken !== undefined

/** What every object has needs no words. */
const OBVIOUS: ReadonlySet<string> = new Set(["toString", "toJSON", "constructor"])

function bareMembers(declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): string[] {
  const documented = new Map<string, boolean>()
  for (const member of declaration.members) {
    const { name } = member
    if (name === undefined || !ts.isIdentifier(name) || OBVIOUS.has(name.text) || !needsWords(member)) continue
    documented.set(name.text, documented.get(name.text) === true || hasDoc(member))
  }
  return [...documented].filter(([, has]) => !has).map(([name]) => name)
}
