/** What a page and its type checker say to each other. Offsets count UTF-16 units of a cell's own text, as editors do. */

/** A cell of the page as it is now. */
export interface CellText {
  readonly id: string
  readonly source: string
}

/** Something wrong with a cell, before it runs. */
export interface TypeMessage {
  readonly from: number
  readonly to: number
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** TypeScript's number: 2339 for TS2339. */
  readonly code: number
  readonly text: string
}

/** What a name is: its declaration in short, and its doc comment. */
export interface Description {
  readonly declaration: string
  readonly doc: string
}

export interface Hover extends Description {
  readonly from: number
  readonly to: number
}

export interface Completion {
  readonly name: string
  /** TypeScript's word for what it is: method, const, interface … */
  readonly kind: string
  /** What is put in, where that is not the name. */
  readonly insert?: string
}

export interface Completions {
  /** What is replaced begins here. */
  readonly from: number
  /** The likely first. */
  readonly entries: readonly Completion[]
}

/** A call's signature; `label.slice(from, to)` is the parameter the cursor is at. */
export interface Signature {
  /** Where the arguments begin. */
  readonly at: number
  readonly label: string
  readonly from: number
  readonly to: number
  readonly doc: string
  /** Which of how many overloads, from 1. */
  readonly overload: number
  readonly overloads: number
}

/** What the type checker answers about a cell. */
export interface Types {
  check(id: string): readonly TypeMessage[]
  hover(id: string, at: number): Hover | undefined
  complete(id: string, at: number): Completions | undefined
  describe(id: string, at: number, name: string): Description | undefined
  signature(id: string, at: number): Signature | undefined
}

/** The library's address comes first, then questions; the cells come with a question where they are others than before. */
export type ToTypes =
  | { readonly kind: "start"; readonly library: string }
  | {
      readonly kind: "ask"
      readonly n: number
      readonly what: keyof Types
      readonly args: readonly unknown[]
      readonly cells?: readonly CellText[]
    }

export type FromTypes =
  | { readonly kind: "answer"; readonly n: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly why: string }
