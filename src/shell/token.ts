/** What a command line is made of. Words keep their structure: expansion happens when the command runs. */

/** A piece of a word. */
export type WordPart =
  | { type: "literal"; text: string; quoted: boolean }
  | { type: "parameter"; name: string; operator: string; argument: Word | undefined; quoted: boolean }
  | { type: "command"; script: string; quoted: boolean }
  | { type: "arithmetic"; expression: Word; quoted: boolean }

export type Word = WordPart[]

export interface HereDocument {
  delimiter: string
  /** A quoted delimiter keeps the text as it is. */
  literal: boolean
  /** `<<-` strips leading tabs. */
  stripTabs: boolean
  body: Word
}

export type Token =
  | { type: "word"; word: Word; text: string; line: number }
  | { type: "operator"; text: string; line: number }
  | { type: "redirect"; text: string; fd: number | undefined; here: HereDocument | undefined; line: number }
  | { type: "newline"; line: number }
  | { type: "end"; line: number }

/** A script that cannot be parsed; `message` is the shell's own, without its prefix. */
export class SyntaxErrorInScript extends Error {
  readonly line: number
  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}
