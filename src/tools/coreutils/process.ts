/** Programs about processes: timeout yes kill env xargs. */
import { strerror } from "../../linux/errno.ts"
import { NullFile } from "../../linux/task/file.ts"
import type { Process } from "../../linux/task/process.ts"
import { parseSignal, type Signal } from "../../linux/task/signal.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { busyboxUsage, helpOf, lists } from "../help/index.ts"
import { tryHelp } from "./manners.ts"
import { misuse, type Options, type Program, program, type Style } from "./program.ts"
import { duration } from "./sleep.ts"

export const timeout: Program = program("timeout", {
  options: {
    s: true,
    k: true,
    v: false,
    foreground: false,
    "preserve-status": false,
    signal: true,
    "kill-after": true,
  },
  usageCode: 125,
  posix: true,
  run: async (proc, options) => {
    const [limit, ...command] = options.operands
    if (limit === undefined || command.length === 0) {
      await proc.err(tryHelp("timeout"))
      return 125
    }
    const time = duration(limit)
    const later = options.value("k", "kill-after")
    const grace = later === undefined ? undefined : duration(later)
    if (time === undefined || (later !== undefined && grace === undefined))
      return misuse(proc, options, `invalid time interval '${time === undefined ? limit : later}'`, 125)
    const signal = parseSignal(options.value("s", "signal") ?? "TERM")
    if (signal === undefined) return misuse(proc, options, `${options.value("s", "signal")}: invalid signal`, 125)
    const child = proc.spawn(command)
    if (typeof child === "string") {
      await proc.err(
        options.style === "gnu"
          ? `timeout: failed to run command '${command[0]}': ${strerror(child)}\n`
          : `timeout: can't execute '${command[0]}': ${strerror(child)}\n`,
      )
      return child === "ENOENT" ? 127 : 126
    }
    return watch(proc, child, time === 0 ? Number.POSITIVE_INFINITY : time, signal, grace, options)
  },
})

/** Waits, and ends what takes too long; being killed itself it takes the command along. */
async function watch(
  proc: Process,
  child: Process,
  time: number,
  signal: Signal,
  grace: number | undefined,
  options: Options,
): Promise<number> {
  for (const own of ["SIGTERM", "SIGINT", "SIGHUP"] as const) proc.on(own, () => child.kill(own))
  if (child.status !== undefined || (await proc.task.wait(child.exited, time))) return (await proc.wait(child)).code
  child.kill(signal)
  const stubborn = grace !== undefined && child.status === undefined && !(await proc.task.wait(child.exited, grace))
  if (stubborn) child.kill("SIGKILL")
  const { code } = await proc.wait(child)
  // The real one sends the signal to its whole group, and SIGKILL spares nobody.
  if (options.style === "gnu" && (stubborn || signal === "SIGKILL")) proc.raise("SIGKILL")
  if (options.has("preserve-status")) return code
  return options.style === "gnu" ? 124 : code
}

export const yes: Program = program("yes", {
  plainInBusybox: true,
  options: {},
  run: async (proc, options) => {
    const line = `${options.operands.join(" ") || "y"}\n`
    const block = line.repeat(Math.max(1, Math.ceil(4096 / line.length)))
    for (;;) {
      await proc.out(block)
      // Without a reader that blocks, it would never let the clock go on.
      await proc.sleep(MILLISECOND)
    }
  },
})

export const kill: Program = (style) =>
  defineTool("kill", async (proc) => {
    const { text, code } = await killMain(proc, style)
    await proc.err(text)
    return code
  })

