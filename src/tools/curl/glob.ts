/** URL globbing: `{a,b}` and `[1-3]`, `[a-z:2]`. Models src/tool_urlglob.c. */
import { CurlError } from "./error.ts"

export interface GlobbedUrl {
  url: string
  /** What stood for each pattern: `#1`, `#2` in the name of an output. */
  parts: readonly string[]
}

/** What a set or range stands for, and where it ends. */
interface Pattern {
  values: string[]
  next: number
}

/** More than anybody means. */
const URLS_MAX = 10_000

function bad(url: string, at: number, what: string): never {
  throw new CurlError(3, `${what} in URL position ${at + 1}:\n${url}\n${" ".repeat(at)}^`)
}

/** All the URLs that a word of the command line stands for, the last pattern running fastest. */
export function globUrls(url: string): GlobbedUrl[] {
  let found: GlobbedUrl[] = [{ url: "", parts: [] }]
  const append = (values: readonly string[], isPattern: boolean): void => {
    if (found.length * values.length > URLS_MAX)
      throw new CurlError(2, `podwire's curl makes at most ${URLS_MAX} URLs of one`)
    found = found.flatMap((one) =>
      values.map((value) => ({ url: one.url + value, parts: isPattern ? [...one.parts, value] : one.parts })),
    )
  }
  for (let at = 0; at < url.length; ) {
    const character = url[at] as string
    if (character === "{" || (character === "[" && !isAddress(url, at))) {
      const { values, next } = character === "{" ? readSet(url, at) : readRange(url, at)
      append(values, true)
      at = next
    } else if (character === "}" || character === "]") bad(url, at, "unmatched close brace/bracket")
    else {
      const text = character === "[" ? url.slice(at, url.indexOf("]", at) + 1) : literal(url, at)
      append([text.replace(/\\([{}[\]])/g, "$1")], false)
      at += text.length
    }
  }
  return found
}

/** Up to the next bracket; a backslash takes a bracket's meaning away. */
const literal = (url: string, at: number): string =>
  /^(?:\\[{}[\]]|[^{}[\]])+/.exec(url.slice(at))?.[0] ?? (url[at] as string)

/** An IPv6 address stands in brackets too. */
const isAddress = (url: string, at: number): boolean =>
  /^\[(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:.]+\]/i.test(url.slice(at))

function readSet(url: string, at: number): Pattern {
  const end = url.indexOf("}", at)
  if (end < 0) bad(url, at, "unmatched brace")
  const inner = url.slice(at + 1, end)
  if (inner === "") bad(url, end, "empty string within braces")
  return { values: inner.split(","), next: end + 1 }
}

/** Where curl stands when it finds that a range is none. */
const rangeFault = (url: string, at: number): number =>
  at + 1 + (/^(?:\d+-(?:\d+\]?)?|[a-zA-Z]-[a-zA-Z]\]?)/.exec(url.slice(at + 1))?.[0].length ?? 0)

function readRange(url: string, at: number): Pattern {
  const match = /^\[(?:(\d+)-(\d+)|([a-zA-Z])-([a-zA-Z]))(?::(\d+))?\]/.exec(url.slice(at))
  if (match === null) bad(url, rangeFault(url, at), "bad range")
  const [whole, low = "", high = "", first = "", last = "", step = "1"] = match
  const letters = first !== ""
  const [from, to] = letters ? [first.charCodeAt(0), last.charCodeAt(0)] : [Number(low), Number(high)]
  if (from > to || Number(step) === 0) bad(url, rangeFault(url, at), "bad range")
  const width = low.startsWith("0") ? low.length : 0
  const values: string[] = []
  for (let n = from; n <= to && values.length <= URLS_MAX; n += Number(step))
    values.push(letters ? String.fromCharCode(n) : String(n).padStart(width, "0"))
  return { values, next: at + whole.length }
}
