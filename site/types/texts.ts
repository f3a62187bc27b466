/** TypeScript's answers as a page shows them: plain text, and places in a cell. */
import ts from "typescript"
import { OPTIONS, PACKAGES } from "./options.ts"
import type { Description, Signature, TypeMessage } from "./protocol.ts"

/** Makes a text a module, in which `await` may stand anywhere. */
const MODULE = "export {}; "

export function syntaxErrors(source: string): TypeMessage[] {
  const { diagnostics = [] } = ts.transpileModule(MODULE + source, {
    compilerOptions: OPTIONS,
    reportDiagnostics: true,
  })
  return diagnostics.map((diagnostic) => message(source, (diagnostic.start ?? 0) - MODULE.length, diagnostic))
}

export function message(source: string, from: number, { length = 0, code, messageText }: ts.Diagnostic): TypeMessage {
  const lines = source.slice(0, from).split("\n")
  return {
    from,
    to: Math.min(from + length, source.length),
    line: lines.length,
    column: (lines.at(-1) as string).length + 1,
    code,
    text: advised(code, ts.flattenDiagnosticMessageText(messageText, "\n")),
  }
}

/** What TypeScript advises, packages and options, a reader of a page cannot follow. */
function advised(code: number, text: string): string {
  const said = text.replace(/ Do you need to .*$/s, "")
  if (NEEDS_NODE.has(code)) return `${said} A page has no Node.`
  return code === NO_MODULE ? `${said} A page has ${PACKAGES.join(", ")}.` : said
}

const NEEDS_NODE: ReadonlySet<number> = new Set([2580, 2591])
const NO_MODULE = 2307

interface Described {
  readonly displayParts?: ts.SymbolDisplayPart[]
  readonly documentation?: ts.SymbolDisplayPart[]
  readonly tags?: ts.JSDocTagInfo[]
}

export function description({ displayParts, documentation, tags }: Described): Description {
  // That a name came by an import is seen in the code: what it is, is asked.
  const declaration = ts.displayPartsToString(displayParts).replace(/^\(alias\) (.*)\nimport .*$/s, "$1")
  return { declaration, doc: docText(documentation, tags) }
}

/** A doc comment: its text, then a line for each tag. */
function docText(documentation: ts.SymbolDisplayPart[] = [], tags: ts.JSDocTagInfo[] = []): string {
  const lines = tags.map(({ name, text = [] }) => `@${name} ${plain(text)}`.trimEnd())
  return [plain(documentation), lines.join("\n")].filter((part) => part !== "").join("\n\n")
}

/** Without the braces of `{@link …}`. */
const plain = (parts: readonly ts.SymbolDisplayPart[]): string =>
  parts.map(({ kind, text }) => (kind === "link" ? "" : text)).join("")

/** A signature in one line, and where in it the parameter stands that is being written. */
export function signatureText(
  item: ts.SignatureHelpItem,
  argument: number,
): Pick<Signature, "label" | "from" | "to" | "doc"> {
  const separator = ts.displayPartsToString(item.separatorDisplayParts)
  let label = ts.displayPartsToString(item.prefixDisplayParts)
  // The rest of a list of arguments is its last parameter's.
  const current = item.isVariadic ? Math.min(argument, item.parameters.length - 1) : argument
  let [from, to] = [0, 0]
  for (const [i, { displayParts }] of item.parameters.entries()) {
    if (i > 0) label += separator
    const text = ts.displayPartsToString(displayParts)
    if (i === current) [from, to] = [label.length, label.length + text.length]
    label += text
  }
  label += ts.displayPartsToString(item.suffixDisplayParts)
  const own = docText(item.parameters[current]?.documentation)
  const doc = [own, docText(item.documentation)].filter((part) => part !== "").join("\n\n")
  return { label, from, to, doc }
}
