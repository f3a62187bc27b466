import type { Process } from "./process.ts"

/** A program: what an executable file runs. */
export interface Tool {
  readonly name: string
  /** Runs to its end and returns the exit code. Blocks only through `proc` (its `task`, `sleep`, `read`, `wait`). */
  main(proc: Process): Promise<number>
}
