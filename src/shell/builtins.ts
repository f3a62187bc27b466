/** Commands the shell runs itself. */

import { findProgram } from "../linux/task/process-table.ts"
import { parseSignal } from "../linux/task/signal.ts"
import { evaluateTest } from "./condition.ts"
import { Flow, type Job, ReturnFlow } from "./flow.ts"
import { formatPrintf, unescapeEcho } from "./printf.ts"
import type { Shell } from "./shell.ts"

export type Builtin = (shell: Shell, argv: string[]) => Promise<number>

const status = (argv: string[], otherwise: number): number =>
  argv[1] === undefined ? otherwise : Number(argv[1]) & 255

async function echo(shell: Shell, argv: string[]): Promise<number> {
  let at = 1
  let newline = true
  let escapes = false
  for (; /^-[neE]+$/.test(argv[at] ?? ""); at++) {
    const flags = argv[at] as string
    if (flags.includes("n")) newline = false
    if (flags.includes("e")) escapes = true
    if (flags.includes("E")) escapes = false
  }
  const text = argv.slice(at).join(" ")
  await shell.proc.out((escapes ? unescapeEcho(text) : text) + (newline ? "\n" : ""))
  return 0
}

async function printf(shell: Shell, argv: string[]): Promise<number> {
  if (argv[1] === undefined) {
    await shell.proc.err(`${shell.options.name}: printf: usage: printf [-v var] format [arguments]\n`)
    return 2
  }
  if (argv[1] === "-v" && argv[2] !== undefined) {
    shell.set(argv[2], formatPrintf(argv[3] ?? "", argv.slice(4)))
    return 0
  }
  await shell.proc.out(formatPrintf(argv[1], argv.slice(2)))
  return 0
}

async function cd(shell: Shell, argv: string[]): Promise<number> {
  const target = argv[1] === "-" ? (shell.get("OLDPWD") ?? "") : (argv[1] ?? shell.get("HOME") ?? "/")
  const path = shell.proc.path(target)
  const stat = shell.fs.stat(path)
  if (typeof stat === "string" || stat.type !== "directory") {
    const reason = typeof stat === "string" ? "No such file or directory" : "Not a directory"
    await shell.complain(shell.options.numbered ? `cd: ${target}: ${reason}` : `cd: can't cd to ${target}: ${reason}`)
    return 1
  }
  shell.set("OLDPWD", shell.proc.cwd)
  shell.proc.cwd = path
  if (argv[1] === "-") await shell.proc.out(`${path}\n`)
  return 0
}

async function exportVariables(shell: Shell, argv: string[]): Promise<number> {
  if (argv.length === 1 || argv[1] === "-p") {
    for (const [name, value] of [...shell.proc.env].sort()) await shell.proc.out(`declare -x ${name}="${value}"\n`)
    return 0
  }
  for (const item of argv.slice(1)) {
    const [name = "", ...rest] = item.split("=")
    const value = rest.length > 0 ? rest.join("=") : shell.get(name)
    shell.variables.delete(name)
    if (value !== undefined) shell.proc.env.set(name, value)
  }
  return 0
}

async function set(shell: Shell, argv: string[]): Promise<number> {
  if (argv.length === 1) {
    for (const [name, value] of [...shell.proc.env, ...shell.variables].sort())
      await shell.proc.out(`${name}=${value}\n`)
    return 0
  }
  let at = 1
  for (; /^[-+]./.test(argv[at] ?? "") && argv[at] !== "--"; at++) {
    const flag = argv[at] as string
    const on = flag[0] === "-"
    if (flag.slice(1) === "o") {
      if (!option(shell, argv[++at] ?? "", on)) {
        await shell.complain(`set: ${argv[at] ?? ""}: invalid option name`)
        return 2
      }
      continue
    }
    for (const letter of flag.slice(1)) {
      if (letter === "o" && flag.length > 2) {
        if (!option(shell, argv[++at] ?? "", on)) return 2
      } else if (!option(shell, letter, on)) {
        await shell.complain(`set: ${flag[0]}${letter}: invalid option`)
        return 2
      }
    }
  }
  if (argv[at] === "--") at++
  else if (at === argv.length) return 0
  shell.args = argv.slice(at)
  return 0
}

function option(shell: Shell, name: string, on: boolean): boolean {
  if (name === "e" || name === "errexit") shell.errexit = on
  else if (name === "u" || name === "nounset") shell.nounset = on
  else if (name === "x" || name === "xtrace") shell.xtrace = on
  else if (name === "pipefail") shell.pipefail = on
  else return false
  return true
}

