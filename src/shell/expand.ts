/** Word expansion (POSIX XCU 2.6): tilde, parameters, commands, arithmetic, fields, path names; bash's braces before all of it. */
import type { Vfs } from "../linux/task/vfs.ts"
import { evaluate } from "./arithmetic.ts"
import { isPattern, matches, patternSource, quotePattern } from "./pattern.ts"
import type { Word, WordPart } from "./token.ts"

/** What expansion needs of the shell. */
export interface ExpansionHost {
  readonly fs: Vfs
  readonly cwd: string
  get(name: string): string | undefined
  set(name: string, value: string): void
  /** `$@`. */
  positional(): readonly string[]
  /** `$?`, `$#`, `$$`, `$!`, `$-`, `$0`. */
  special(name: string): string
  /** Standard output of a command, without trailing newlines. */
  substitute(script: string): Promise<string>
  /** `set -u`. */
  readonly nounset: boolean
}

/** An expansion that ends the command: `${x:?}`, an unset variable under `set -u`, bad arithmetic. */
export class ExpansionError extends Error {
  /** `${x?}` ends the shell itself. */
  readonly fatal: boolean
  constructor(message: string, fatal = false) {
    super(message)
    this.fatal = fatal
  }
}

/** A piece of a field: unquoted pieces are split and globbed. `breakAfter` ends a field, as between the items of "$@". */
interface Piece {
  text: string
  quoted: boolean
  breakAfter?: boolean
}

/** Words to arguments. */
export async function expandWords(words: readonly Word[], host: ExpansionHost): Promise<string[]> {
  const fields: string[] = []
  for (const word of words) for (const plain of expandBraces(word)) fields.push(...(await expandWord(plain, host)))
  return fields
}

/** A word to one text, without splitting or globbing: assignments, redirect targets, here-documents. */
export async function expandText(word: Word, host: ExpansionHost): Promise<string> {
  return (await pieces(word, host)).map((piece) => piece.text).join("")
}

/** A word to a pattern: quoted text stands for itself. */
export async function expandPattern(word: Word, host: ExpansionHost): Promise<string> {
  return (await pieces(word, host)).map((piece) => (piece.quoted ? quotePattern(piece.text) : piece.text)).join("")
}

async function expandWord(word: Word, host: ExpansionHost): Promise<string[]> {
  const all = await pieces(word, host)
  const fields = splitFields(all, host.get("IFS") ?? " \t\n")
  return fields.flatMap((field) => glob(field, host))
}

/** A field under construction: its text as a pattern, and whether anything in it was quoted. */
interface Field {
  pattern: string
  text: string
}

function splitFields(all: readonly Piece[], ifs: string): Field[] {
  const fields: Field[] = []
  let current: Field | undefined
  const add = (text: string, quoted: boolean): void => {
    current ??= { pattern: "", text: "" }
    current.text += text
    current.pattern += quoted ? quotePattern(text) : text
  }
  const end = (): void => {
    if (current !== undefined) fields.push(current)
    current = undefined
  }
  for (const piece of all) {
    if (piece.quoted) {
      add(piece.text, true)
      if (piece.breakAfter === true) end()
      continue
    }
    let run = ""
    for (const c of piece.text) {
      if (!ifs.includes(c)) {
        run += c
        continue
      }
      if (run !== "") add(run, false)
      run = ""
      // White space only separates; any other separator ends a field even when it is empty.
      if (!/\s/.test(c)) current ??= { pattern: "", text: "" }
      end()
    }
    if (run !== "") add(run, false)
    if (piece.breakAfter === true) end()
  }
  end()
  return fields
}

function glob(field: Field, host: ExpansionHost): string[] {
  if (!isPattern(field.pattern)) return [field.text]
  const absolute = field.pattern.startsWith("/")
  let found: string[] = [absolute ? "/" : ""]
  for (const part of field.pattern.split("/").filter((p) => p !== "")) {
    found = found.flatMap((base) => globPart(base, part, host))
  }
  return found.length === 0 ? [field.text] : found
}

function globPart(base: string, part: string, host: ExpansionHost): string[] {
  const prefix = base === "" || base.endsWith("/") ? base : `${base}/`
  const dir = base === "" ? host.cwd : base.startsWith("/") ? base : `${host.cwd}/${base}`
  if (!isPattern(part)) {
    const name = part.replace(/\\(.)/g, "$1")
    return host.fs.exists(`${dir}/${name}`) ? [prefix + name] : []
  }
  const names = host.fs.readdir(dir)
  if (typeof names === "string") return []
  return names
    .filter((name) => (part.startsWith(".") || !name.startsWith(".")) && matches(name, part))
    .map((name) => prefix + name)
}

