/** The SDK's exports as the reference shows them: signatures, words, members. */
import ts from "typescript"
import { type Declaration, declarations } from "./declarations.ts"
import { type Group, groupOf } from "./groups.ts"

export interface Words {
  /** Markdown. */
  readonly text: string
  readonly params: readonly { readonly name: string; readonly text: string }[]
  readonly returns: string | undefined
  readonly throws: readonly string[]
  /** TypeScript. */
  readonly examples: readonly string[]
}

/** What is written down: one signature and what is said about it. */
export interface Signature {
  readonly code: string
  readonly words: Words
}

export interface Member {
  readonly name: string
  readonly signatures: readonly Signature[]
}

export type Kind = "function" | "class" | "interface" | "type" | "constant" | "matcher"

export interface Entry {
  readonly name: string
  readonly door: string
  readonly kind: Kind
  readonly group: Group
  readonly signatures: readonly Signature[]
  readonly members: readonly Member[]
}

let all: readonly Entry[] | undefined

/** Every export, functions first, then what they return, then what they take. */
export function entries(): readonly Entry[] {
  all ??= declarations()
    .map(entry)
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
  return all
}

const ORDER: readonly Kind[] = ["matcher", "function", "class", "constant", "interface", "type"]

function entry({ name, door, source, nodes }: Declaration): Entry {
  const [first] = nodes as [ts.Node]
  const holds = ts.isClassDeclaration(first) || ts.isInterfaceDeclaration(first)
  return {
    name,
    door,
    kind: kindOf(first),
    group: groupOf(source),
    signatures: nodes.map((node) => ({ code: holds ? headOf(first) : codeOf(node), words: wordsOf(node) })),
    members: holds ? membersOf(first) : [],
  }
}

function kindOf(node: ts.Node): Kind {
  if (ts.isFunctionDeclaration(node)) return "function"
  if (ts.isClassDeclaration(node)) return "class"
  if (ts.isInterfaceDeclaration(node)) return "interface"
  if (ts.isTypeAliasDeclaration(node)) return "type"
  if (ts.isVariableStatement(node)) return "constant"
  if (ts.isMethodSignature(node)) return "matcher"
  throw new Error(`the reference does not know exports like this: ${node.getText().slice(0, 80)}`)
}

/** `class Reachability implements Iterable<X>`, without its members. */
function headOf(node: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  const file = node.getSourceFile()
  return plain(file.text.slice(node.getStart(), node.members.pos).replace(/\s*\{$/, ""))
}

const codeOf = (node: ts.Node): string => plain(node.getText().replace(/;$/, ""))

/** As a user thinks of it: what everything is (exported, declared) says nothing. */
const plain = (code: string): string =>
  code
    .replace(/^(?:export )?(?:declare )?/, "")
    // Who reads a value does not care how it comes.
    .replace(/^get (\w+)\(\): /, "readonly $1: ")
    .replace(/^( +)/gm, (spaces) => " ".repeat(spaces.length / 2))

function membersOf(node: ts.ClassDeclaration | ts.InterfaceDeclaration): Member[] {
  const members = new Map<string, Signature[]>()
  for (const member of node.members) {
    const name = memberName(member)
    if (name === undefined) continue
    members.set(name, [...(members.get(name) ?? []), { code: codeOf(member), words: wordsOf(member) }])
  }
  return [...members].map(([name, signatures]) => ({ name, signatures }))
}

/** What users call. Constructors that nobody documents are the library's own; the compiler declares symbols' methods twice. */
function memberName(member: ts.ClassElement | ts.TypeElement): string | undefined {
  if (ts.isConstructorDeclaration(member)) return wordsOf(member).text === "" ? undefined : "constructor"
  const { name } = member
  if (name === undefined || ts.isPrivateIdentifier(name)) return undefined
  if (ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword))
    return undefined
  if (!ts.isComputedPropertyName(name)) return name.getText()
  return name.getText() === "[Symbol.iterator]" && !ts.isPropertyDeclaration(member) ? name.getText() : undefined
}

function wordsOf(node: ts.Node): Words {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const tags = docs.flatMap(({ tags }) => [...(tags ?? [])])
  const texts = (name: string): string[] => tags.filter(({ tagName }) => tagName.text === name).map(textOf)
  const unknown = tags.find(({ tagName }) => !["param", "returns", "throws", "example"].includes(tagName.text))
  if (unknown !== undefined) throw new Error(`the reference does not show @${unknown.tagName.text}: ${textOf(unknown)}`)
  return {
    text: docs.map(textOf).join("\n\n"),
    params: tags.filter(ts.isJSDocParameterTag).map((tag) => ({ name: tag.name.getText(), text: textOf(tag) })),
    returns: texts("returns")[0],
    throws: tags.filter(({ tagName }) => tagName.text === "throws").map(thrown),
    examples: texts("example"),
  }
}

const textOf = ({ comment }: { comment?: string | ts.NodeArray<ts.JSDocComment> }): string =>
  (ts.getTextOfJSDocComment(comment) ?? "").trim()

/** The compiler takes the first word of `@throws RangeError for …` for a part of the text, a `{type}` apart. */
function thrown(tag: ts.JSDocTag): string {
  const type = ts.isJSDocThrowsTag(tag) ? tag.typeExpression?.type.getText() : undefined
  return type === undefined ? textOf(tag) : `${type} ${textOf(tag)}`
}