async function read(shell: Shell, argv: string[]): Promise<number> {
  const raw = argv.includes("-r")
  const names = argv.slice(1).filter((arg) => !arg.startsWith("-"))
  let line = ""
  let ended = true
  const decoder = new TextDecoder()
  for (;;) {
    const chunk = await shell.proc.read(0, 1)
    if (chunk.length === 0) break
    const c = decoder.decode(chunk, { stream: true })
    if (c === "\n") {
      if (!raw && line.endsWith("\\")) {
        line = line.slice(0, -1)
        continue
      }
      ended = false
      break
    }
    line += c
  }
  const ifs = shell.get("IFS") ?? " \t\n"
  const fields =
    ifs === ""
      ? [line]
      : line.split(new RegExp(`[${ifs.replace(/[\\\]^-]/g, "\\$&")}]+`)).filter((f, i) => f !== "" || i > 0)
  if (names.length === 0) shell.set("REPLY", line)
  names.forEach((name, i) => {
    shell.set(
      name,
      i === names.length - 1 && names.length > 1
        ? fields.slice(i).join(" ").trim()
        : i === 0 && names.length === 1
          ? line.trim()
          : (fields[i] ?? ""),
    )
  })
  return ended && line === "" ? 1 : 0
}

function findJob(shell: Shell, spec: string): Job | undefined {
  if (spec === "%%" || spec === "%+" || spec === "") return shell.jobs[shell.jobs.length - 1]
  if (spec.startsWith("%")) return shell.jobs.find((job) => String(job.id) === spec.slice(1))
  return shell.jobs.find((job) => String(job.process.pid) === spec)
}

function forget(shell: Shell, job: Job): void {
  const at = shell.jobs.indexOf(job)
  if (at >= 0) shell.jobs.splice(at, 1)
}

async function wait(shell: Shell, argv: string[]): Promise<number> {
  if (argv.length === 1) {
    for (const job of [...shell.jobs]) {
      await shell.proc.wait(job.process)
      forget(shell, job)
    }
    return 0
  }
  let code = 0
  for (const spec of argv.slice(1)) {
    const job = findJob(shell, spec)
    if (job === undefined) {
      await shell.complain(
        spec.startsWith("%") ? `wait: ${spec}: no such job` : `wait: pid ${spec} is not a child of this shell`,
      )
      code = 127
      continue
    }
    code = (await shell.proc.wait(job.process)).code
    forget(shell, job)
  }
  return code
}

async function jobs(shell: Shell): Promise<number> {
  for (const [i, job] of [...shell.jobs].entries()) {
    const mark = i === shell.jobs.length - 1 ? "+" : i === shell.jobs.length - 2 ? "-" : " "
    const state = job.process.status === undefined ? "Running" : "Done"
    await shell.proc.out(`[${job.id}]${mark}  ${state.padEnd(24)}${job.text}${state === "Running" ? " &" : ""}\n`)
    if (job.process.status !== undefined) forget(shell, job)
  }
  return 0
}

async function kill(shell: Shell, argv: string[]): Promise<number> {
  let at = 1
  let signal = parseSignal("TERM")
  const first = argv[1] ?? ""
  if (first === "-s") {
    signal = parseSignal(argv[2] ?? "")
    at = 3
  } else if (/^-[A-Za-z0-9]+$/.test(first)) {
    signal = parseSignal(first.slice(1))
    at = 2
  }
  if (signal === undefined) {
    await shell.complain(`kill: ${first.replace(/^-/, "")}: invalid signal specification`)
    return 1
  }
  let code = 0
  for (const spec of argv.slice(at)) {
    const job = spec.startsWith("%") ? findJob(shell, spec) : undefined
    const target = job?.process ?? (/^\d+$/.test(spec) ? shell.proc.kernel.processes.get(Number(spec)) : undefined)
    if (target !== undefined) {
      killTree(target, signal)
      continue
    }
    await shell.complain(
      spec.startsWith("%")
        ? `kill: ${spec}: no such job`
        : /^\d+$/.test(spec)
          ? `kill: (${spec}) - No such process`
          : `kill: ${spec}: arguments must be process or job IDs`,
    )
    code = 1
  }
  return code
}

/** A job's shell and what it runs: one process group. */
function killTree(
  target: import("../linux/task/process.ts").Process,
  signal: NonNullable<ReturnType<typeof parseSignal>>,
): void {
  for (const child of [...target.children]) if (child.group === target.group) killTree(child, signal)
  target.kill(signal)
}

async function trap(shell: Shell, argv: string[]): Promise<number> {
  const action = argv[1]
  if (action === undefined) {
    for (const [name, text] of shell.traps) await shell.proc.out(`trap -- '${text}' ${name}\n`)
    return 0
  }
  for (const name of argv.slice(2)) {
    if (name === "EXIT" || name === "0") {
      if (action === "-") shell.traps.delete("EXIT")
      else shell.traps.set("EXIT", action)
      continue
    }
    const signal = parseSignal(name)
    if (signal === undefined) {
      await shell.complain(`trap: ${name}: invalid signal specification`)
      return 1
    }
    if (action === "-") shell.proc.off(signal)
    else if (action === "") shell.proc.ignore(signal)
    else shell.proc.on(signal, () => void shell.proc.kernel.sim.spawn(() => shell.script(action)))
  }
  return 0
}

