/**
 * Which options a program has, asked of the program: each candidate is tried, and is an option when the answer is another one than what a word
 * gets that cannot be one. Candidates are all letters, and the words in the program's own source.
 */

import type { Words } from "./words.ts"

/** Types a command line; everything that is printed. */
export type Run = (line: string) => Promise<string>

export interface Option {
  /** `-n`, `--lines`. */
  readonly word: string
  readonly value: boolean
}
export interface Options {
  readonly known: readonly Option[]
  /** Real options that podwire refuses by name. */
  readonly refused: readonly Option[]
}

/** No program has it. */
const NONSENSE = "zzyzx"
const OTHER_NONSENSE = "qjvwk"
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#"
export const REFUSAL = /podwire(?:'s \S+)? (?:does not|has no|cannot)/
const WANTS_VALUE = /(?:requires|needs) (?:an argument|parameter)|option requires an argument/

/** @param command the program, with its sub-command where it has one */
export async function optionsOf(command: string, words: Words, run: Run): Promise<Options> {
  const found: (Option & { refused: boolean })[] = []
  const ask = (word: string): Promise<string> => run(`${command} ${word} </dev/null`)
  const attempt = async (word: string, nothing: string): Promise<void> => {
    const answer = await ask(word)
    if (same(answer, nothing) || (await isShort(word, answer))) return
    // Some are refused only when there is something to do.
    const refused = REFUSAL.test(answer) || REFUSAL.test(await ask(`${word} ${NONSENSE}`))
    found.push({ word, value: WANTS_VALUE.test(answer), refused })
  }
  /** `--iso` is taken for `--iso-8601`: complaints name the whole of it. */
  const isShort = async (word: string, answer: string): Promise<boolean> =>
    word.startsWith("--") && new RegExp(`${word}-?[a-z0-9]`).test(`${answer}\n${await ask(`${word}=${NONSENSE}`)}`)
  const noLetter = await ask("-~")
  for (const letter of LETTERS) await attempt(`-${letter}`, noLetter.replaceAll("~", letter))
  for (const dashes of ["-", "--"]) {
    const noWord = await ask(dashes + NONSENSE)
    // Programs that take letters together see letters here.
    if (!same(await ask(dashes + OTHER_NONSENSE), noWord.replaceAll(NONSENSE, OTHER_NONSENSE))) continue
    if (!noWord.includes(NONSENSE)) continue
    for (const word of [...words.names, ...words.others])
      if (!has(found, `-${word}`)) await attempt(dashes + word, noWord.replaceAll(NONSENSE, word))
  }
  const whole = found.filter(({ word }) => !isBeginning(word, words, found))
  return {
    known: withNumbers(whole.filter(({ refused }) => !refused)),
    refused: whole.filter(({ refused }) => refused),
  }
}

const has = (options: readonly Option[], word: string): boolean => options.some((option) => option.word === word)

/** `-det` is taken for `-details`, and nobody says so: it is no name where the source has none. */
function isBeginning(word: string, { names }: Words, found: readonly Option[]): boolean {
  const bare = word.replace(/^--?/, "")
  return (
    bare.length > 1 && !names.has(bare) && found.some((other) => other.word !== word && other.word.startsWith(word))
  )
}

/** Process ids and times differ from run to run. */
const same = (a: string, b: string): boolean => a.replace(/\d+/g, "0") === b.replace(/\d+/g, "0")

/** `-5` stands for any number. */
function withNumbers(options: readonly Option[]): Option[] {
  const digits = options.filter(({ word }) => /^-\d$/.test(word))
  if (digits.length < 10) return [...options]
  return [...options.filter((option) => !digits.includes(option)), { word: "-NUMBER", value: false }]
}
