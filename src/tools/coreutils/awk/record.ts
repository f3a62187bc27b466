/** $0 and its fields; each follows from the other. */
import { AwkError } from "./ast.ts"
import { regexpOf } from "./regexp.ts"
import { InputText } from "./value.ts"

const FIELDS_MAX = 100_000

interface Settings {
  text(name: string): string
}

export class Record {
  readonly #settings: Settings
  #text = ""
  #fields: string[] | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  set(text: string): void {
    this.#text = text
    this.#fields = undefined
  }

  get text(): string {
    return this.#text
  }

  #split(): string[] {
    this.#fields ??= this.split(this.#text, this.#settings.text("FS"))
    return this.#fields
  }

  get count(): number {
    return this.#split().length
  }

  set count(count: number) {
    const fields = this.#split()
    const wanted = Math.max(0, Math.trunc(count))
    if (wanted > FIELDS_MAX) throw new AwkError("too many fields")
    while (fields.length < wanted) fields.push("")
    fields.length = wanted
    this.#join()
  }

  field(index: number): InputText | undefined {
    const at = Math.trunc(index)
    if (at < 0) throw new AwkError(`trying to access out of range field ${at}`)
    if (at === 0) return new InputText(this.#text)
    const text = this.#split()[at - 1]
    return text === undefined ? undefined : new InputText(text)
  }

  setField(index: number, text: string): void {
    const at = Math.trunc(index)
    if (at < 0 || at > FIELDS_MAX) throw new AwkError(`trying to access out of range field ${at}`)
    if (at === 0) {
      this.set(text)
      return
    }
    const fields = this.#split()
    while (fields.length < at) fields.push("")
    fields[at - 1] = text
    this.#join()
  }

  #join(): void {
    this.#text = (this.#fields as string[]).join(this.#settings.text("OFS"))
  }

  /** By FS's rules: one blank is any blanks, one character is itself, more is a regular expression. */
  split(text: string, separator: string | { source: string }): string[] {
    if (text === "") return []
    if (typeof separator === "object") return splitBy(text, separator.source)
    if (separator === " ") return text.trim() === "" ? [] : text.trim().split(/[ \t\n]+/)
    if (separator === "") return [...text]
    if (separator.length === 1 && separator !== "\\") return text.split(separator)
    return splitBy(text, separator)
  }
}

function splitBy(text: string, source: string): string[] {
  const parts: string[] = []
  let from = 0
  for (const match of text.matchAll(regexpOf(source, true))) {
    if (match[0] === "") continue
    parts.push(text.slice(from, match.index))
    from = match.index + match[0].length
  }
  return [...parts, text.slice(from)]
}
