/** Scalars of YAML: quoted, plain, block. Only their extent matters here. Models goyaml.v2 scannerc.go. */
import type { Scanner } from "./scan.ts"
import type { Mark } from "./token.ts"

const HEX_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

export function scanQuoted(scanner: Scanner, quote: string, start: Mark): void {
  const { cursor } = scanner
  cursor.skip()
  for (;;) {
    if (cursor.isDocumentIndicator()) scanner.error("found unexpected document indicator", start)
    if (cursor.isEnd()) scanner.error("found unexpected end of stream", start)
    while (!cursor.isBlankOrEnd()) {
      const c = cursor.at()
      if (quote === "'" && c === "'" && cursor.at(1) === "'") cursor.skip(2)
      else if (c === quote) break
      else if (quote === '"' && c === "\\" && cursor.isBreak(1)) {
        cursor.skip()
        cursor.skipLine()
        break
      } else if (quote === '"' && c === "\\") escaped(scanner, start)
      else cursor.skip()
    }
    if (cursor.at() === quote) break
    while (cursor.isBlank() || cursor.isBreak()) {
      if (cursor.isBlank()) cursor.skip()
      else cursor.skipLine()
    }
  }
  cursor.skip()
}

function escaped(scanner: Scanner, start: Mark): void {
  const { cursor } = scanner
  const letter = cursor.at(1)
  const length = HEX_LENGTH[letter]
  if (length === undefined) {
    if (!"0abt\tnvfre \"'\\/N_LP".includes(letter) || letter === "")
      scanner.error("found unknown escape character", start)
    cursor.skip(2)
    return
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
}

export function scanPlain(scanner: Scanner, start: Mark): void {
  const { cursor } = scanner
  const indent = scanner.indent + 1
  let leadingBlanks = false
  for (;;) {
    if (cursor.isDocumentIndicator() || cursor.at() === "#") break
    while (!cursor.isBlankOrEnd()) {
      const c = cursor.at()
      if (c === ":" && cursor.isBlankOrEnd(1)) break
      if (scanner.flowLevel > 0 && ",?[]{}".includes(c)) break
      leadingBlanks = false
      cursor.skip()
    }
    if (!cursor.isBlank() && !cursor.isBreak()) break
    while (cursor.isBlank() || cursor.isBreak()) {
      if (cursor.isBreak()) {
        cursor.skipLine()
        leadingBlanks = true
        continue
      }
      if (leadingBlanks && cursor.column < indent && cursor.at() === "\t")
        scanner.error("found a tab character that violates indentation", start)
      cursor.skip()
    }
    if (scanner.flowLevel === 0 && cursor.column < indent) break
  }
  if (leadingBlanks) scanner.simpleKeyAllowed = true
}

export function scanBlockScalar(scanner: Scanner, start: Mark): void {
  const { cursor } = scanner
  cursor.skip()
  let increment = 0
  let chomping = false
  for (;;) {
    const c = cursor.at()
    if (!chomping && (c === "+" || c === "-")) chomping = true
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
  const given = increment > 0 ? Math.max(scanner.indent, 0) + increment : 0
  const indent = breaks(scanner, given, start)
  while (cursor.column === indent && !cursor.isEnd()) {
    while (!cursor.isEnd() && !cursor.isBreak()) cursor.skip()
    if (cursor.isBreak()) cursor.skipLine()
    breaks(scanner, indent, start)
  }
}

/** Empty lines; finds out the indentation when it is 0. */
function breaks(scanner: Scanner, known: number, start: Mark): number {
  const { cursor } = scanner
  let most = 0
  for (;;) {
    while ((known === 0 || cursor.column < known) && cursor.at() === " ") cursor.skip()
    most = Math.max(most, cursor.column)
    if ((known === 0 || cursor.column < known) && cursor.at() === "\t")
      scanner.error("found a tab character where an indentation space is expected", start)
    if (!cursor.isBreak()) break
    cursor.skipLine()
  }
  return known === 0 ? Math.max(most, scanner.indent + 1, 1) : known
}
