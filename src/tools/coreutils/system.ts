/** Programs about the machine and its processes: sleep true false env printenv pwd date hostname uname id whoami ps kill timeout yes nproc uptime echo. */

import { strerror } from "../../linux/errno.ts"
import { BytesFile } from "../../linux/task/file.ts"
import type { Process } from "../../linux/task/process.ts"
import { parseSignal } from "../../linux/task/signal.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { strftime } from "../../shell/time.ts"
import { defineTool } from "../../shell/tool.ts"
import { SECOND } from "../../sim/simulation.ts"
import { withOptions } from "./text.ts"

/** `1.5`, `2m`, `1h`, `infinity` in nanoseconds. */
function duration(text: string): number | undefined {
  if (text === "infinity" || text === "inf") return Number.POSITIVE_INFINITY
  const match = /^(\d*\.?\d+)([smhd]?)$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * { "": 1, s: 1, m: 60, h: 3600, d: 86400 }[match[2] as "" | "s" | "m" | "h" | "d"] * SECOND
}

const sleep = defineTool("sleep", async (proc) => {
  const parts = proc.argv.slice(1).map(duration)
  if (parts.length === 0) {
    await proc.err("sleep: missing operand\nTry 'sleep --help' for more information.\n")
    return 1
  }
  const bad = parts.indexOf(undefined)
  if (bad >= 0) {
    await proc.err(`sleep: invalid time interval '${proc.argv[bad + 1]}'\nTry 'sleep --help' for more information.\n`)
    return 1
  }
  await proc.task.wait(
    [],
    parts.reduce<number>((sum, part) => sum + (part ?? 0), 0),
  )
  return 0
})

const echo = defineTool("echo", async (proc) => {
  const newline = proc.argv[1] !== "-n"
  await proc.out(proc.argv.slice(newline ? 1 : 2).join(" ") + (newline ? "\n" : ""))
  return 0
})

const env = defineTool("env", async (proc) => {
  const vars = new Map(proc.env)
  let at = 1
  if (proc.argv[at] === "-i") {
    vars.clear()
    at++
  }
  for (; /^[A-Za-z_]\w*=/.test(proc.argv[at] ?? ""); at++) {
    const [name = "", ...rest] = (proc.argv[at] as string).split("=")
    vars.set(name, rest.join("="))
  }
  const command = proc.argv.slice(at)
  if (command.length > 0) return runChild(proc, "env", command, vars)
  for (const [name, value] of vars) await proc.out(`${name}=${value}\n`)
  return 0
})

async function runChild(
  proc: Process,
  name: string,
  command: readonly string[],
  vars: ReadonlyMap<string, string>,
  uid = proc.uid,
): Promise<number> {
  const child = proc.spawn(command, { env: vars, uid })
  if (typeof child !== "string") return (await proc.wait(child)).code
  await proc.err(
    name === "sudo" ? `sudo: ${command[0]}: command not found\n` : `${name}: '${command[0]}': ${strerror(child)}\n`,
  )
  return name === "sudo" ? 1 : child === "ENOENT" ? 127 : 126
}

const printenv = defineTool("printenv", async (proc) => {
  const name = proc.argv[1]
  if (name === undefined) for (const [key, value] of proc.env) await proc.out(`${key}=${value}\n`)
  else {
    const value = proc.env.get(name)
    if (value === undefined) return 1
    await proc.out(`${value}\n`)
  }
  return 0
})

const date = withOptions("date", { u: false, utc: false, d: true, I: false, R: false }, async (proc, parsed) => {
  if (parsed.options.some((option) => option.name === "d")) {
    await proc.err("date: podwire does not support option '-d'\n")
    return 1
  }
  const { sim } = proc.kernel
  const seconds = sim.epoch + Math.floor(sim.now / SECOND)
  const format =
    parsed.operands[0]?.startsWith("+") === true
      ? parsed.operands[0].slice(1)
      : parsed.options.some((o) => o.name === "I")
        ? "%F"
        : "%a %b %e %H:%M:%S %Z %Y"
  await proc.out(`${strftime(format, seconds, sim.now % SECOND)}\n`)
  return 0
})

