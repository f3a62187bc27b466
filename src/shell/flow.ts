import type { Process } from "../linux/task/process.ts"

/** break and continue on their way out of loops. */
export class Flow {
  readonly kind: "break" | "continue" | "return"
  levels: number
  constructor(kind: "break" | "continue" | "return", levels: number) {
    this.kind = kind
    this.levels = levels
  }
}

/** return on its way out of a function. */
export class ReturnFlow extends Flow {
  readonly status: number
  constructor(status: number) {
    super("return", 1)
    this.status = status
  }
}

/** Ctrl-C on its way to the prompt of the shell at a terminal. */
export class Interrupted {}

/** A background job. */
export interface Job {
  readonly id: number
  readonly process: Process
  readonly text: string
}