async function pieces(word: Word, host: ExpansionHost): Promise<Piece[]> {
  const result: Piece[] = []
  for (let i = 0; i < word.length; i++) {
    const part = word[i] as WordPart
    if (part.type === "literal") result.push({ text: i === 0 ? tilde(part, host) : part.text, quoted: part.quoted })
    else if (part.type === "command") result.push({ text: await host.substitute(part.script), quoted: part.quoted })
    else if (part.type === "arithmetic")
      result.push({ text: await arithmetic(part.expression, host), quoted: part.quoted })
    else result.push(...(await parameter(part, host)))
  }
  return result
}

function tilde(part: { text: string; quoted: boolean }, host: ExpansionHost): string {
  if (part.quoted || !/^~(\/|$)/.test(part.text)) return part.text
  return (host.get("HOME") ?? "/") + part.text.slice(1)
}

async function arithmetic(expression: Word, host: ExpansionHost): Promise<string> {
  const value = evaluate(await expandText(expression, host), host)
  if (typeof value === "number") return String(value)
  throw new ExpansionError(value.error)
}

type Parameter = Extract<WordPart, { type: "parameter" }>

async function parameter(part: Parameter, host: ExpansionHost): Promise<Piece[]> {
  const { name, operator, quoted } = part
  if ((name === "@" || name === "*") && operator === "") return positional(name, quoted, host)
  const value = lookUp(name, host)
  if (operator === "length")
    return [{ text: String(name === "@" || name === "*" ? host.positional().length : (value ?? "").length), quoted }]
  if (operator === "" || part.argument === undefined) {
    if (value === undefined && host.nounset && !"@*".includes(name))
      throw new ExpansionError(`${name}: unbound variable`, true)
    return [{ text: value ?? "", quoted }]
  }
  if (/^:?[-=?+]$/.test(operator)) return conditional(part, part.argument, value, host)
  return [{ text: await edited(part, part.argument, value ?? "", host), quoted }]
}

function positional(name: string, quoted: boolean, host: ExpansionHost): Piece[] {
  const items = host.positional()
  if (name === "*" && quoted) return [{ text: items.join((host.get("IFS") ?? " ")[0] ?? ""), quoted }]
  return items.map((text, i) => ({ text, quoted, breakAfter: i < items.length - 1 }))
}

function lookUp(name: string, host: ExpansionHost): string | undefined {
  if (/^[A-Za-z_]/.test(name)) return host.get(name)
  if (/^[1-9]\d*$/.test(name)) return host.positional()[Number(name) - 1]
  if (name === "@" || name === "*") return host.positional().length === 0 ? undefined : host.positional().join(" ")
  return host.special(name)
}

async function conditional(
  part: Parameter,
  argument: Word,
  value: string | undefined,
  host: ExpansionHost,
): Promise<Piece[]> {
  const { operator, name, quoted } = part
  const missing = value === undefined || (operator.startsWith(":") && value === "")
  const kind = operator.slice(-1)
  if (kind === "+") return missing ? [{ text: "", quoted }] : argumentPieces(argument, quoted, host)
  if (!missing) return [{ text: value, quoted }]
  if (kind === "?") {
    const message = await expandText(argument, host)
    throw new ExpansionError(`${name}: ${message || "parameter null or not set"}`, true)
  }
  if (kind === "=") host.set(name, await expandText(argument, host))
  return argumentPieces(argument, quoted, host)
}

async function argumentPieces(argument: Word, quoted: boolean, host: ExpansionHost): Promise<Piece[]> {
  return (await pieces(argument, host)).map((piece) => ({ ...piece, quoted: piece.quoted || quoted }))
}

