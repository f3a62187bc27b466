/** Shell patterns (POSIX XCU 2.13): `*`, `?`, `[…]`, and bash's `@(…)`. Text that was quoted reaches here with its specials escaped by a backslash. */

const CLASSES: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  space: "\\s",
  blank: " \\t",
  upper: "A-Z",
  lower: "a-z",
  xdigit: "0-9a-fA-F",
  punct: "!-\\/:-@\\[-`{-~",
  cntrl: "\\x00-\\x1f\\x7f",
  print: " -~",
  graph: "!-~",
}

/** What stands between `[` and `]` in a pattern or a POSIX regular expression, for a JavaScript set. */
export function setSource(inner: string): string {
  return inner
    .replace(
      /\[:([a-z]+):\]|\[\.(.)\.\]|\[=(.)=\]|[[\]\\^&~]/g,
      (text, name?: string, dot?: string, equal?: string) => {
        if (name !== undefined) return CLASSES[name] ?? ""
        return escapeInSet(dot ?? equal ?? text)
      },
    )
    .replace(/(?<=.)-(?=.)|^-|-$/gs, (dash, at: number, all: string) =>
      at === 0 || at === all.length - 1 || /[sS]$/.test(all.slice(0, at).slice(-2)) ? "\\-" : dash,
    )
}

const escapeInSet = (c: string): string => (/[[\]\\^&~-]/.test(c) ? `\\${c}` : c)

/** The end of the bracket expression that opens at `at`; undefined when it does not close. */
export function setEnd(pattern: string, at: number, escapes: boolean): number | undefined {
  let i = at + 1
  if (pattern[i] === "!" || pattern[i] === "^") i++
  if (pattern[i] === "]") i++
  for (; i < pattern.length; i++) {
    if (pattern[i] === "]") return i
    if (escapes && pattern[i] === "\\") i++
    else if (pattern[i] === "[" && /[:.=]/.test(pattern[i + 1] ?? "")) {
      const close = pattern.indexOf(`${pattern[i + 1]}]`, i + 2)
      if (close >= 0) i = close + 1
    }
  }
  return undefined
}

/** The pattern as a regular expression source. `extended` reads `@(a|b)` and its kin. */
export function patternSource(pattern: string, extended = false): string {
  let source = ""
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string
    const group = extended && pattern[i + 1] === "(" ? groupEnd(pattern, i + 1) : undefined
    if (group !== undefined && "?*+@!".includes(c)) {
      source += groupSource(c, pattern.slice(i + 2, group))
      i = group
    } else if (c === "\\") source += escapeRegExp(pattern[++i] ?? "\\")
    else if (c === "*") {
      // Stars in a row are one.
      if (pattern[i + 1] !== "*" || (extended && pattern[i + 2] === "(")) source += "[^]*"
    } else if (c === "?") source += "[^]"
    else if (c === "[") {
      const end = setEnd(pattern, i, true)
      if (end === undefined) source += "\\["
      else {
        source += bracketSource(pattern.slice(i + 1, end))
        i = end
      }
    } else source += escapeRegExp(c)
  }
  return source
}

function bracketSource(inner: string): string {
  const negated = /^[!^]/.test(inner)
  const text = (negated ? inner.slice(1) : inner).replace(/\\(.)/gs, (_, c: string) =>
    c === "[" || c === "]" ? `[.${c}.]` : c,
  )
  return `[${negated ? "^" : ""}${setSource(text)}]`
}

function groupEnd(pattern: string, open: number): number | undefined {
  let depth = 0
  for (let i = open; i < pattern.length; i++) {
    if (pattern[i] === "\\") i++
    else if (pattern[i] === "(") depth++
    else if (pattern[i] === ")" && --depth === 0) return i
  }
  return undefined
}

function groupSource(kind: string, inner: string): string {
  const alternatives: string[] = [""]
  let depth = 0
  for (let i = 0; i < inner.length; i++) {
    const c = inner[i] as string
    if (c === "(") depth++
    if (c === ")") depth--
    if (c === "|" && depth === 0) alternatives.push("")
    else alternatives[alternatives.length - 1] += c === "\\" ? c + (inner[++i] ?? "") : c
  }
  const joined = alternatives.map((alternative) => patternSource(alternative, true)).join("|")
  if (kind === "!") return `(?!(?:${joined})$)[^]*`
  return `(?:${joined})${kind === "@" ? "" : kind}`
}

/** A pattern that cannot be read as one matches nothing. */
export function compile(source: string, flags = ""): RegExp {
  try {
    return new RegExp(source, flags)
  } catch {
    return /(?!)/
  }
}

export const matches = (text: string, pattern: string, extended = false): boolean =>
  compile(`^(?:${patternSource(pattern, extended)})$`).test(text)

/** Escapes what a pattern would take as special. */
export const quotePattern = (text: string): string => text.replace(/[\\*?[\]()|@+!]/g, "\\$&")

/** True when the text holds an unescaped special. */
export const isPattern = (text: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(text)

export const unquotePattern = (text: string): string => text.replace(/\\(.)/gs, "$1")

export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
}
