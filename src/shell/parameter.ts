/** Parameter expansion (POSIX XCU 2.6.2; bash(1), Parameter Expansion). */
import { ExpansionError, type ExpansionHost, type Piece } from "./expansion.ts"
import { compile, matches, patternSource } from "./pattern.ts"
import { ansiQuote, singleQuote } from "./print.ts"
import type { Parameter, Subscript, Word } from "./token.ts"

/** What a parameter stands for: one value, or the items of `$@`, `$*`, `${a[@]}`. */
interface Value {
  items: string[]
  /** `@` or `*` when it is a list. */
  list: "@" | "*" | undefined
}

/** Expands the words inside braces; handed in, because expansion stands above this file. */
export interface Expander {
  pieces(word: Word, quoted: boolean, host: ExpansionHost): Promise<Piece[]>
  text(word: Word, host: ExpansionHost): Promise<string>
  pattern(word: Word, host: ExpansionHost): Promise<string>
  number(word: Word, host: ExpansionHost): Promise<bigint>
}

export async function parameter(
  part: Parameter,
  quoted: boolean,
  host: ExpansionHost,
  expand: Expander,
): Promise<Piece[]> {
  const { operator } = part
  if (operator === "bad" || !supported(part))
    throw new ExpansionError(`${part.text}: bad substitution`, !host.isBash, "syntax error: bad substitution")
  if (operator === "names") return namesWith(part, quoted, host)
  if (operator === "keys") {
    const keys = (host.arrayItems(part.name) ?? scalarItems(part.name, host)).map(([index]) => String(index))
    return listPieces({ items: keys, list: part.subscript as "@" | "*" }, quoted, host)
  }
  const named = part.indirect ? await indirect(part, host, expand) : part
  const value = await lookUp(named, host, expand)
  if (operator === "length") return [{ text: await length(named, value), quoted }]
  if (operator === "" || part.argument === undefined) {
    if (operator.startsWith("@"))
      return listPieces(
        mapped(value, (item) => transform(item, operator)),
        quoted,
        host,
      )
    if (value.items.length === 0 && value.list === undefined && host.nounset) throw unbound(named)
    return listPieces(value, quoted, host)
  }
  if (/^:?[-=?+]$/.test(operator)) return conditional(named, part.argument, value, quoted, host, expand)
  if (value.items.length === 0 && value.list === undefined && host.nounset) throw unbound(named)
  if (operator === ":") return listPieces(await slice(part, named, value, host, expand), quoted, host)
  return listPieces(await edited(part, part.argument, value, host, expand), quoted, host)
}

/** `${x@Q}` and kin: those podwire has. */
function supported({ operator }: Parameter): boolean {
  return !operator.startsWith("@") || /^@[QULu]$/.test(operator)
}

function unbound({ name, subscript }: Parameter): ExpansionError {
  const shown = /^\d/.test(name) ? `$${name}` : name
  const index = typeof subscript === "object" ? `[${subscript.text}]` : ""
  return new ExpansionError(`${shown}${index}: unbound variable`, true, `${name}: parameter not set`)
}

function namesWith(part: Parameter, quoted: boolean, host: ExpansionHost): Piece[] {
  const items = host.variableNames().filter((name) => name.startsWith(part.name))
  return listPieces({ items, list: part.subscript as "@" | "*" }, quoted, host)
}

function scalarItems(name: string, host: ExpansionHost): [number, string][] {
  const value = host.get(name)
  return value === undefined ? [] : [[0, value]]
}

