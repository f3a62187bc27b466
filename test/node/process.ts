/** Runs what the package ships, as a user does: `npm test` builds dist first. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { resolve } from "node:path"

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Standard input; without it the input is a pipe that stays open and silent. */
  stdin?: string
  cwd?: string
  env?: Readonly<Record<string, string>>
  /** Told of the process and of all it has printed so far, whenever it prints. */
  onOutput?: (child: ChildProcess, printed: string) => void
}

/** A file of dist that has to be there. */
export function built(file: string): string {
  const path = resolve("dist", file)
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run build makes it`)
  return path
}

/** Starts Node with a file of dist and waits for its end. */
export function node(file: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [built(file), ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, NO_COLOR: "1", ...options.env },
  })
  return finished(child, options)
}

export function finished(child: ChildProcess, options: RunOptions = {}): Promise<Finished> {
  let stdout = ""
  let stderr = ""
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    options.onOutput?.(child, stdout)
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  if (options.stdin !== undefined) child.stdin?.end(options.stdin)
  return new Promise((done, fail) => {
    child.once("error", fail)
    child.once("close", (code, signal) => {
      child.stdin?.destroy()
      done({ code, signal, stdout, stderr })
    })
  })
}

export const podwire = (args: readonly string[], options?: RunOptions): Promise<Finished> =>
  node("node/cli.js", args, options)