async function killMain(proc: Process, style: Style): Promise<{ text: string; code: number }> {
  const usage = async (problem = ""): Promise<{ text: string; code: number }> => ({
    text: problem + (style === "gnu" ? (await helpOf(proc, "kill")).help : await busyboxUsage(proc, "kill")),
    code: 1,
  })
  const [, first = ""] = proc.argv
  if (style === "busybox" && first === "--help") return { ...(await usage()), code: 0 }
  if (style === "gnu" && ["-h", "--help", "-V", "--version"].includes(first)) {
    const { help, version = "" } = await helpOf(proc, "kill")
    await proc.out(/h/.test(first) ? help : version)
    return { text: "", code: 0 }
  }
  if (/^(-[lLq]|--(list|table|queue)\b)/.test(first))
    return { text: `kill: podwire does not support option '${first}'\n`, code: 1 }
  const named = first === "-s" || first === "--signal" ? 2 : /^-./.test(first) && first !== "--" ? 1 : 0
  const name = named === 2 ? (proc.argv[2] ?? "") : named === 1 ? first.slice(1) : "TERM"
  const signal = parseSignal(name)
  const pids = proc.argv.slice(1 + named + (first === "--" ? 1 : 0))
  if (signal === undefined && name !== "0")
    return style === "gnu"
      ? usage(`kill: invalid argument ${name[0]}\n`)
      : { text: `kill: bad signal name '${name}'\n`, code: 1 }
  if (pids.length === 0)
    return style === "gnu" ? usage() : { text: "kill: you need to specify whom to kill\n", code: 1 }
  let text = ""
  for (const pid of pids) {
    text += killOne(proc, style, pid, signal)
    if (style === "gnu" && /failed to parse/.test(text)) break
  }
  return { text, code: text === "" ? 0 : 1 }
}

function killOne(proc: Process, style: Style, text: string, signal: Signal | undefined): string {
  if (!/^-?\d+$/.test(text))
    return style === "gnu" ? `kill: failed to parse argument: '${text}'\n` : `kill: invalid number '${text}'\n`
  const target = proc.kernel.processes.get(Number(text))
  if (target === undefined)
    return style === "gnu" ? `kill: (${text}): No such process\n` : `kill: can't kill pid ${text}: No such process\n`
  if (signal !== undefined) target.kill(signal)
  return ""
}

async function runChild(
  proc: Process,
  name: string,
  command: readonly string[],
  vars: ReadonlyMap<string, string>,
  uid: number = proc.uid,
): Promise<number> {
  if (uid === proc.uid) {
    const errno = proc.exec(command, vars)
    await proc.err(
      name === "sudo" ? `sudo: ${command[0]}: command not found\n` : `${name}: '${command[0]}': ${strerror(errno)}\n`,
    )
    return name === "sudo" ? 1 : errno === "ENOENT" ? 127 : 126
  }
  const child = proc.spawn(command, { env: vars, uid })
  if (typeof child !== "string") return (await proc.wait(child)).code
  await proc.err(`sudo: ${command[0]}: command not found\n`)
  return 1
}

export const env: Program = program("env", {
  options: { i: false, u: true, "ignore-environment": false, unset: true, 0: false, null: false },
  posix: true,
  usageCode: 125,
  rewrite: (argv) => argv.map((word, i) => (i === 1 && word === "-" ? "-i" : word)),
  run: async (proc, options) => {
    const vars = new Map(options.has("i", "ignore-environment") ? [] : proc.env)
    for (const name of options.values("u", "unset")) vars.delete(name)
    let at = 0
    for (; /^[^=]+=/.test(options.operands[at] ?? ""); at++) {
      const [name = "", ...rest] = (options.operands[at] as string).split("=")
      vars.set(name, rest.join("="))
    }
    const command = options.operands.slice(at)
    if (command.length > 0) return runChild(proc, "env", command, vars)
    for (const [name, value] of vars) await proc.out(`${name}=${value}${options.has("0", "null") ? "\0" : "\n"}`)
    return 0
  },
})

/** Runs a command as root, or as `-u USER`. */
export const sudo: Tool = defineTool("sudo", async (proc) => {
  let uid = 0
  let at = 1
  let shell: string | undefined
  const vars = new Map(proc.env)
  for (; proc.argv[at]?.startsWith("-") === true; at++) {
    const flag = proc.argv[at] as string
    if (flag === "-u") uid = proc.argv[++at] === "root" ? 0 : 1000
    else if (flag === "-E" || flag === "-n" || flag === "-H" || flag === "-S") continue
    else if (flag === "--") {
      at++
      break
    } else if (flag === "-i" || flag === "-s") shell = flag
    else return sudoAsked(proc, flag)
  }
  for (; /^[A-Za-z_]\w*=/.test(proc.argv[at] ?? ""); at++) {
    const [name = "", ...rest] = (proc.argv[at] as string).split("=")
    vars.set(name, rest.join("="))
  }
  const words = proc.argv.slice(at)
  if (shell === "-i") vars.set("HOME", uid === 0 ? "/root" : "/home/vagrant")
  const command = shell === undefined ? words : ["bash", ...(words.length > 0 ? ["-c", words.join(" ")] : [])]
  if (command.length > 0) return runChild(proc, "sudo", command, vars, uid)
  await proc.err(usageOf((await helpOf(proc, "sudo")).help))
  return 1
})

