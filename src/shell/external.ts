/** Programs run by the shell: found, started, waited for; and what is said when one cannot be run. */
import { type Errno, strerror } from "../linux/errno.ts"
import { type ExitStatus, type Process, ProcessExit } from "../linux/task/process.ts"
import { findProgram } from "../linux/task/process-table.ts"
import type { Tool } from "../linux/task/tool.ts"
import type { Redirect } from "./ast.ts"
import { report } from "./jobs.ts"
import { redirected } from "./redirect.ts"
import type { Shell } from "./shell.ts"
import { ReadOnlyError } from "./variables.ts"

/** Runs a program and waits for it. */
export async function external(
  shell: Shell,
  words: string[],
  values: [string, string][] = [],
  redirects: readonly Redirect[] = [],
  { last = false, text = () => words.join(" ") }: { last?: boolean; text?: () => string } = {},
): Promise<number> {
  return redirected(shell, redirects, async () => {
    const { proc } = shell
    for (const [name] of values) if (shell.variables.get(name)?.readonly === true) throw new ReadOnlyError(name)
    const env = values.length === 0 ? proc.env : new Map([...proc.env, ...values])
    if (last && shell.traps.get("EXIT") === undefined && hasProgram(proc, words, env))
      return cannotRun(shell, words[0] as string, proc.exec(words, env), env)
    const child = spawn(shell, words, env)
    if (typeof child === "string") return cannotRun(shell, words[0] as string, child, env)
    return foreground(shell, child, text)
  })
}

function spawn({ proc, options }: Shell, words: readonly string[], env: ReadonlyMap<string, string>): Process | Errno {
  const found = findProgram(proc.fs, env, proc.cwd, words)
  // A text without #! is a script for a shell like this one.
  const plain =
    typeof found !== "string" && found.tool === undefined && found.binary === undefined && options.tool !== undefined
  return plain ? proc.spawn(found.argv, { env, tool: options.tool as Tool }) : proc.spawn(words, { env })
}

/** Waits for a foreground job, and says it if a signal ended it. */
export async function foreground(shell: Shell, child: Process, text: () => string): Promise<number> {
  const status = await waitFor(shell, child)
  if (status.signal !== undefined) await report(shell, child, status, text())
  await shell.traps.runPending()
  return status.code
}

/** Waits for a process of the foreground. */
export async function waitFor(shell: Shell, child: Process): Promise<ExitStatus> {
  try {
    return await shell.proc.wait(child)
  } catch (thrown) {
    // A signal for the shell while it waits goes to its foreground job as well.
    if (thrown instanceof ProcessExit) child.kill(thrown.status.signal ?? "SIGTERM")
    throw thrown
  }
}

/** Says why a program does not run; the status for that. */
async function cannotRun(
  shell: Shell,
  typed: string,
  failed: Errno,
  env: ReadonlyMap<string, string>,
): Promise<number> {
  const found = failed === "EACCES" || failed === "ENOEXEC"
  const name = found && !typed.includes("/") ? refusedPath(shell, typed, env.get("PATH") ?? "") : typed
  const errno = name === "" || (failed === "EACCES" && !name.includes("/")) ? "ENOENT" : failed
  if (errno === "EAGAIN") {
    await shell.complain("fork: retry: Resource temporarily unavailable")
    return 254
  }
  const path = shell.get("PATH") ?? ""
  if (errno === "ENOENT" && !name.includes("/") && path !== "") {
    await shell.complain(shell.isBash ? `${name}: command not found` : `${name}: not found`)
    return 127
  }
  await shell.complain(`${name}: ${reason(shell, name, errno)}`)
  return errno === "ENOENT" ? 127 : 126
}

/** The file along PATH that may not be run; folders are passed over. */
function refusedPath(shell: Shell, name: string, path: string): string {
  const paths = path.split(":").map((folder) => `${folder === "" ? "." : folder}/${name}`)
  return paths.find((path) => (shell.fs.stat(shell.proc.path(path)) as { type?: string }).type === "file") ?? name
}

function reason(shell: Shell, name: string, errno: Errno): string {
  const stat = shell.fs.stat(shell.proc.path(name))
  if (!shell.isBash) return errno === "ENOENT" ? "not found" : strerror(errno)
  if (errno === "ENOENT" && typeof stat !== "string" && stat.type === "file")
    return "cannot execute: required file not found"
  if (errno === "ENOEXEC") return "cannot execute binary file: Exec format error"
  return typeof stat !== "string" && stat.type === "directory" ? "Is a directory" : strerror(errno)
}

/** A program of ours stands there: a text without #! needs the shell to read it. */
function hasProgram(proc: Process, words: readonly string[], env: ReadonlyMap<string, string>): boolean {
  const found = findProgram(proc.fs, env, proc.cwd, words)
  return typeof found !== "string" && found.tool !== undefined
}
