/** cd pwd pushd popd dirs. */
import { strerror } from "../../linux/errno.ts"
import { realPath } from "../../linux/task/real-path.ts"
import { type BuiltinTable, invalidOption, letters } from "../builtin.ts"
import type { Shell } from "../shell.ts"

async function cd(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv[1] === "-" ? argv.slice(0, 1) : argv, "LPe@")
  if (bad !== undefined) return invalidOption(shell, "cd", bad, "cd [-L|[-P [-e]] [-@]] [dir]")
  if (argv.length - at > 1 && shell.isBash) {
    await shell.complain("cd: too many arguments")
    return 1
  }
  const operand = argv[at]
  if (operand === "") return 0
  const target = operand === "-" ? shell.get("OLDPWD") : (operand ?? shell.get("HOME"))
  if (target === undefined) {
    await shell.complainAs("cd", operand === "-" ? "OLDPWD not set" : "HOME not set")
    return 1
  }
  const { path, announced } = alongCdPath(shell, target)
  const errno = changeTo(shell, path, on.has("P"))
  if (errno !== undefined) {
    if (shell.isBash) await shell.complain(`cd: ${target}: ${errno}`)
    else await shell.complainAs("cd", `can't cd to ${target}: ${errno}`)
    return shell.isBash ? 1 : 2
  }
  if (operand === "-" || announced) await shell.proc.out(`${shell.proc.cwd}\n`)
  return 0
}

function alongCdPath(shell: Shell, target: string): { path: string; announced: boolean } {
  const cdPath = shell.get("CDPATH")
  if (cdPath !== undefined && !/^\.{0,2}\//.test(target) && target !== "." && target !== "..")
    for (const folder of cdPath.split(":").filter((item) => item !== "")) {
      const stat = shell.fs.stat(shell.proc.path(`${folder}/${target}`))
      if (typeof stat !== "string" && stat.type === "directory") return { path: `${folder}/${target}`, announced: true }
    }
  return { path: target, announced: false }
}

/** Changes the working directory; why not, in words. */
function changeTo(shell: Shell, target: string, physical: boolean): string | undefined {
  const logical = shell.proc.path(target)
  const stat = shell.fs.stat(logical)
  if (typeof stat === "string") return strerror(stat)
  if (stat.type !== "directory") return "Not a directory"
  const path = physical ? realPath(shell.fs, logical) : logical
  if (typeof path === "string" && !path.startsWith("/")) return "No such file or directory"
  shell.set("OLDPWD", shell.proc.cwd)
  shell.proc.cwd = path
  shell.set("PWD", path)
  shell.variables.mark("OLDPWD", { exported: true })
  return undefined
}

async function pwd(shell: Shell, argv: string[]): Promise<number> {
  const { on, bad } = letters(argv, "LP")
  if (bad !== undefined) return invalidOption(shell, "pwd", bad, "pwd [-LP]")
  await shell.proc.out(`${on.has("P") ? realPath(shell.fs, shell.cwd) : shell.cwd}\n`)
  return 0
}

/** The directories below the working one, per shell. */
const stacks = new WeakMap<Shell, string[]>()

const stackOf = (shell: Shell): string[] => {
  const stack = stacks.get(shell) ?? []
  stacks.set(shell, stack)
  return stack
}

async function dirs(shell: Shell): Promise<number> {
  const home = shell.get("HOME") ?? ""
  const short = (path: string): string =>
    home !== "" && (path === home || path.startsWith(`${home}/`)) ? `~${path.slice(home.length)}` : path
  await shell.proc.out(`${[shell.cwd, ...stackOf(shell)].map(short).join(" ")}\n`)
  return 0
}

async function pushd(shell: Shell, argv: string[]): Promise<number> {
  const stack = stackOf(shell)
  const target = argv[1] ?? stack[0]
  if (target === undefined || /^[-+]/.test(target)) {
    await shell.complain(
      target === undefined ? "pushd: no other directory" : `pushd: podwire does not support '${target}'`,
    )
    return 1
  }
  const from = shell.cwd
  const errno = changeTo(shell, target, false)
  if (errno !== undefined) {
    await shell.complain(`pushd: ${target}: ${errno}`)
    return 1
  }
  if (argv[1] === undefined) stack.shift()
  stack.unshift(from)
  return dirs(shell)
}

async function popd(shell: Shell, argv: string[]): Promise<number> {
  const stack = stackOf(shell)
  const target = stack[0]
  if (target === undefined || argv.length > 1) {
    await shell.complain(
      target === undefined ? "popd: directory stack empty" : `popd: podwire does not support '${argv[1]}'`,
    )
    return 1
  }
  const errno = changeTo(shell, target, false)
  if (errno !== undefined) {
    await shell.complain(`popd: ${target}: ${errno}`)
    return 1
  }
  stack.shift()
  return dirs(shell)
}

export const DIRECTORY: BuiltinTable = { cd, pwd }
export const BASH_DIRECTORY: BuiltinTable = { pushd, popd, dirs }