async function type(shell: Shell, argv: string[]): Promise<number> {
  let code = 0
  for (const name of argv.slice(1)) {
    const found = findProgram(shell.fs, shell.proc.env, shell.cwd, [name])
    if (shell.functions.has(name)) await shell.proc.out(`${name} is a function\n`)
    else if (BUILTINS.has(name)) await shell.proc.out(`${name} is a shell builtin\n`)
    else if (typeof found !== "string") await shell.proc.out(`${name} is ${found.path}\n`)
    else {
      await shell.complain(`type: ${name}: not found`)
      code = 1
    }
  }
  return code
}

async function command(shell: Shell, argv: string[]): Promise<number> {
  if (argv[1] === "-v" || argv[1] === "-V") {
    const name = argv[2] ?? ""
    const found = findProgram(shell.fs, shell.proc.env, shell.cwd, [name])
    if (shell.functions.has(name) || BUILTINS.has(name)) await shell.proc.out(`${name}\n`)
    else if (typeof found !== "string") await shell.proc.out(`${found.path}\n`)
    else return 1
    return 0
  }
  const builtin = BUILTINS.get(argv[1] ?? "")
  return builtin === undefined ? shell.external(argv.slice(1)) : builtin(shell, argv.slice(1))
}

async function source(shell: Shell, argv: string[]): Promise<number> {
  const read = shell.fs.readText(shell.proc.path(argv[1] ?? ""))
  if ("errno" in read) {
    await shell.complain(`${argv[1] ?? ""}: No such file or directory`)
    return 1
  }
  try {
    return await shell.script(read.text)
  } catch (thrown) {
    if (thrown instanceof ReturnFlow) return thrown.status
    throw thrown
  }
}

async function local(shell: Shell, argv: string[]): Promise<number> {
  const scope = shell.locals[shell.locals.length - 1]
  if (scope === undefined) {
    await shell.complain("local: can only be used in a function")
    return 1
  }
  for (const item of argv.slice(1)) {
    const [name = "", ...rest] = item.split("=")
    if (!scope.has(name)) scope.set(name, shell.get(name))
    shell.set(name, rest.join("="))
  }
  return 0
}

function leaveLoop(kind: "break" | "continue"): Builtin {
  return async (shell, argv) => {
    if (shell.loopDepth === 0) return 0
    throw new Flow(kind, Math.max(1, Number(argv[1] ?? 1)))
  }
}

/** Words the shell knows and podwire does not have: refused by name. */
function refused(name: string): Builtin {
  return async (shell) => {
    await shell.complain(`${name}: podwire does not support this builtin`)
    return 2
  }
}

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [":", async () => 0],
  ["true", async () => 0],
  ["false", async () => 1],
  ["echo", echo],
  ["printf", printf],
  ["cd", cd],
  [
    "pwd",
    async (shell) => {
      await shell.proc.out(`${shell.cwd}\n`)
      return 0
    },
  ],
  ["export", exportVariables],
  ["set", set],
  [
    "unset",
    async (shell, argv) => {
      for (const name of argv.slice(1)) {
        shell.unset(name)
        shell.functions.delete(name)
      }
      return 0
    },
  ],
  [
    "shift",
    async (shell, argv) => {
      const count = status(argv, 1)
      if (count > shell.args.length) return 1
      shell.args = shell.args.slice(count)
      return 0
    },
  ],
  ["read", read],
  ["wait", wait],
  ["jobs", jobs],
  ["kill", kill],
  ["trap", trap],
  ["type", type],
  ["command", command],
  [".", source],
  ["source", source],
  ["local", local],
  ["break", leaveLoop("break")],
  ["continue", leaveLoop("continue")],
  [
    "return",
    async (shell, argv) => {
      throw new ReturnFlow(status(argv, shell.status))
    },
  ],
  [
    "exit",
    async (shell, argv) => {
      return shell.proc.exit(status(argv, shell.status))
    },
  ],
  ["eval", (shell, argv) => shell.script(argv.slice(1).join(" "))],
  [
    "exec",
    async (shell, argv) => {
      return shell.proc.exit(await shell.external(argv.slice(1)))
    },
  ],
  ["test", (shell, argv) => evaluateTest(shell, argv[0] as string, argv.slice(1))],
  [
    "[",
    async (shell, argv) => {
      if (argv[argv.length - 1] === "]") return evaluateTest(shell, "[", argv.slice(1, -1))
      await shell.complain("[: missing `]'")
      return 2
    },
  ],
  [
    "[[",
    async (shell, argv) => {
      if (argv[argv.length - 1] === "]]") return evaluateTest(shell, "[[", argv.slice(1, -1))
      return 2
    },
  ],
  ["umask", async () => 0],
  ...[
    "ulimit",
    "alias",
    "bind",
    "complete",
    "fg",
    "bg",
    "disown",
    "mapfile",
    "select",
    "let",
    "declare",
    "typeset",
    "readonly",
    "getopts",
    "hash",
  ].map((name): [string, Builtin] => [name, refused(name)]),
])