/** `#`, `%`, `/`, `:offset:length`, `^`, `,`. */
async function edited(part: Parameter, argument: Word, value: string, host: ExpansionHost): Promise<string> {
  const { operator } = part
  if (operator === ":") return substring(await expandText(argument, host), value, host)
  const pattern = await expandPattern(argument, host)
  if (operator === "#" || operator === "##") return stripPrefix(value, pattern, operator === "##")
  if (operator === "%" || operator === "%%") return stripSuffix(value, pattern, operator === "%%")
  if (operator === "^^") return value.toUpperCase()
  if (operator === ",,") return value.toLowerCase()
  if (operator === "^") return value.slice(0, 1).toUpperCase() + value.slice(1)
  if (operator === ",") return value.slice(0, 1).toLowerCase() + value.slice(1)
  const slash = pattern.search(/(?<!\\)\//)
  const from = slash < 0 ? pattern : pattern.slice(0, slash)
  const to = slash < 0 ? "" : pattern.slice(slash + 1).replace(/\\(.)/g, "$1")
  return value.replace(
    new RegExp(patternSource(from).replaceAll("[^]*", "[^]*?"), operator === "//" ? "g" : ""),
    () => to,
  )
}

function substring(spec: string, value: string, host: ExpansionHost): string {
  const [offsetText = "", lengthText] = spec.split(":")
  const number = (text: string): number => {
    const result = evaluate(text, host)
    if (typeof result === "number") return result
    throw new ExpansionError(result.error)
  }
  const offset = number(offsetText)
  const start = offset < 0 ? Math.max(0, value.length + offset) : offset
  if (lengthText === undefined) return value.slice(start)
  const length = number(lengthText)
  return length < 0 ? value.slice(start, value.length + length) : value.slice(start, start + length)
}

function stripPrefix(value: string, pattern: string, longest: boolean): string {
  const ends = Array.from({ length: value.length + 1 }, (_, i) => (longest ? value.length - i : i))
  const end = ends.find((i) => matches(value.slice(0, i), pattern))
  return end === undefined ? value : value.slice(end)
}

function stripSuffix(value: string, pattern: string, longest: boolean): string {
  const starts = Array.from({ length: value.length + 1 }, (_, i) => (longest ? i : value.length - i))
  const start = starts.find((i) => matches(value.slice(i), pattern))
  return start === undefined ? value : value.slice(0, start)
}

/** `a{b,c}d` and `{1..3}`, before anything else. Braces that make no list stay as they are. */
export function expandBraces(word: Word): Word[] {
  for (let i = 0; i < word.length; i++) {
    const part = word[i] as WordPart
    if (part.type !== "literal" || part.quoted || !part.text.includes("{")) continue
    const range = /^(.*?)\{(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])\}(.*)$/s.exec(part.text)
    if (range !== null && !(range[1] as string).includes("{")) {
      const items = sequence(range[2] as string, range[3] as string)
      return items.flatMap((item) =>
        expandBraces([...word.slice(0, i), { ...part, text: `${range[1]}${item}${range[4]}` }, ...word.slice(i + 1)]),
      )
    }
    const list = braceList(word, i)
    if (list !== undefined) return list
  }
  return [word]
}

function sequence(from: string, to: string): string[] {
  const numeric = /\d/.test(from)
  const a = numeric ? Number(from) : from.charCodeAt(0)
  const b = numeric ? Number(to) : to.charCodeAt(0)
  const step = a <= b ? 1 : -1
  return Array.from({ length: Math.abs(b - a) + 1 }, (_, i) =>
    numeric ? String(a + i * step) : String.fromCharCode(a + i * step),
  )
}

/** The list whose brace opens in part `i`, which may hold expansions: `{$a,b}`. */
function braceList(word: Word, i: number): Word[] | undefined {
  const opener = word[i] as { type: "literal"; text: string; quoted: boolean }
  const open = opener.text.indexOf("{")
  const before: Word = [...word.slice(0, i), { ...opener, text: opener.text.slice(0, open) }]
  const items: Word[] = [[]]
  let depth = 0
  for (let p = i; p < word.length; p++) {
    const part = word[p] as WordPart
    if (part.type !== "literal" || part.quoted) {
      ;(items[items.length - 1] as Word).push(part)
      continue
    }
    let run = ""
    const flush = (): void => {
      if (run !== "") (items[items.length - 1] as Word).push({ ...part, text: run })
      run = ""
    }
    for (let c = p === i ? open + 1 : 0; c < part.text.length; c++) {
      const char = part.text[c] as string
      if (char === "{") depth++
      if (char === "}" && depth-- === 0) {
        flush()
        if (items.length < 2) return undefined
        const after: Word = [{ ...part, text: part.text.slice(c + 1) }, ...word.slice(p + 1)]
        return items.flatMap((item) => expandBraces([...before, ...item, ...after]))
      }
      if (char === "," && depth === 0) {
        flush()
        items.push([])
      } else run += char
    }
    flush()
  }
  return undefined
}
