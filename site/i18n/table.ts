/** The texts of a language, where the site is built. A key that a language lacks, and a value that a text wants, are errors of types. */
import { EN } from "./en.ts"
import { fill, type Values } from "./fill.ts"
import { JA } from "./ja.ts"

type English = typeof EN
type Texts = English["page"] & English["script"]
/** A language has what English has. */
export type Strings = { readonly [Part in keyof English]: Readonly<Record<keyof English[Part], string>> }
/** Says a text in the language it was made for. */
export type Say = <Key extends keyof Texts>(key: Key, ...values: Values<Texts[Key]>) => string

/** What is written where English is written without a prefix. */
const LANGUAGES: Readonly<Record<string, Strings>> = { en: EN, ja: JA }

/** The languages beside English: each has a folder in notebooks/, and its pages one in their addresses. */
export const TRANSLATIONS: readonly string[] = Object.keys(LANGUAGES).filter((language) => language !== "en")

/** Throws where the site has no such language. */
export function stringsOf(language: string): Strings {
  const found = LANGUAGES[language]
  if (found === undefined)
    throw new Error(`no texts in "${language}": site/i18n has ${Object.keys(LANGUAGES).join(", ")}`)
  return found
}

export function sayIn(language: string): Say {
  const { page, script } = stringsOf(language)
  const texts: Readonly<Record<string, string>> = { ...page, ...script }
  return (key, ...[values]) => fill(texts[key] ?? "", values)
}
