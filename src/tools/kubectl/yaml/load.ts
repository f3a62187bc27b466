/** YAML to values, and what is wrong with it in goyaml.v2's words. Models goyaml.v2 parserc.go and decode.go, and sigs.k8s.io/yaml. */
import { type Dict, isDict } from "../../../kube/api/json.ts"
import { resolve } from "./resolve.ts"
import { Scanner } from "./scan.ts"
import { type Mark, type Token, type TokenType, YamlError } from "./token.ts"

const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/

/** The value of the first document, as JSON has it; or the first error. */
export function loadYaml(text: string): { value: unknown } | YamlError {
  const control = FORBIDDEN.exec(text)
  if (control !== null) {
    const before = text.slice(0, control.index).split("\n")
    const mark = { index: control.index, line: before.length - 1, column: (before.at(-1) as string).length }
    return new YamlError("control characters are not allowed", mark, "decoder")
  }
  try {
    const loader = new Loader(text)
    const value = loader.document()
    return loader.deferred ?? { value }
  } catch (thrown) {
    if (thrown instanceof YamlError) return thrown
    throw thrown
  }
}

/** A value that is being read: an alias inside of it would contain itself. */
const UNFINISHED = Symbol("unfinished")

class Loader {
  readonly #scanner: Scanner
  readonly #anchors = new Map<string, unknown>()
  /** The first thing wrong with the values of a text that is well-formed. */
  deferred: YamlError | undefined

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
  #later(problem: string, mark: Mark): void {
    this.deferred ??= new YamlError(problem, mark, "decoder")
  }

  document(): unknown {
    if (this.#is("STREAM-END")) return null
    const isExplicit = this.#is("DIRECTIVE", "DOCUMENT-START")
    if (isExplicit) {
      while (this.#take("DIRECTIVE"));
      if (!this.#take("DOCUMENT-START")) this.#error("did not find expected <document start>")
    }
    // Only after --- may there be nothing.
    const isEmpty = isExplicit && this.#is("DIRECTIVE", "DOCUMENT-START", "DOCUMENT-END", "STREAM-END")
    const value = isEmpty ? null : this.#node(true, false)
    this.#peek()
    return value
  }

  #node(block: boolean, indentless: boolean): unknown {
    const { start, value, type } = this.#peek()
    if (type === "ALIAS") return this.#alias(value, start)
    const { anchor, tag } = this.#properties()
    if (anchor !== undefined) this.#anchors.set(anchor, UNFINISHED)
    const read = this.#content(block, indentless, tag, anchor !== undefined || tag !== undefined, start)
    if (anchor !== undefined) this.#anchors.set(anchor, read)
    return read
  }

  #alias(name: string, start: Mark): unknown {
    this.#scanner.next()
    if (!this.#anchors.has(name)) throw new YamlError(`unknown anchor '${name}' referenced`, start, "decoder")
    const value = this.#anchors.get(name)
    if (value === UNFINISHED) this.#later(`anchor '${name}' value contains itself`, start)
    return value
  }

  #content(block: boolean, indentless: boolean, tag: string | undefined, decorated: boolean, start: Mark): unknown {
    if (indentless && this.#is("BLOCK-ENTRY")) return this.#indentlessSequence()
    if (this.#is("SCALAR")) return scalar(this.#scanner.next(), tag)
    if (this.#is("FLOW-SEQUENCE-START")) return this.#flowSequence()
    if (this.#is("FLOW-MAPPING-START")) return this.#flowMapping()
    if (block && this.#is("BLOCK-SEQUENCE-START")) return this.#blockSequence()
    if (block && this.#is("BLOCK-MAPPING-START")) return this.#blockMapping()
    if (!decorated) this.#error("did not find expected node content", start)
    return tag === "!!str" || tag === "!" ? "" : null
  }

  /** One anchor and one tag, in any order. */
  #properties(): { anchor: string | undefined; tag: string | undefined } {
    let anchor: string | undefined
    let tag: string | undefined
    for (;;) {
      const { type, value, start } = this.#peek()
      if (type === "ANCHOR" && anchor === undefined) anchor = value
      else if (type === "TAG" && tag === undefined) {
        const handle = /^![\w-]+!/.exec(value)?.[0]
        if (handle !== undefined && !this.#scanner.tagHandles.has(handle))
          throw new YamlError("found undefined tag handle", start, "parser")
        tag = value
      } else return { anchor, tag }
      this.#scanner.next()
    }
  }

  #blockSequence(): unknown[] {
    const { start } = this.#scanner.next()
    const items: unknown[] = []
    while (this.#take("BLOCK-ENTRY")) items.push(this.#is("BLOCK-ENTRY", "BLOCK-END") ? null : this.#node(true, false))
    if (!this.#take("BLOCK-END")) this.#error("did not find expected '-' indicator", start)
    return items
  }

  #indentlessSequence(): unknown[] {
    const items: unknown[] = []
    while (this.#take("BLOCK-ENTRY"))
      items.push(this.#is("BLOCK-ENTRY", "KEY", "VALUE", "BLOCK-END") ? null : this.#node(true, false))
    return items
  }

  #blockMapping(): Dict {
    const { start } = this.#scanner.next()
    const map: Dict = {}
    while (this.#take("KEY")) {
      const key = this.#is("KEY", "VALUE", "BLOCK-END") ? NO_KEY : this.#key(true)
      const has = this.#take("VALUE") && !this.#is("KEY", "VALUE", "BLOCK-END")
      this.#put(map, key, has ? this.#node(true, true) : null)
    }
    if (!this.#take("BLOCK-END")) this.#error("did not find expected key", start)
    return map
  }

  #flowSequence(): unknown[] {
    const { start } = this.#scanner.next()
    const items: unknown[] = []
    for (let first = true; !this.#is("FLOW-SEQUENCE-END"); first = false) {
      if (!first && !this.#take("FLOW-ENTRY")) this.#error("did not find expected ',' or ']'", start)
      if (this.#take("KEY")) items.push(this.#pair("FLOW-SEQUENCE-END"))
      else if (!this.#is("FLOW-SEQUENCE-END")) items.push(this.#node(false, false))
    }
    this.#scanner.next()
    return items
  }

  /** `[a: b]`: a map of one pair. */
  #pair(end: TokenType): Dict {
    const map: Dict = {}
    const key = this.#is("VALUE", "FLOW-ENTRY", end) ? NO_KEY : this.#key(false)
    const has = this.#take("VALUE") && !this.#is("FLOW-ENTRY", end)
    this.#put(map, key, has ? this.#node(false, false) : null)
    return map
  }

  #flowMapping(): Dict {
    const { start } = this.#scanner.next()
    const map: Dict = {}
    for (let first = true; !this.#is("FLOW-MAPPING-END"); first = false) {
      if (!first && !this.#take("FLOW-ENTRY")) this.#error("did not find expected ',' or '}'", start)
      if (this.#take("KEY")) Object.assign(map, this.#pair("FLOW-MAPPING-END"))
      else if (!this.#is("FLOW-MAPPING-END")) this.#put(map, this.#key(false), null)
    }
    this.#scanner.next()
    return map
  }

  #key(block: boolean): { value: unknown; start: Mark; isMerge: boolean } {
    const { start, value: text, plain } = this.#peek()
    return { value: this.#node(block, block), start, isMerge: plain && text === "<<" }
  }

  #put(
    map: Dict,
    { value: key, start, isMerge }: { value: unknown; start: Mark; isMerge: boolean },
    value: unknown,
  ): void {
    if (isMerge) {
      const sources = Array.isArray(value) ? value.toReversed() : [value]
      if (!sources.every(isDict)) this.#later("map merge requires map or sequence of maps as the value", start)
      for (const source of sources) if (isDict(source)) Object.assign(map, source)
    } else if (typeof key === "object" && key !== null) this.#later("invalid map key: a map or a list", start)
    else map[String(key)] = value
  }
}

const NO_KEY = { value: null, start: { index: 0, line: 0, column: 0 }, isMerge: false }

function scalar({ value, plain }: Token, tag: string | undefined): unknown {
  return !plain || tag === "!!str" || tag === "!" ? value : resolve(value)
}
