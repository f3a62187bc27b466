/** Word expansion (POSIX XCU 2.6): tilde, parameters, commands, arithmetic, fields, path names; bash's braces before all of it. */
import { evaluate } from "./arithmetic.ts"
import { expandBraces } from "./braces.ts"
import { ExpansionError, type ExpansionHost, type Piece } from "./expansion.ts"
import { glob } from "./glob.ts"
import { type Expander, parameter } from "./parameter.ts"
import { quotePattern } from "./pattern.ts"
import type { Word, WordPart } from "./token.ts"

/** Words to arguments. */
export async function expandWords(words: readonly Word[], host: ExpansionHost): Promise<string[]> {
  const fields: string[] = []
  for (const word of words)
    for (const plain of host.isBash ? expandBraces(word) : [word]) fields.push(...(await expandWord(plain, host)))
  return fields
}

/** A word to one text, without splitting or globbing: assignments, here-documents, `case`. */
export async function expandText(word: Word, host: ExpansionHost): Promise<string> {
  return join(await pieces(word.parts, false, host), host)
}

/** The value of an assignment: tildes count after each colon as well. */
export async function expandValue(word: Word, host: ExpansionHost): Promise<string> {
  return join(await pieces(word.parts, false, host, true), host)
}

function join(all: readonly Piece[], host: ExpansionHost): string {
  const separator = host.get("IFS")?.[0] ?? " "
  return all.map((piece) => piece.text + (piece.breakAfter === true ? (piece.quoted ? " " : separator) : "")).join("")
}

/** A word to a pattern: quoted text stands for itself. */
export async function expandPattern(word: Word, host: ExpansionHost): Promise<string> {
  return (await pieces(word.parts, false, host))
    .map((piece) => (piece.quoted ? quotePattern(piece.text) : piece.text))
    .join("")
}

/** A word to pieces, for those who must know what was quoted. */
export function expandPieces(word: Word, host: ExpansionHost): Promise<Piece[]> {
  return pieces(word.parts, false, host)
}

/** One word to its fields. */
export async function expandWord(word: Word, host: ExpansionHost): Promise<string[]> {
  const all = await pieces(word.parts, false, host)
  const fields = splitFields(all, host.get("IFS") ?? " \t\n")
  return fields.flatMap((field) => (host.noglob ? [field.text] : glob(field, host)))
}

/** A field: its text, and its text as a pattern. */
export interface Field {
  pattern: string
  text: string
}

/** Field splitting (POSIX XCU 2.6.5). */
export function splitFields(all: readonly Piece[], ifs: string): Field[] {
  const fields: Field[] = []
  let current: Field | undefined
  // White space before a separator belongs to it: `a : b` has one.
  let afterBlank = false
  const add = (text: string, quoted: boolean): void => {
    current ??= { pattern: "", text: "" }
    current.text += text
    current.pattern += quoted ? quotePattern(text) : text
    afterBlank = false
  }
  const end = (): void => {
    if (current !== undefined) fields.push(current)
    current = undefined
  }
  for (const piece of all) {
    if (piece.quoted || piece.plain === true) {
      if (piece.quoted || piece.text !== "") add(piece.text, piece.quoted)
    } else
      for (const c of piece.text) {
        if (!ifs.includes(c)) add(c, false)
        else if (/[ \t\n]/.test(c)) {
          afterBlank ||= current !== undefined
          end()
        } else {
          if (!afterBlank) current ??= { pattern: "", text: "" }
          end()
          afterBlank = false
        }
      }
    if (piece.breakAfter === true) end()
  }
  end()
  return fields
}

