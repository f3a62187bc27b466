/** The tree of an awk program (POSIX XCU awk, Grammar). */

export type Expression =
  | { type: "number"; value: number }
  | { type: "string"; value: string }
  | { type: "regexp"; source: string }
  | Place
  | { type: "assign"; operator: string; place: Place; value: Expression }
  | { type: "conditional"; test: Expression; yes: Expression; no: Expression }
  | { type: "binary"; operator: string; left: Expression; right: Expression }
  | { type: "unary"; operator: string; operand: Expression }
  | { type: "step"; operator: "++" | "--"; before: boolean; place: Place }
  | { type: "match"; negated: boolean; text: Expression; regexp: Expression }
  | { type: "in"; keys: Expression[]; array: string }
  | { type: "call"; name: string; args: Expression[] }
  | { type: "builtin"; name: string; args: Expression[] }
  | { type: "getline"; place: Place | undefined; file: Expression | undefined; command: Expression | undefined }
  | { type: "group"; inner: Expression }

/** What can be assigned to. */
export type Place =
  | { type: "variable"; name: string }
  | { type: "item"; name: string; keys: Expression[] }
  | { type: "field"; index: Expression }

export interface Output {
  /** `>`, `>>`, `|`. */
  operator: string
  target: Expression
}

export type Statement =
  | { type: "block"; body: Statement[] }
  | { type: "expression"; expression: Expression }
  | { type: "print"; args: Expression[]; output: Output | undefined }
  | { type: "printf"; args: Expression[]; output: Output | undefined }
  | { type: "if"; test: Expression; yes: Statement; no: Statement | undefined }
  | { type: "while"; test: Expression; body: Statement }
  | { type: "do"; test: Expression; body: Statement }
  | {
      type: "for"
      init: Statement | undefined
      test: Expression | undefined
      step: Statement | undefined
      body: Statement
    }
  | { type: "for-in"; name: string; array: string; body: Statement }
  | { type: "break" | "continue" | "next" | "nextfile" }
  | { type: "exit" | "return"; value: Expression | undefined }
  | { type: "delete"; array: string; keys: Expression[] | undefined }

export interface Rule {
  /** Undefined: every record. */
  pattern: "BEGIN" | "END" | Expression | undefined
  /** The second pattern of a range. */
  until: Expression | undefined
  /** Undefined: print the record. */
  action: Statement | undefined
  inRange: boolean
}

export interface AwkFunction {
  name: string
  parameters: string[]
  body: Statement
}

export interface AwkProgram {
  rules: Rule[]
  functions: Map<string, AwkFunction>
}

/** A program that cannot be parsed, or does what podwire lacks; the message is without `awk: `. */
export class AwkError extends Error {}
