import { type Process, ProcessExit } from "../linux/task/process.ts"

/** break and continue on their way out of loops. */
export class Flow {
  readonly kind: "break" | "continue" | "return"
  levels: number
  /** What the loop or function leaves behind. */
  readonly status: number
  constructor(kind: "break" | "continue" | "return", levels: number, status = 0) {
    this.kind = kind
    this.levels = levels
    this.status = status
  }
}

/** return on its way out of a function or a sourced file. */
export class ReturnFlow extends Flow {
  constructor(status: number) {
    super("return", 1, status)
  }
}

/** Ctrl-C on its way to the prompt of the shell at a terminal. */
export class Interrupted {}

/** A background job: the processes of a pipeline, or the shell that runs a list. */
export interface Job {
  readonly id: number
  /** The last of the pipeline: its status is the job's. */
  readonly process: Process
  readonly processes: readonly Process[]
  readonly text: string
  /** `disown`: no longer listed or waited for. */
  disowned: boolean
}

/** Thrown to give up the line of commands at hand, its message said. */
export class Abandoned {
  readonly status: number
  constructor(status: number) {
    this.status = status
  }
}

/** No process could be made: the shell ends, as bash does. */
export class ForkFailed extends ProcessExit {
  constructor() {
    super({ code: 254 })
  }
}
