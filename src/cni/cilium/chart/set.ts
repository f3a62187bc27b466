/** `--set key=value,other[0].name={a,b}`. Models helm/pkg/strvals. */
import { isDict } from "../../../kube/api/json.ts"
import type { ValueTree } from "./value-table.ts"

type Node = { [key: string]: unknown } | unknown[]

const MAX_INDEX = 65536

/** Reads an argument into a tree; the text of the error when it is not in form. `asText`: --set-string. */
export function parseSet(argument: string, into: ValueTree, asText: boolean): string | undefined {
  const error = new SetParser(argument, asText).parse(into as Node)
  return error === undefined ? undefined : `failed parsing ${asText ? "--set-string" : "--set"} data: ${error}`
}

class SetParser {
  readonly #text: string
  readonly #asText: boolean
  #at = 0

  constructor(text: string, asText: boolean) {
    this.#text = text
    this.#asText = asText
  }

  parse(tree: Node): string | undefined {
    while (this.#at < this.#text.length) {
      const error = this.#key(tree)
      if (error !== undefined) return error
    }
    return undefined
  }

  /** Up to one of `stops`, which is taken too; backslashes escape. The stop is empty at the end of the text. */
  #until(stops: string): { word: string; stop: string } {
    let word = ""
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text[this.#at] as string
      if (c === "\\") word += this.#text[++this.#at] ?? ""
      else if (stops.includes(c)) {
        this.#at++
        return { word, stop: c }
      } else word += c
    }
    return { word, stop: "" }
  }

  #key(tree: Node): string | undefined {
    const { word, stop } = this.#until("=[,.")
    if (stop === "") return `key ${JSON.stringify(word)} has no value`
    if (stop === ",") return `key ${JSON.stringify(word)} has no value (cannot end with ,)`
    return this.#member(tree, word, stop)
  }

  /** What comes after a key or an index: its value, or the way further in. */
  #member(tree: Node, key: string | number, stop: string): string | undefined {
    const slots = tree as Record<string | number, unknown>
    if (stop === "=") {
      if (key !== "") slots[key] = this.#value()
      return undefined
    }
    if (stop === "[") {
      const list = Array.isArray(slots[key]) ? (slots[key] as unknown[]) : []
      slots[key] = list
      return this.#index(list)
    }
    const inner = isDict(slots[key]) ? (slots[key] as Node) : {}
    slots[key] = inner
    const error = this.#key(inner)
    return error ?? (Object.keys(inner).length === 0 ? `key map ${JSON.stringify(key)} has no value` : undefined)
  }

  #index(list: unknown[]): string | undefined {
    const { word } = this.#until("]")
    const index = Number(word)
    if (!/^-?\d+$/.test(word))
      return `error parsing index: strconv.Atoi: parsing ${JSON.stringify(word)}: invalid syntax`
    if (index < 0) return `negative ${index} index not allowed`
    if (index > MAX_INDEX) return `index of ${index} is greater than maximum supported index of ${MAX_INDEX}`
    const { word: rest, stop } = this.#until("[.=")
    if (rest !== "") return `unexpected data at end of array index: ${JSON.stringify(rest)}`
    return stop === "" ? undefined : this.#member(list, index, stop)
  }

  #value(): unknown {
    if (this.#text[this.#at] === "{") return this.#list()
    return this.#typed(this.#until(",").word)
  }

  /** `{a,b}`. */
  #list(): unknown[] {
    this.#at++
    const list: unknown[] = []
    if (this.#text[this.#at] === "}") this.#at++
    else
      for (;;) {
        const { word, stop } = this.#until(",}")
        list.push(this.#typed(word))
        if (stop !== ",") break
      }
    if (this.#text[this.#at] === ",") this.#at++
    return list
  }

  #typed(word: string): unknown {
    if (this.#asText) return word
    const lower = word.toLowerCase()
    if (lower === "true" || lower === "false") return lower === "true"
    if (lower === "null") return null
    if (word === "0") return 0
    return /^[-+]?[1-9]\d*$/.test(word) ? Number(word) : word
  }
}
