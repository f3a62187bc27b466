/** The texts of a language, where the site is built. A key that a language lacks, and a value that a text wants, are errors of types. */
import { EN } from "./en.ts"
import { JA } from "./ja.ts"

type English = typeof EN
/** A language has what English has. */
export type Strings = { readonly [Part in keyof English]: Readonly<Record<keyof English[Part], string>> }

const LANGUAGES: Readonly<Record<string, Strings>> = { en: EN, ja: JA }

/** Throws where the site has no such language. */
export function stringsOf(language: string | undefined): Strings {
  const found = LANGUAGES[language ?? "en"]
  if (found === undefined)
    throw new Error(`no texts in "${language}": site/i18n has ${Object.keys(LANGUAGES).join(", ")}`)
  return found
}
