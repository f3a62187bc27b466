/** What a command line is made of. Words keep their structure: expansion happens when the command runs. */
import type { List } from "./ast.ts"

/** `[…]` after a parameter's name: an expression, or every item. */
export type Subscript = "@" | "*" | Word

/** `${name…}` and its short forms. */
export interface Parameter {
  type: "parameter"
  name: string
  subscript: Subscript | undefined
  /** `${!name}`. */
  indirect: boolean
  /** `:-`, `#`, `//`, …; "length" for `${#name}`, "names" for `${!name*}`, "keys" for `${!name[@]}`, "bad" for what has no meaning. */
  operator: string
  argument: Word | undefined
  /** The replacement of `/`, the length of `:`. */
  second: Word | undefined
  /** As it was written. */
  text: string
}

/** A piece of a word. */
export type WordPart =
  | { type: "literal"; text: string; quoted: boolean }
  | { type: "double"; parts: WordPart[] }
  | Parameter
  /** `$(…)`: parsed with the command it stands in. */
  | { type: "command"; list: List }
  /** A backquoted command: parsed when it runs. */
  | { type: "backquote"; script: string }
  | { type: "arithmetic"; expression: Word }
  /** `<(…)` and `>(…)`. */
  | { type: "process"; reads: boolean; list: List }

export interface Word {
  parts: WordPart[]
  /** As it was written. */
  text: string
}

export interface HereDocument {
  delimiter: string
  /** A quoted delimiter keeps the text as it is. */
  literal: boolean
  /** `<<-` strips leading tabs. */
  stripTabs: boolean
  body: Word
}

export type Token =
  | { type: "word"; word: Word; line: number }
  | { type: "operator"; text: string; line: number }
  | {
      type: "redirect"
      text: string
      fd: number | undefined
      /** `{name}>file`. */
      variable: string | undefined
      here: HereDocument | undefined
      line: number
    }
  | { type: "newline"; line: number }
  | { type: "end"; line: number }

/** A script that cannot be parsed; `message` is bash's own, without its prefix. */
export class SyntaxErrorInScript extends Error {
  readonly line: number
  /** ash's words for the same. */
  readonly ash: string
  /** bash shows the offending line. */
  readonly showsLine: boolean
  /** What the shell exits with. */
  status = 2
  /** Found inside `$(…)`. */
  nested = false
  constructor(message: string, line: number, ash: string, showsLine = false) {
    super(message)
    this.line = line
    this.ash = ash
    this.showsLine = showsLine
  }
}

/** The word as written, when it has no quotes or expansions: only then can it be a keyword or a function's name. */
export function plainText(word: Word): string | undefined {
  const part = word.parts[0]
  return word.parts.length === 1 && part?.type === "literal" && !part.quoted ? part.text : undefined
}