const hostname = defineTool("hostname", async (proc) => {
  if (proc.argv.length > 1 && !["-s", "-f"].includes(proc.argv[1] as string)) {
    await proc.err(`hostname: podwire does not support '${proc.argv[1]}'\n`)
    return 1
  }
  await proc.out(`${proc.hostname}\n`)
  return 0
})

const uname = withOptions(
  "uname",
  { a: false, s: false, n: false, r: false, v: false, m: false, p: false, i: false, o: false },
  async (proc, parsed) => {
    const flags = new Set(parsed.options.map((option) => option.name))
    const fields: readonly (readonly [string, string])[] = [
      ["s", "Linux"],
      ["n", proc.hostname],
      ["r", proc.kernel.release],
      ["v", "#1 SMP PREEMPT_DYNAMIC"],
      ["m", "x86_64"],
      ["o", "GNU/Linux"],
    ]
    const shown = fields.filter(([name]) => flags.has("a") || flags.has(name) || (flags.size === 0 && name === "s"))
    await proc.out(`${shown.map(([, text]) => text).join(" ")}\n`)
    return 0
  },
)

const id = withOptions("id", { u: false, n: false, g: false }, async (proc, parsed) => {
  const name = proc.uid === 0 ? "root" : "vagrant"
  const flag = (letter: string): boolean => parsed.options.some((option) => option.name === letter)
  if (flag("u") || flag("g")) await proc.out(`${flag("n") ? name : proc.uid}\n`)
  else await proc.out(`uid=${proc.uid}(${name}) gid=${proc.uid}(${name}) groups=${proc.uid}(${name})\n`)
  return 0
})

const whoami = defineTool("whoami", async (proc) => {
  await proc.out(`${proc.uid === 0 ? "root" : "vagrant"}\n`)
  return 0
})

/** Processes that share this one's file tree: what a PID namespace shows. */
const ps = defineTool("ps", async (proc) => {
  const full = /^-?(ef|aux|ax)/.test(proc.argv[1] ?? "")
  const rows = proc.kernel.processes.list().filter((other) => other.fs === proc.fs && (full || other.net === proc.net))
  await proc.out("    PID TTY          TIME CMD\n")
  for (const row of rows)
    await proc.out(
      `${String(row.pid).padStart(7)} ?        00:00:00 ${full ? row.argv.join(" ") : (row.argv[0]?.split("/").pop() ?? "")}\n`,
    )
  return 0
})

const kill = defineTool("kill", async (proc) => {
  const first = proc.argv[1] ?? ""
  const named = first.startsWith("-")
  const signal = named ? parseSignal(first.slice(1)) : "SIGTERM"
  let code = 0
  for (const text of proc.argv.slice(named ? 2 : 1)) {
    const target = proc.kernel.processes.get(Number(text))
    if (target === undefined || signal === undefined) {
      await proc.err(`kill: (${text}) - No such process\n`)
      code = 1
    } else target.kill(signal)
  }
  return code
})

const timeout = withOptions(
  "timeout",
  { s: true, k: true, foreground: false, "preserve-status": false },
  async (proc, parsed) => {
    const [limit = "", ...command] = parsed.operands
    const time = duration(limit)
    if (time === undefined) {
      await proc.err(`timeout: invalid time interval '${limit}'\nTry 'timeout --help' for more information.\n`)
      return 125
    }
    const child = proc.spawn(command)
    if (typeof child === "string") {
      await proc.err(`timeout: failed to run command '${command[0]}': ${strerror(child)}\n`)
      return child === "ENOENT" ? 127 : 126
    }
    const signal = parseSignal(parsed.options.find((option) => option.name === "s")?.value ?? "TERM") ?? "SIGTERM"
    if (child.status === undefined && !(await proc.task.wait(child.exited, time))) {
      child.kill(signal)
      await proc.wait(child)
      return 124
    }
    return (await proc.wait(child)).code
  },
  125,
  true,
)

const yes = defineTool("yes", async (proc) => {
  const line = `${proc.argv.slice(1).join(" ") || "y"}\n`
  const block = line.repeat(Math.ceil(4096 / line.length))
  for (;;) {
    await proc.out(block)
    // Without a reader that blocks, it would never let the clock go on.
    await proc.sleep(1000)
  }
})

