/** The reference's HTML: signatures whose types lead to their places, doc comments with their links. */
import ts from "typescript"
import { sayIn } from "../i18n/table.ts"
import { markdownHtml } from "../notebook/markdown.ts"
import { type Entry, entries } from "./sdk.ts"

/** The site's root in the page's language, with a slash at the end. */
export type Root = string

/** Where an export is described, or a member of one: `Cluster.exec`. */
export function addressOf(name: string, door: string, root: Root): string | undefined {
  const [owner, member] = name.split(".")
  // Two doors may export one name; a door's own comes first.
  const named = entries().filter((entry) => entry.name === owner && [door, "podwire"].includes(entry.door))
  const entry = named.find((one) => one.door === door) ?? named[0]
  if (entry === undefined || (member !== undefined && !entry.members.some(({ name }) => name === member)))
    return undefined
  return `${root}reference/sdk/${entry.group.slug}/#${name}`
}

/** A signature, coloured as the page's code is. */
export function signatureHtml(code: string, { name, door }: Entry, root: Root): string {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2024, false, ts.LanguageVariant.Standard, code)
  let html = ""
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const text = escaped(scanner.getTokenText())
    const address = kind === ts.SyntaxKind.Identifier ? addressOf(scanner.getTokenText(), door, root) : undefined
    const tone = toneOf(kind, code.slice(scanner.getTokenEnd()))
    if (address !== undefined && scanner.getTokenText() !== name) html += `<a href="${address}">${text}</a>`
    else html += tone === undefined ? text : `<span class="pw-${tone}">${text}</span>`
  }
  return html
}

function toneOf(kind: ts.SyntaxKind, rest: string): string | undefined {
  if (kind === ts.SyntaxKind.StringLiteral || kind === ts.SyntaxKind.NoSubstitutionTemplateLiteral) return "string"
  if (kind === ts.SyntaxKind.NumericLiteral) return "number"
  if (kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia) return "comment"
  // `from: string` names a field; `from` is a word of the language elsewhere.
  const isWord = kind >= ts.SyntaxKind.FirstKeyword && kind <= ts.SyntaxKind.LastKeyword
  return isWord && !/^\??[:(]/.test(rest) ? "keyword" : undefined
}

/** Throws for a `{@link}` that leads nowhere. */
export function proseHtml(text: string, entry: Entry, root: Root): string {
  const markdown = text.replace(/\{@link\s+([\w.]+)\s*(?:\|\s*([^}]*))?\}/g, (whole, name: string, label?: string) => {
    // A class speaks of its own members by their names alone.
    const address = addressOf(name, entry.door, root) ?? addressOf(`${entry.name}.${name}`, entry.door, root)
    if (address === undefined) throw new Error(`${entry.name}: ${whole} names nothing that is exported`)
    return `[${label ?? `\`${name}\``}](${address})`
  })
  return markdownHtml(markdown, sayIn("en"))
}

/** Of one paragraph. */
export const lineHtml = (text: string, entry: Entry, root: Root): string =>
  proseHtml(text, entry, root).replace(/^<p>([\s\S]*)<\/p>$/, "$1")

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