/** `${!x}`: the parameter that x names. */
async function indirect(part: Parameter, host: ExpansionHost, expand: Expander): Promise<Parameter> {
  const target = (await lookUp(part, host, expand)).items[0] ?? ""
  const match = /^(?:([A-Za-z_]\w*)(?:\[(.+)\])?|(\d+|[@*#?$!-]))$/.exec(target)
  if (match === null) throw new ExpansionError(`${part.text.slice(3, -1)}: invalid indirect expansion`)
  const index = match[2]
  const subscript: Subscript | undefined =
    index === undefined
      ? undefined
      : index === "@" || index === "*"
        ? index
        : { parts: [{ type: "literal", text: index, quoted: false }], text: index }
  return { ...part, name: match[1] ?? (match[3] as string), subscript, indirect: false }
}

async function lookUp({ name, subscript }: Parameter, host: ExpansionHost, expand: Expander): Promise<Value> {
  if (name === "@" || name === "*") return { items: [...host.positional()], list: name }
  if (subscript === "@" || subscript === "*") {
    const items = host.arrayItems(name) ?? scalarItems(name, host)
    return { items: items.map(([, item]) => item), list: subscript }
  }
  const value = await single(name, subscript, host, expand)
  return { items: value === undefined ? [] : [value], list: undefined }
}

async function single(
  name: string,
  subscript: Word | undefined,
  host: ExpansionHost,
  expand: Expander,
): Promise<string | undefined> {
  if (/^[1-9]\d*$/.test(name)) return host.positional()[Number(name) - 1]
  if (!/^[A-Za-z_]/.test(name)) return name === "!" && host.special("!") === "" ? undefined : host.special(name)
  if (subscript === undefined) return host.get(name)
  return host.valueOf(name, await expand.number(subscript, host))
}

async function length({ name }: Parameter, value: Value): Promise<string> {
  if (value.list !== undefined || name === "@" || name === "*") return String(value.items.length)
  return String([...(value.items[0] ?? "")].length)
}

function listPieces(value: Value, quoted: boolean, host: ExpansionHost): Piece[] {
  const { items, list } = value
  if (list === undefined) return [{ text: items[0] ?? "", quoted }]
  if (list === "*" && quoted) return [{ text: items.join(host.get("IFS")?.slice(0, 1) ?? " "), quoted }]
  return items.map((text, i) => ({ text, quoted, ...(i < items.length - 1 ? { breakAfter: true } : {}) }))
}

const mapped = (value: Value, edit: (item: string) => string): Value => ({
  items: value.items.map(edit),
  list: value.list,
})

async function conditional(
  part: Parameter,
  argument: Word,
  value: Value,
  quoted: boolean,
  host: ExpansionHost,
  expand: Expander,
): Promise<Piece[]> {
  const { operator, name } = part
  const empty = value.items.length === 0 || (value.items.length === 1 && value.items[0] === "")
  const missing = operator.startsWith(":") ? empty : value.items.length === 0
  const kind = operator.slice(-1)
  // What stands inside the braces is split like any other value.
  const words = async (): Promise<Piece[]> =>
    (await expand.pieces(argument, quoted, host)).map((piece) => ({ ...piece, plain: false }))
  if (kind === "+") return missing ? [{ text: "", quoted }] : words()
  if (!missing) return listPieces(value, quoted, host)
  if (kind === "?") {
    const text = await expand.text(argument, host)
    throw new ExpansionError(
      `${name}: ${text || (operator === "?" ? "parameter not set" : "parameter null or not set")}`,
      true,
    )
  }
  if (kind === "=") {
    if (!/^[A-Za-z_]/.test(name)) throw new ExpansionError(`$${name}: cannot assign in this way`)
    const text = await expand.text(argument, host)
    host.set(name, text)
    return [{ text, quoted }]
  }
  return words()
}

/** `:offset:length`, of characters or of items. */
async function slice(
  part: Parameter,
  named: Parameter,
  value: Value,
  host: ExpansionHost,
  expand: Expander,
): Promise<Value> {
  const number = async (word: Word): Promise<number> => Number(await expand.number(word, host))
  const offset = await number(part.argument as Word)
  const length = part.second === undefined ? undefined : await number(part.second)
  const positional = named.name === "@" || named.name === "*"
  if (value.list === undefined) {
    const characters = [...(value.items[0] ?? "")]
    return { items: [cut(characters, offset, length, part).join("")], list: undefined }
  }
  // $0 stands before the arguments.
  const items = positional ? [host.special("0"), ...value.items] : value.items
  if (length !== undefined && length < 0)
    throw new ExpansionError(`${part.second?.text ?? ""}: substring expression < 0`)
  if (!positional && host.arrayItems(named.name) !== undefined) {
    const indexed = host.arrayItems(named.name) ?? []
    const from = offset < 0 ? (indexed[indexed.length - 1]?.[0] ?? 0) + 1 + offset : offset
    const kept = indexed.filter(([index]) => index >= from).map(([, item]) => item)
    return { items: kept.slice(0, length), list: value.list }
  }
  return { items: cut(items, offset, length, part), list: value.list }
}

function cut(items: string[], offset: number, length: number | undefined, part: Parameter): string[] {
  const start = offset < 0 ? items.length + offset : offset
  if (start < 0) return []
  if (length === undefined) return items.slice(start)
  if (length >= 0) return items.slice(start, start + length)
  if (items.length + length < start) throw new ExpansionError(`${part.second?.text ?? ""}: substring expression < 0`)
  return items.slice(start, items.length + length)
}

/** `#`, `%`, `/`, `^`, `,`. */
async function edited(
  part: Parameter,
  argument: Word,
  value: Value,
  host: ExpansionHost,
  expand: Expander,
): Promise<Value> {
  const { operator } = part
  if (operator === "/" || operator === "//") return replaced(part, argument, value, host, expand)
  const pattern = await expand.pattern(argument, host)
  if (operator === "#" || operator === "##")
    return mapped(value, (item) => stripPrefix(item, pattern, operator === "##"))
  if (operator === "%" || operator === "%%")
    return mapped(value, (item) => stripSuffix(item, pattern, operator === "%%"))
  return mapped(value, (item) => changeCase(item, operator, pattern))
}

function changeCase(text: string, operator: string, pattern: string): string {
  const change = (c: string): string => (operator.startsWith("^") ? c.toUpperCase() : c.toLowerCase())
  return [...text]
    .map((c, i) => ((i === 0 || operator.length === 2) && (pattern === "" || matches(c, pattern)) ? change(c) : c))
    .join("")
}

async function replaced(
  part: Parameter,
  argument: Word,
  value: Value,
  host: ExpansionHost,
  expand: Expander,
): Promise<Value> {
  const pattern = await expand.pattern(argument, host)
  const replacement = part.second === undefined ? [] : await expand.pieces(part.second, false, host)
  const anchor = part.operator === "/" && /^[#%]/.test(pattern) ? pattern[0] : ""
  const source = patternSource(anchor === "" ? pattern : pattern.slice(1))
  if (source === "") return value
  const regexp = compile(
    anchor === "#" ? `^(?:${source})` : anchor === "%" ? `(?:${source})$` : source,
    part.operator === "//" ? "g" : "",
  )
  // An unquoted & is what matched (bash 5.2, patsub_replacement).
  const fill = (match: string): string =>
    replacement
      .map(({ text, quoted }) =>
        quoted
          ? text
          : text.replace(/\\(.)|&/gs, (whole, c?: string) =>
              c === undefined ? match : c === "&" || c === "\\" ? c : whole,
            ),
      )
      .join("")
  return mapped(value, (item) =>
    item.replace(regexp, (match) => (match === "" && part.operator === "//" ? "" : fill(match))),
  )
}

function stripPrefix(value: string, pattern: string, longest: boolean): string {
  const regexp = compile(`^(?:${patternSource(pattern)})$`)
  const ends = Array.from({ length: value.length + 1 }, (_, i) => (longest ? value.length - i : i))
  const end = ends.find((i) => regexp.test(value.slice(0, i)))
  return end === undefined ? value : value.slice(end)
}

function stripSuffix(value: string, pattern: string, longest: boolean): string {
  const regexp = compile(`^(?:${patternSource(pattern)})$`)
  const starts = Array.from({ length: value.length + 1 }, (_, i) => (longest ? i : value.length - i))
  const start = starts.find((i) => regexp.test(value.slice(i)))
  return start === undefined ? value : value.slice(0, start)
}

/** `${x@Q}`, `@U`, `@u`, `@L`. */
function transform(text: string, operator: string): string {
  if (operator === "@U") return text.toUpperCase()
  if (operator === "@L") return text.toLowerCase()
  if (operator === "@u") return text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[\x00-\x1f\x7f]/.test(text) ? ansiQuote(text) : singleQuote(text)
}
