/** The tree of a script. */
import type { HereDocument, Word } from "./token.ts"

export interface Redirect {
  operator: string
  fd: number | undefined
  /** `{name}>file`: a descriptor from 10 on, its number in the variable. */
  variable: string | undefined
  target: Word
  here: HereDocument | undefined
}

export interface Assignment {
  name: string
  subscript: Word | undefined
  append: boolean
  value: Word
  /** `name=(…)`. */
  items: Word[] | undefined
}

/** The expression of `[[ … ]]`. */
export type Condition =
  | { type: "and" | "or"; left: Condition; right: Condition }
  | { type: "not"; operand: Condition }
  | { type: "group"; operand: Condition }
  | { type: "unary"; operator: string; operand: Word }
  | { type: "binary"; operator: string; left: Word; right: Word }
  | { type: "word"; word: Word }

export interface CaseClause {
  patterns: Word[]
  body: List
  /** `;;`, `;&`, `;;&`. */
  end: string
}

interface Placed {
  redirects: Redirect[]
  line: number
}

export type SimpleCommand = {
  type: "simple"
  assignments: Assignment[]
  words: Word[]
  declared: Assignment[]
} & Placed
export type ForCommand = { type: "for"; name: string; words: Word[] | undefined; body: List } & Placed
export type ArithmeticFor = { type: "arithmetic-for"; init: Word; test: Word; step: Word; body: List } & Placed
export type CaseCommand = { type: "case"; subject: Word; clauses: CaseClause[] } & Placed
export type LoopCommand = { type: "loop"; until: boolean; condition: List; body: List } & Placed
export type IfCommand = {
  type: "if"
  branches: { condition: List; body: List }[]
  otherwise: List | undefined
} & Placed

export type CompoundCommand =
  | ({ type: "group"; body: List } & Placed)
  | ({ type: "subshell"; body: List } & Placed)
  | ({ type: "arithmetic"; expression: Word } & Placed)
  | ({ type: "condition"; expression: Condition } & Placed)
  | IfCommand
  | LoopCommand
  | ForCommand
  | ArithmeticFor
  | CaseCommand

export type FunctionDefinition = { type: "function"; name: string; body: Command; line: number }

export type Command = SimpleCommand | CompoundCommand | FunctionDefinition

export interface Pipeline {
  negated: boolean
  /** `time`: its report goes to standard error. */
  timed: "no" | "bash" | "posix"
  commands: Command[]
  /** `|&`: standard error goes along. Parallel to `commands`. */
  errorsToo: boolean[]
}

/** Pipelines joined by && and ||. */
export interface AndOr {
  first: Pipeline
  rest: { operator: "&&" | "||"; pipeline: Pipeline }[]
  background: boolean
}

export type List = AndOr[]
