/** Whether YAML is well-formed, in goyaml.v2's words. Models goyaml.v2 parserc.go; builds nothing. */
import { Scanner } from "./scan.ts"
import { type Mark, type Token, type TokenType, YamlError } from "./token.ts"

const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/

/** The first error of a document, or `undefined`. */
export function checkYaml(text: string): YamlError | undefined {
  const control = FORBIDDEN.exec(text)
  if (control !== null) {
    const before = text.slice(0, control.index).split("\n")
    const mark = { index: control.index, line: before.length - 1, column: (before.at(-1) as string).length }
    return new YamlError("control characters are not allowed", mark, "decoder")
  }
  try {
    const checker = new Checker(text)
    checker.document()
    const { badKey } = checker
    return badKey === undefined ? undefined : new YamlError("invalid map key: a map or a list", badKey, "decoder")
  } catch (thrown) {
    if (thrown instanceof YamlError) return thrown
    throw thrown
  }
}

class Checker {
  readonly #scanner: Scanner
  readonly #anchors = new Set<string>()
  /** The first key that is no scalar: well-formed, and of no use. */
  badKey: Mark | undefined

  constructor(text: string) {
    this.#scanner = new Scanner(text)
  }

  #peek(): Token {
    return this.#scanner.peek()
  }
  #is(...types: TokenType[]): boolean {
    return types.includes(this.#peek().type)
  }
  /** Takes the next token if it is of this type. */
  #take(type: TokenType): boolean {
    if (this.#peek().type !== type) return false
    this.#scanner.next()
    return true
  }
  #error(problem: string, context?: Mark): never {
    throw new YamlError(problem, this.#peek().start, "parser", context)
  }

  document(): void {
    if (this.#is("STREAM-END")) return
    const isExplicit = this.#is("DIRECTIVE", "DOCUMENT-START")
    if (isExplicit) {
      while (this.#take("DIRECTIVE"));
      if (!this.#take("DOCUMENT-START")) this.#error("did not find expected <document start>")
    }
    // Only after --- may there be nothing.
    if (!isExplicit || !this.#is("DIRECTIVE", "DOCUMENT-START", "DOCUMENT-END", "STREAM-END")) this.#node(true, false)
    this.#peek()
  }

  #node(block: boolean, indentless: boolean): void {
    const { start, value, type } = this.#peek()
    if (type === "ALIAS") {
      this.#scanner.next()
      if (!this.#anchors.has(value)) throw new YamlError(`unknown anchor '${value}' referenced`, start, "decoder")
      return
    }
    const decorated = this.#properties()
    if (indentless && this.#is("BLOCK-ENTRY")) this.#indentlessSequence()
    else if (this.#take("SCALAR")) return
    else if (this.#is("FLOW-SEQUENCE-START")) this.#flowSequence()
    else if (this.#is("FLOW-MAPPING-START")) this.#flowMapping()
    else if (block && this.#is("BLOCK-SEQUENCE-START")) this.#blockSequence()
    else if (block && this.#is("BLOCK-MAPPING-START")) this.#blockMapping()
    else if (!decorated) this.#error("did not find expected node content", start)
  }

  #key(block: boolean): void {
    if (
      this.#is(
        "FLOW-SEQUENCE-START",
        "FLOW-MAPPING-START",
        "BLOCK-SEQUENCE-START",
        "BLOCK-MAPPING-START",
        "BLOCK-ENTRY",
      )
    )
      this.badKey ??= this.#peek().start
    this.#node(block, block)
  }

  /** One anchor and one tag, in any order. */
  #properties(): boolean {
    const seen: TokenType[] = []
    while (this.#is("ANCHOR", "TAG") && !seen.includes(this.#peek().type)) {
      const { type, value, start } = this.#scanner.next()
      if (type === "ANCHOR") this.#anchors.add(value)
      else if (value !== "" && !this.#scanner.tagHandles.has(value))
        throw new YamlError("found undefined tag handle", start, "parser")
      seen.push(type)
    }
    return seen.length > 0
  }

  #blockSequence(): void {
    const { start } = this.#scanner.next()
    while (this.#take("BLOCK-ENTRY")) if (!this.#is("BLOCK-ENTRY", "BLOCK-END")) this.#node(true, false)
    if (!this.#take("BLOCK-END")) this.#error("did not find expected '-' indicator", start)
  }

  #indentlessSequence(): void {
    while (this.#take("BLOCK-ENTRY")) if (!this.#is("BLOCK-ENTRY", "KEY", "VALUE", "BLOCK-END")) this.#node(true, false)
  }

  #blockMapping(): void {
    const { start } = this.#scanner.next()
    while (this.#take("KEY")) {
      if (!this.#is("KEY", "VALUE", "BLOCK-END")) this.#key(true)
      if (this.#take("VALUE") && !this.#is("KEY", "VALUE", "BLOCK-END")) this.#node(true, true)
    }
    if (!this.#take("BLOCK-END")) this.#error("did not find expected key", start)
  }

  #flowSequence(): void {
    const { start } = this.#scanner.next()
    for (let first = true; !this.#is("FLOW-SEQUENCE-END"); first = false) {
      if (!first && !this.#take("FLOW-ENTRY")) this.#error("did not find expected ',' or ']'", start)
      if (this.#take("KEY")) {
        if (!this.#is("VALUE", "FLOW-ENTRY", "FLOW-SEQUENCE-END")) this.#node(false, false)
        if (this.#take("VALUE") && !this.#is("FLOW-ENTRY", "FLOW-SEQUENCE-END")) this.#node(false, false)
      } else if (!this.#is("FLOW-SEQUENCE-END")) this.#node(false, false)
    }
    this.#scanner.next()
  }

  #flowMapping(): void {
    const { start } = this.#scanner.next()
    for (let first = true; !this.#is("FLOW-MAPPING-END"); first = false) {
      if (!first && !this.#take("FLOW-ENTRY")) this.#error("did not find expected ',' or '}'", start)
      if (this.#take("KEY")) {
        if (!this.#is("VALUE", "FLOW-ENTRY", "FLOW-MAPPING-END")) this.#key(false)
        if (this.#take("VALUE") && !this.#is("FLOW-ENTRY", "FLOW-MAPPING-END")) this.#node(false, false)
      } else if (!this.#is("FLOW-MAPPING-END")) this.#key(false)
    }
    this.#scanner.next()
  }
}
