/** Shell patterns (POSIX XCU 2.13): `*`, `?`, `[…]`. Text that was quoted reaches here with its specials escaped by a backslash. */

/** The pattern as a regular expression source. */
export function patternSource(pattern: string): string {
  let source = ""
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string
    if (c === "\\") source += escapeRegExp(pattern[++i] ?? "\\")
    else if (c === "*") source += "[^]*"
    else if (c === "?") source += "[^]"
    else if (c === "[") {
      const set = /^\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]/.exec(pattern.slice(i))
      if (set === null) source += "\\["
      else {
        source += `[${set[1] === "" ? "" : "^"}${(set[2] as string).replace(/\[:([a-z]+):\]/g, (_, name: string) => CLASSES[name] ?? "").replace(/\\(?![dsw])/g, "\\\\")}]`
        i += set[0].length - 1
      }
    } else source += escapeRegExp(c)
  }
  return source
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  space: "\\s",
  upper: "A-Z",
  lower: "a-z",
  xdigit: "0-9a-fA-F",
  punct: "!-\\/:-@\\[-`{-~",
}

export const matches = (text: string, pattern: string): boolean =>
  new RegExp(`^(?:${patternSource(pattern)})$`).test(text)

/** Escapes what a pattern would take as special. */
export const quotePattern = (text: string): string => text.replace(/[\\*?[\]]/g, "\\$&")

/** True when the text holds an unescaped special. */
export const isPattern = (text: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(text)

function escapeRegExp(c: string): string {
  return c.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
}
