/** A place in a YAML text. Models goyaml.v2 yamlprivateh.go. */
import type { Mark } from "./token.ts"

/** The reader: where the scanner is in the text. */
export class Cursor {
  readonly #text: readonly string[]
  index = 0
  line = 0
  column = 0

  constructor(text: string) {
    this.#text = [...text]
  }

  get mark(): Mark {
    return { index: this.index, line: this.line, column: this.column }
  }
  /** The character here or further on; "" beyond the end. */
  at(offset = 0): string {
    return this.#text[this.index + offset] ?? ""
  }
  isEnd(offset = 0): boolean {
    return this.at(offset) === ""
  }
  isBreak(offset = 0): boolean {
    return /^[\r\n\u0085\u2028\u2029]$/.test(this.at(offset))
  }
  isBlank(offset = 0): boolean {
    const c = this.at(offset)
    return c === " " || c === "\t"
  }
  isBlankOrEnd(offset = 0): boolean {
    return this.isEnd(offset) || this.isBlank(offset) || this.isBreak(offset)
  }
  skip(count = 1): void {
    this.index += count
    this.column += count
  }
  skipLine(): void {
    this.index += this.at() === "\r" && this.at(1) === "\n" ? 2 : 1
    this.line++
    this.column = 0
  }
  /** `---` or `...` at the beginning of a line. */
  isDocumentIndicator(): boolean {
    const c = this.at()
    return this.column === 0 && (c === "-" || c === ".") && this.at(1) === c && this.at(2) === c && this.isBlankOrEnd(3)
  }
}
