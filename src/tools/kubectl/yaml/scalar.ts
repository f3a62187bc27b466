/** Scalars of YAML: quoted, plain, block. Models goyaml.v2 scannerc.go. */
import type { Cursor } from "./cursor.ts"
import type { Scanner } from "./scan.ts"
import type { Mark } from "./token.ts"

const HEX_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "0": "\0", a: "\x07", b: "\b", t: "\t", "\t": "\t", n: "\n", v: "\v", f: "\f", r: "\r", e: "\x1b" },
  ...{ " ": " ", '"': '"', "'": "'", "\\": "\\", "/": "/", N: "\u0085", _: "\u00a0", L: "\u2028", P: "\u2029" },
}

/** Blanks and line breaks between two pieces of text: one break becomes a blank, more become one less. */
class Gap {
  #blanks = ""
  #breaks = ""
  lines = 0

  take(cursor: Cursor): void {
    if (cursor.isBlank()) {
      if (this.lines === 0) this.#blanks += cursor.at()
      cursor.skip()
      return
    }
    if (this.lines++ > 0) this.#breaks += "\n"
    cursor.skipLine()
  }

  get text(): string {
    return this.lines === 0 ? this.#blanks : this.#breaks === "" ? " " : this.#breaks
  }
}

export function scanQuoted(scanner: Scanner, quote: string, start: Mark): string {
  const { cursor } = scanner
  let text = ""
  cursor.skip()
  for (;;) {
    if (cursor.isDocumentIndicator()) scanner.error("found unexpected document indicator", start)
    if (cursor.isEnd()) scanner.error("found unexpected end of stream", start)
    let folded = false
    while (!cursor.isBlankOrEnd()) {
      const c = cursor.at()
      if (quote === "'" && c === "'" && cursor.at(1) === "'") {
        text += "'"
        cursor.skip(2)
      } else if (c === quote) break
      else if (quote === '"' && c === "\\" && cursor.isBreak(1)) {
        cursor.skip()
        cursor.skipLine()
        folded = true
        break
      } else if (quote === '"' && c === "\\") text += escaped(scanner, start)
      else {
        text += c
        cursor.skip()
      }
    }
    if (cursor.at() === quote) break
    text += folded ? afterFold(cursor) : between(cursor)
  }
  cursor.skip()
  return text
}

function between(cursor: Cursor): string {
  const gap = new Gap()
  while (cursor.isBlank() || cursor.isBreak()) gap.take(cursor)
  return gap.text
}

/** After an escaped line break: leading blanks go, empty lines stay. */
function afterFold(cursor: Cursor): string {
  let text = ""
  for (; cursor.isBlank() || cursor.isBreak(); )
    if (cursor.isBlank()) cursor.skip()
    else {
      text += "\n"
      cursor.skipLine()
    }
  return text
}

function escaped(scanner: Scanner, start: Mark): string {
  const { cursor } = scanner
  const letter = cursor.at(1)
  const length = HEX_LENGTH[letter]
  if (length === undefined) {
    const text = ESCAPES[letter]
    if (text === undefined) return scanner.error("found unknown escape character", start)
    cursor.skip(2)
    return text
  }
  cursor.skip(2)
  let code = 0
  for (let i = 0; i < length; i++) {
    if (!/^[0-9a-fA-F]$/.test(cursor.at(i))) scanner.error("did not find expected hexdecimal number", start)
    code = code * 16 + Number.parseInt(cursor.at(i), 16)
  }
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
    scanner.error("found invalid Unicode character escape code", start)
  cursor.skip(length)
  return String.fromCodePoint(code)
}

export function scanPlain(scanner: Scanner, start: Mark): string {
  const { cursor } = scanner
  const indent = scanner.indent + 1
  let text = ""
  let gap = new Gap()
  for (;;) {
    if (cursor.isDocumentIndicator() || cursor.at() === "#") break
    while (!cursor.isBlankOrEnd()) {
      const c = cursor.at()
      if (c === ":" && cursor.isBlankOrEnd(1)) break
      if (scanner.flowLevel > 0 && ",?[]{}".includes(c)) break
      text += gap.text + c
      gap = new Gap()
      cursor.skip()
    }
    if (!cursor.isBlank() && !cursor.isBreak()) break
    while (cursor.isBlank() || cursor.isBreak()) {
      if (gap.lines > 0 && cursor.column < indent && cursor.at() === "\t")
        scanner.error("found a tab character that violates indentation", start)
      gap.take(cursor)
    }
    if (scanner.flowLevel === 0 && cursor.column < indent) break
  }
  if (gap.lines > 0) scanner.simpleKeyAllowed = true
  return text
}

export function scanBlockScalar(scanner: Scanner, start: Mark): string {
  const { cursor } = scanner
  const literal = cursor.at() === "|"
  cursor.skip()
  const { increment, chomping } = blockHeader(scanner, start)
  const given = increment > 0 ? Math.max(scanner.indent, 0) + increment : 0
  const first = breaks(scanner, given, start)
  let text = ""
  let lineEnd = ""
  let trailing = first.text
  let leadingBlank = false
  while (cursor.column === first.indent && !cursor.isEnd()) {
    const blank = cursor.isBlank()
    // Two lines of text fold into one; what is indented more, or empty, does not.
    if (!literal && lineEnd !== "" && !leadingBlank && !blank) text += trailing === "" ? " " : ""
    else text += lineEnd
    text += trailing
    leadingBlank = blank
    for (; !cursor.isEnd() && !cursor.isBreak(); cursor.skip()) text += cursor.at()
    lineEnd = cursor.isBreak() ? "\n" : ""
    if (cursor.isBreak()) cursor.skipLine()
    trailing = breaks(scanner, first.indent, start).text
  }
  return text + (chomping === "-" ? "" : lineEnd) + (chomping === "+" ? trailing : "")
}

/** What stands behind `|` and `>`. */
function blockHeader(scanner: Scanner, start: Mark): { increment: number; chomping: string } {
  const { cursor } = scanner
  let increment = 0
  let chomping = ""
  for (;;) {
    const c = cursor.at()
    if (chomping === "" && (c === "+" || c === "-")) chomping = c
    else if (increment === 0 && /^\d$/.test(c)) {
      if (c === "0") scanner.error("found an indentation indicator equal to 0", start)
      increment = Number(c)
    } else break
    cursor.skip()
  }
  while (cursor.isBlank()) cursor.skip()
  if (cursor.at() === "#") while (!cursor.isEnd() && !cursor.isBreak()) cursor.skip()
  if (!cursor.isEnd() && !cursor.isBreak()) scanner.error("did not find expected comment or line break", start)
  if (cursor.isBreak()) cursor.skipLine()
  return { increment, chomping }
}

/** Empty lines; finds out the indentation when it is 0. */
function breaks(scanner: Scanner, known: number, start: Mark): { indent: number; text: string } {
  const { cursor } = scanner
  let most = 0
  let text = ""
  for (;;) {
    while ((known === 0 || cursor.column < known) && cursor.at() === " ") cursor.skip()
    most = Math.max(most, cursor.column)
    if ((known === 0 || cursor.column < known) && cursor.at() === "\t")
      scanner.error("found a tab character where an indentation space is expected", start)
    if (!cursor.isBreak()) break
    text += "\n"
    cursor.skipLine()
  }
  return { indent: known === 0 ? Math.max(most, scanner.indent + 1, 1) : known, text }
}