const uptime = defineTool("uptime", async (proc) => {
  const { sim } = proc.kernel
  const minutes = Math.floor(sim.now / SECOND / 60)
  await proc.out(
    ` ${strftime("%T", sim.epoch + Math.floor(sim.now / SECOND))} up ${minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n`,
  )
  return 0
})

const simple = (name: string, run: (proc: Process) => string | number): Tool =>
  defineTool(name, async (proc) => {
    const result = run(proc)
    if (typeof result === "number") return result
    await proc.out(result)
    return 0
  })

/** Runs a command as root, or as `-u USER`. */
export const sudo: Tool = defineTool("sudo", async (proc) => {
  let uid = 0
  let at = 1
  const vars = new Map(proc.env)
  for (; proc.argv[at]?.startsWith("-") === true; at++) {
    const flag = proc.argv[at] as string
    if (flag === "-u") uid = proc.argv[++at] === "root" ? 0 : 1000
    else if (flag === "-E" || flag === "-n" || flag === "-H") continue
    else {
      await proc.err(`sudo: podwire does not support option '${flag}'\n`)
      return 1
    }
  }
  for (; /^[A-Za-z_]\w*=/.test(proc.argv[at] ?? ""); at++) {
    const [name = "", ...rest] = (proc.argv[at] as string).split("=")
    vars.set(name, rest.join("="))
  }
  const command = proc.argv.slice(at)
  if (command.length === 0) {
    await proc.err("usage: sudo -h | -K | -k | -V\nusage: sudo [-u user] [VAR=value] [command [arg ...]]\n")
    return 1
  }
  return runChild(proc, "sudo", command, vars, uid)
})

const sysctl = defineTool("sysctl", async (proc) => {
  const quiet = proc.argv.includes("-q") || proc.argv.includes("-qw")
  const onlyValue = proc.argv.includes("-n")
  let code = 0
  for (const item of proc.argv.slice(1).filter((word) => !word.startsWith("-"))) {
    const [key = "", value] = item.split("=")
    const path = `/proc/sys/${key.trim().replaceAll(".", "/")}`
    const read = proc.fs.readText(path)
    if ("errno" in read) {
      await proc.err(`sysctl: cannot stat ${path}: No such file or directory\n`)
      code = 1
      continue
    }
    const errno = value === undefined ? undefined : proc.fs.writeFile(path, value.trim())
    if (errno !== undefined) {
      await proc.err(`sysctl: setting key "${key}": ${strerror(errno)}\n`)
      code = 1
    } else if (!quiet)
      await proc.out(
        onlyValue ? `${(value ?? read.text).trim()}\n` : `${key.trim()} = ${(value ?? read.text).trim()}\n`,
      )
  }
  return code
})

/** Runs a command for each line of input. */
const xargs = withOptions("xargs", { n: true, I: true, r: false, 0: false }, async (proc, parsed) => {
  const words = (await proc.readText()).split(/\s+/).filter((word) => word !== "")
  const command = parsed.operands.length === 0 ? ["echo"] : parsed.operands
  const replace = parsed.options.find((option) => option.name === "I")?.value
  const size = Number(
    parsed.options.find((option) => option.name === "n")?.value ?? (replace === undefined ? words.length || 1 : 1),
  )
  let code = 0
  for (let at = 0; at < Math.max(1, words.length); at += size) {
    const part = words.slice(at, at + size)
    const argv =
      replace === undefined ? [...command, ...part] : command.map((word) => word.replaceAll(replace, part[0] ?? ""))
    const child = proc.spawn(argv, { fds: new Map([[0, new BytesFile(new Uint8Array(0))]]) })
    if (typeof child === "string") {
      await proc.err(`xargs: ${argv[0]}: ${strerror(child)}\n`)
      return 127
    }
    if ((await proc.wait(child)).code !== 0) code = 123
  }
  return code
})

export const SYSTEM_TOOLS: readonly Tool[] = [
  sleep,
  echo,
  env,
  printenv,
  date,
  hostname,
  uname,
  id,
  whoami,
  ps,
  kill,
  timeout,
  yes,
  uptime,
  sysctl,
  xargs,
  simple("true", () => 0),
  simple("false", () => 1),
  simple("pwd", (proc) => `${proc.cwd}\n`),
  simple("nproc", () => "2\n"),
  simple("clear", () => ""),
]