/** Parts to pieces; `quoted` within double quotes, `value` in an assignment. */
export async function pieces(
  parts: readonly WordPart[],
  quoted: boolean,
  host: ExpansionHost,
  value = false,
): Promise<Piece[]> {
  const result: Piece[] = []
  for (const [i, part] of parts.entries()) {
    switch (part.type) {
      case "literal":
        result.push(...literal(part, quoted || part.quoted, i === 0, parts[i + 1] === undefined, value, host))
        break
      case "double":
        result.push(...(await double(part.parts, host)))
        break
      case "parameter":
        result.push(...(await parameter(part, quoted, host, EXPANDER)))
        break
      case "command":
        result.push({ text: await host.substitute(part.list), quoted })
        break
      case "backquote":
        result.push({ text: await host.substitute(part.script), quoted })
        break
      case "arithmetic":
        result.push({ text: await arithmetic(part.expression, host), quoted })
        break
      case "process":
        result.push({ text: host.processPath(part.list, part.reads), quoted: true })
    }
  }
  return result
}

async function double(parts: readonly WordPart[], host: ExpansionHost): Promise<Piece[]> {
  const inner = await pieces(parts, true, host)
  // "$@" without arguments is no field at all; "" is an empty one.
  const vanishes = parts.some((part) => part.type === "parameter" && (part.name === "@" || part.subscript === "@"))
  return inner.length > 0 || vanishes ? inner : [{ text: "", quoted: true }]
}

function literal(
  part: { text: string },
  quoted: boolean,
  first: boolean,
  last: boolean,
  value: boolean,
  host: ExpansionHost,
): Piece[] {
  if (quoted || !part.text.includes("~")) return [{ text: part.text, quoted, plain: true }]
  if (value)
    return part.text
      .split(/(?<=:)/)
      .flatMap((item, i) => (i > 0 || first ? tilde(item, last, host) : [{ text: item, quoted: false, plain: true }]))
  const assignment = host.isBash && first ? /^([A-Za-z_]\w*=)(~.*)$/s.exec(part.text) : null
  if (assignment !== null)
    return [
      { text: assignment[1] as string, quoted: false, plain: true },
      ...tilde(assignment[2] as string, last, host),
    ]
  return first ? tilde(part.text, last, host) : [{ text: part.text, quoted: false, plain: true }]
}

/** `~`, `~/…`, `~+`, `~-`, `~root`; the name must not be cut short by a quote or an expansion. */
function tilde(text: string, last: boolean, host: ExpansionHost): Piece[] {
  const match = /^~([^/:]*)([/:].*)?$/s.exec(text)
  if (match === null || (match[2] === undefined && !last)) return [{ text, quoted: false, plain: true }]
  const home = homeOf(match[1] as string, host)
  if (home === undefined) return [{ text, quoted: false, plain: true }]
  return [
    { text: home, quoted: true },
    { text: match[2] ?? "", quoted: false, plain: true },
  ]
}

function homeOf(name: string, host: ExpansionHost): string | undefined {
  if (name === "") return host.get("HOME") ?? "/root"
  if (name === "+") return host.get("PWD")
  if (name === "-") return host.get("OLDPWD")
  const passwd = host.fs.readText("/etc/passwd")
  if ("errno" in passwd) return undefined
  return passwd.text
    .split("\n")
    .map((line) => line.split(":"))
    .find(([user]) => user === name)?.[5]
}

/** The value of an expression whose parameters are expanded first. */
export async function arithmetic(expression: Word, host: ExpansionHost): Promise<string> {
  return String(evaluateOrThrow(await expandText(expression, host), host))
}

export function evaluateOrThrow(text: string, host: ExpansionHost): bigint {
  const value = evaluate(text, host)
  if (typeof value === "bigint") return value
  throw new ExpansionError(
    value.error,
    false,
    value.error.includes("division by 0") ? "divide by zero" : "arithmetic syntax error",
  )
}

/** What parameters need for the words inside their braces. */
const EXPANDER: Expander = {
  pieces: (word, quoted, host) => pieces(word.parts, quoted, host),
  text: expandText,
  pattern: expandPattern,
  number: async (word, host) => evaluateOrThrow(await expandText(word, host), host),
}
