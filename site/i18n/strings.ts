/** What a script says, in the page's language: the page carries the texts, so that a reader loads one language. */
import type { EN } from "./en.ts"
import { fill, type Values } from "./fill.ts"

type Texts = typeof EN.script

let texts: Texts | undefined

export function say<Key extends keyof Texts>(key: Key, ...[values]: Values<Texts[Key]>): string {
  texts ??= JSON.parse(document.getElementById("pw-strings")?.textContent ?? "{}") as Texts
  return fill(texts[key], values)
}
