/** Redirections (POSIX XCU 2.7), put into effect and taken back. */
import { type Errno, strerror } from "../linux/errno.ts"
import { BytesFile, type OpenFile } from "../linux/task/file.ts"
import { openFile } from "../linux/task/open.ts"
import { ProcessExec } from "../linux/task/process.ts"
import type { Redirect } from "./ast.ts"
import { expandText, expandWords } from "./expand.ts"
import type { Shell } from "./shell.ts"

/** Where the shell puts its own descriptors, and those of `{name}>`. */
const FIRST_FREE = 10

/** Runs something with redirections in effect; 1 when one was refused. */
export async function redirected(
  shell: Shell,
  redirects: readonly Redirect[],
  run: () => Promise<number>,
): Promise<number> {
  if (redirects.length === 0) return run()
  const { proc } = shell
  const saved = new Map<number, OpenFile | undefined>()
  let replaced = false
  try {
    for (const redirect of redirects) {
      for (const fd of redirect.variable === undefined ? descriptorsOf(redirect) : []) {
        if (saved.has(fd)) continue
        const file = proc.fds.get(fd)
        file?.retain()
        saved.set(fd, file)
      }
      if (!(await applyRedirect(shell, redirect))) return 1
    }
    return await run()
  } catch (thrown) {
    replaced = thrown instanceof ProcessExec
    throw thrown
  } finally {
    for (const [fd, file] of saved) {
      if (replaced) file?.close()
      else {
        proc.closeFd(fd)
        if (file !== undefined) proc.fds.set(fd, file)
      }
    }
  }
}

function descriptorsOf({ operator, fd, target }: Redirect): number[] {
  if (operator.startsWith("&>") || (operator === ">&" && fd === undefined && !/^[\d$-]/.test(target.text)))
    return [1, 2]
  const own = fd ?? (operator.startsWith("<") ? 0 : 1)
  const moved = /^(\d+)-$/.exec(target.text)
  return moved === null ? [own] : [own, Number(moved[1])]
}

/** Puts one redirection into effect for good; false when it was refused. */
export async function applyRedirect(shell: Shell, redirect: Redirect): Promise<boolean> {
  const { proc } = shell
  const { operator, here, variable } = redirect
  let { fd } = redirect
  if (variable !== undefined) {
    const own = await named(shell, redirect)
    if (own === undefined) return true
    fd = own
  }
  if (here !== undefined || operator === "<<<") {
    const text =
      here === undefined ? `${await expandText(redirect.target, shell)}\n` : await expandText(here.body, shell)
    proc.setFd(fd ?? 0, new BytesFile(new TextEncoder().encode(text)))
    return true
  }
  const words = await expandWords([redirect.target], shell)
  if (words.length !== 1) return refuse(shell, `${redirect.target.text}: ambiguous redirect`)
  const target = words[0] as string
  if (operator === ">&" || operator === "<&") {
    if (/^(\d+-?|-)$/.test(target)) return duplicate(shell, fd ?? (operator === ">&" ? 1 : 0), target)
    if (operator === "<&" || fd !== undefined) return refuse(shell, `${redirect.target.text}: ambiguous redirect`)
    return open(shell, "&>", 1, target)
  }
  return open(shell, operator, fd ?? (operator.startsWith("<") ? 0 : 1), target)
}

/** The descriptor of `{name}>`: a new one, or for `{name}>&-` the one to close, which is done here. */
async function named(shell: Shell, { variable, target }: Redirect): Promise<number | undefined> {
  const name = variable as string
  if (target.text === "-") {
    shell.proc.closeFd(Number(shell.get(name)))
    return undefined
  }
  let fd = FIRST_FREE
  while (shell.proc.fds.has(fd)) fd++
  shell.set(name, String(fd))
  return fd
}

async function refuse(shell: Shell, message: string): Promise<false> {
  await shell.complain(message)
  return false
}

async function open(shell: Shell, operator: string, fd: number, target: string): Promise<boolean> {
  const { proc } = shell
  const mode = operator === "<" ? "r" : operator.endsWith(">>") ? "a" : operator === "<>" ? "rw" : "w"
  if (operator === ">" && shell.flags.has("noclobber")) {
    const stat = proc.fs.stat(proc.path(target))
    if (typeof stat !== "string" && stat.type === "file")
      return refuse(
        shell,
        shell.isBash ? `${target}: cannot overwrite existing file` : `can't create ${target}: File exists`,
      )
  }
  const file = target === "" ? "ENOENT" : openFile(proc, target, mode, true)
  if (typeof file === "string")
    return refuse(shell, shell.isBash ? `${target}: ${strerror(file)}` : cannotOpen(target, mode, file))
  proc.setFd(fd, file)
  if (operator.startsWith("&>")) {
    file.retain()
    proc.setFd(2, file)
  }
  return true
}

/** ash's words. */
function cannotOpen(target: string, mode: string, errno: Errno): string {
  const missing = errno === "ENOENT"
  if (mode === "r") return `can't open ${target}: ${missing ? "no such file" : strerror(errno)}`
  return `can't create ${target}: ${missing ? "nonexistent directory" : strerror(errno)}`
}

async function duplicate(shell: Shell, fd: number, target: string): Promise<boolean> {
  const { proc } = shell
  if (target === "-") {
    proc.closeFd(fd)
    return true
  }
  const from = Number.parseInt(target, 10)
  const source = proc.fds.get(from)
  if (source === undefined) return refuse(shell, `${from}: Bad file descriptor`)
  if (from !== fd) {
    source.retain()
    proc.setFd(fd, source)
  }
  if (target.endsWith("-")) proc.closeFd(from)
  return true
}
