/** Running a program to its end from outside a process. */
import type { Errno } from "../../linux/errno.ts"
import type { Kernel } from "../../linux/kernel.ts"
import { BytesFile, NullFile, type OpenFile, SinkFile } from "../../linux/task/file.ts"
import type { Tool } from "../../linux/task/tool.ts"
import type { Task } from "../../sim/task.ts"

export interface ProgramResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program in the machine's own namespaces and collects what it writes. */
export async function runProgram(
  kernel: Kernel,
  task: Task,
  argv: readonly string[],
  options: { tool: Tool; env: ReadonlyMap<string, string>; stdin: string },
): Promise<ProgramResult | Errno> {
  const decoder = new TextDecoder()
  let stdout = ""
  let stderr = ""
  const fds = new Map<number, OpenFile>([
    [0, options.stdin === "" ? new NullFile() : new BytesFile(new TextEncoder().encode(options.stdin))],
    [
      1,
      new SinkFile((data) => {
        stdout += decoder.decode(data)
      }),
    ],
    [
      2,
      new SinkFile((data) => {
        stderr += decoder.decode(data)
      }),
    ],
  ])
  const proc = kernel.processes.run(argv, { tool: options.tool, env: options.env, fds })
  if (typeof proc === "string") return proc
  while (proc.status === undefined) await task.wait(proc.exited)
  return { code: proc.status.code, stdout, stderr }
}
