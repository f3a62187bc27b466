import type { HereDocument, Word } from "./token.ts"

export interface Redirect {
  operator: string
  fd: number | undefined
  target: Word
  here: HereDocument | undefined
}

export interface Assignment {
  name: string
  append: boolean
  value: Word
}

export type Command =
  | { type: "simple"; assignments: Assignment[]; words: Word[]; redirects: Redirect[]; line: number }
  | { type: "group"; body: List; redirects: Redirect[] }
  | { type: "subshell"; body: List; redirects: Redirect[] }
  | { type: "if"; branches: { condition: List; body: List }[]; otherwise: List | undefined; redirects: Redirect[] }
  | { type: "loop"; until: boolean; condition: List; body: List; redirects: Redirect[] }
  | { type: "for"; name: string; words: Word[] | undefined; body: List; redirects: Redirect[] }
  | { type: "case"; subject: Word; clauses: { patterns: Word[]; body: List }[]; redirects: Redirect[] }
  | { type: "function"; name: string; body: Command }

export interface Pipeline {
  negated: boolean
  commands: Command[]
  /** `|&`: standard error goes along. Parallel to `commands`. */
  errorsToo: boolean[]
}

/** Pipelines joined by && and ||. */
export interface AndOr {
  first: Pipeline
  rest: { operator: "&&" | "||"; pipeline: Pipeline }[]
  background: boolean
  /** The source text, for `jobs`. */
  text: string
}

export type List = AndOr[]
