/** A shell as a program: its command line, its script. */
import { strerror } from "../linux/errno.ts"
import type { Process } from "../linux/task/process.ts"
import { setOption } from "./builtins/variable.ts"
import { interact, onInterrupt } from "./interactive.ts"
import { Shell, type ShellOptions } from "./shell.ts"

interface Invocation {
  /** Of `set`: letters and names. */
  flags: [string, boolean][]
  script: string | undefined
  interactive: boolean
  fromInput: boolean
  args: string[]
}

const LONG: ReadonlySet<string> = new Set(["--norc", "--noprofile", "--login", "--posix", "--noediting"])

/** What the command line says, or the words of a refusal. */
function readInvocation(argv: readonly string[]): Invocation | { refused: string } {
  const args = [...argv.slice(1)]
  const result: Invocation = { flags: [], script: undefined, interactive: false, fromInput: false, args }
  let command = false
  while (/^[-+]./.test(args[0] ?? "")) {
    const word = args.shift() as string
    if (word === "--") break
    if (word.startsWith("--")) {
      if (!LONG.has(word)) return { refused: `${word}: invalid option` }
      continue
    }
    const on = word.startsWith("-")
    for (const letter of word.slice(1)) {
      if (letter === "c") command = true
      else if (letter === "i") result.interactive = true
      else if (letter === "s") result.fromInput = true
      else if (letter === "l") continue
      else if (letter === "o") result.flags.push([args.shift() ?? "", on])
      else if ("aefhuxCnvbmBEHT".includes(letter)) result.flags.push([letter, on])
      else return { refused: `${on ? "-" : "+"}${letter}: invalid option` }
    }
  }
  if (command) {
    result.script = args.shift()
    if (result.script === undefined) return { refused: "-c: option requires an argument" }
  }
  return result
}

/** bash says how it is called, and what it is to whoever asks; ash only complains. */
async function refuse(proc: Process, { name, numbered }: ShellOptions, problem: string): Promise<number> {
  const asked = numbered ? /^--(help|version): /.exec(problem)?.[1] : undefined
  const { BASH_HELP, BASH_USAGE, BASH_VERSION } = await proc.task.load(() => import("./bash-help.ts"))
  if (asked !== undefined) await proc.out(asked === "help" ? BASH_HELP : BASH_VERSION)
  else await proc.err(`${name}: ${problem}\n${numbered && problem.endsWith("invalid option") ? BASH_USAGE : ""}`)
  return asked === undefined ? 2 : 0
}

export async function main(proc: Process, options: ShellOptions): Promise<number> {
  const invocation = readInvocation(proc.argv)
  if ("refused" in invocation) return refuse(proc, options, invocation.refused)
  const { args } = invocation
  let { script } = invocation
  let name = options.name
  const fromString = script !== undefined
  if (fromString) name = args.shift() ?? name
  else if (!invocation.fromInput && args[0] !== undefined) {
    name = args.shift() as string
    const file = proc.fs.readText(proc.path(name))
    if ("errno" in file) {
      await proc.err(
        options.numbered
          ? `${options.name}: ${name}: ${file.errno === "EISDIR" ? "Is a directory" : strerror(file.errno)}\n`
          : `${options.name}: can't open '${name}': ${strerror(file.errno)}\n`,
      )
      return options.numbered ? (file.errno === "ENOENT" ? 127 : 126) : 2
    }
    script = file.text
  }
  // ash says the script's name where bash does, and its own before everything else.
  const shell = new Shell(proc, options.numbered || fromString ? options : { ...options, name }, name, args)
  shell.fromString = fromString
  for (const [flag, on] of invocation.flags) {
    const code = await setOption(shell, flag, on, flag.length > 1)
    if (code !== 0) return code
  }
  shell.variables.exportAll = shell.flags.has("allexport")
  if (script === undefined && (invocation.interactive || proc.fds.get(0)?.isTty === true)) return interact(shell)
  proc.on("SIGINT", () => onInterrupt(shell))
  return shell.main(script ?? (await proc.readText()))
}