/** The lines that say how it is called. */
const usageOf = (help: string): string => help.slice(help.indexOf("usage:"), help.indexOf("\n\nOptions:") + 1)

async function sudoAsked(proc: Process, flag: string): Promise<number> {
  const { help } = await helpOf(proc, "sudo")
  if (flag === "-h" || flag === "--help") {
    await proc.out(help)
    return 0
  }
  const problem = flag.startsWith("--") ? `unrecognized option '${flag}'` : `invalid option -- '${flag[1]}'`
  await proc.err(
    lists(help, flag) ? `sudo: podwire does not support option '${flag}'\n` : `sudo: ${problem}\n${usageOf(help)}`,
  )
  return 1
}

/** Words as xargs reads them: quotes and backslashes keep blanks. */
function wordsOf(text: string): string[] | undefined {
  const words: string[] = []
  for (const match of text.matchAll(/(?:'[^'\n]*'|"[^"\n]*"|\\[\s\S]|[^\s'"\\])+|['"]/g)) {
    if (match[0] === "'" || match[0] === '"') return undefined
    words.push(
      match[0].replace(
        /'([^'\n]*)'|"([^"\n]*)"|\\([\s\S])/g,
        (_, a?: string, b?: string, c?: string) => a ?? b ?? c ?? "",
      ),
    )
  }
  return words
}

export const xargs: Program = program("xargs", {
  options: {
    n: true,
    I: true,
    r: false,
    0: false,
    L: true,
    d: true,
    t: false,
    P: true,
    null: false,
    "no-run-if-empty": false,
    "max-args": true,
    replace: true,
  },
  posix: true,
  run: async (proc, options) => {
    const text = await proc.readText()
    const replace = options.value("I", "replace")
    const delimiter = options.has("0", "null") ? "\0" : options.value("d")?.replaceAll("\\n", "\n")
    const words =
      delimiter !== undefined
        ? text
            .replace(new RegExp(`${delimiter.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`), "")
            .split(delimiter)
            .filter((word) => word !== "")
        : replace !== undefined || options.has("L")
          ? text
              .split("\n")
              .map((line) => line.trimStart())
              .filter((line) => line !== "")
          : wordsOf(text)
    if (words === undefined) {
      await proc.err(
        "xargs: unmatched single quote; by default quotes are special to xargs unless you use the -0 option\n",
      )
      return 1
    }
    return runBatches(proc, options, words, replace)
  },
})

async function runBatches(
  proc: Process,
  options: Options,
  words: readonly string[],
  replace: string | undefined,
): Promise<number> {
  const command = options.operands.length === 0 ? ["echo"] : options.operands
  if (words.length === 0 && (options.has("r", "no-run-if-empty") || replace !== undefined)) return 0
  const most = Number(
    options.value("n", "max-args") ?? options.value("L") ?? (replace === undefined ? words.length || 1 : 1),
  )
  let code = 0
  for (let at = 0; at < Math.max(1, words.length); at += most) {
    const part = words.slice(at, at + most).flatMap((word) => (options.has("L") ? (wordsOf(word) ?? [word]) : [word]))
    const argv =
      replace === undefined ? [...command, ...part] : command.map((word) => word.replaceAll(replace, part[0] ?? ""))
    if (options.has("t")) await proc.err(`${argv.join(" ")}\n`)
    const input = new NullFile()
    const child = proc.spawn(argv, { fds: new Map([[0, input]]) })
    input.close()
    if (typeof child === "string") {
      await proc.err(`xargs: ${argv[0]}: ${strerror(child)}\n`)
      return child === "ENOENT" ? 127 : 126
    }
    const status = await proc.wait(child)
    if (status.code === 255) {
      await proc.err(`xargs: ${argv[0]}: exited with status 255; aborting\n`)
      return 124
    }
    if (status.code !== 0) code = 123
  }
  return code
}
