/** Where JSON text stops being JSON (RFC 8259): JSON.parse says it in some of its messages only. */

const SPACE = /[ \t\n\r]*/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y

class Scanner {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at
    const found = pattern.test(this.#text)
    if (found) this.at = pattern.lastIndex
    return found
  }

  take(character: string): boolean {
    this.skip(SPACE)
    if (this.#text[this.at] !== character) return false
    this.at++
    this.skip(SPACE)
    return true
  }

  get over(): boolean {
    this.skip(SPACE)
    return this.at === this.#text.length
  }

  value(): boolean {
    this.skip(SPACE)
    if (this.take("[")) return this.take("]") || this.#members(() => this.value(), "]")
    if (this.take("{")) return this.take("}") || this.#members(() => this.#pair(), "}")
    return this.skip(STRING) || this.skip(SCALAR)
  }

  #pair(): boolean {
    this.skip(SPACE)
    return this.skip(STRING) && this.take(":") && this.value()
  }

  #members(member: () => boolean, close: string): boolean {
    do if (!member()) return false
    while (this.take(","))
    return this.take(close)
  }
}

/** The offset of the first character that cannot stand where it does; the text's length when its end is missing. `undefined` for JSON. */
export function jsonErrorOffset(text: string): number | undefined {
  const scanner = new Scanner(text)
  return scanner.value() && scanner.over ? undefined : scanner.at
}

/** `line 3 column 7` of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n")
  return `line ${lines.length} column ${(lines[lines.length - 1] as string).length + 1}`
}
