import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"

/**
 * A program for simulated machines.
 *
 * @param name what it is called
 * @param main runs it: write with `proc.out` and `proc.err`, return the exit code
 * @example defineTool("hello", async (proc) => { await proc.out("hello\n"); return 0 })
 */
export function defineTool(name: string, main: (proc: Process) => Promise<number>): Tool {
  return { name, main }
}
