/** Programs about the machine and its users: printenv hostname uname id whoami groups tty uptime sysctl nproc seq expr, and the smallest ones. */
import { strerror } from "../../linux/errno.ts"
import { formatPrintf, unescapeText } from "../../shell/printf.ts"
import { strftime } from "../../shell/time.ts"
import { defineTool } from "../../shell/tool.ts"
import { SECOND } from "../../sim/simulation.ts"
import { misuse, type Program, program } from "./program.ts"
import { groupName, userName } from "./stat.ts"

export const echo: Program = () =>
  defineTool("echo", async (proc) => {
    let at = 1
    let [newline, escapes] = [true, false]
    for (; /^-[neE]+$/.test(proc.argv[at] ?? ""); at++)
      for (const letter of (proc.argv[at] as string).slice(1)) {
        if (letter === "n") newline = false
        else escapes = letter === "e"
      }
    const plain = proc.argv.slice(at).join(" ")
    const { text, stop } = escapes ? unescapeText(plain, "zero") : { text: plain, stop: false }
    await proc.out(text + (newline && !stop ? "\n" : ""))
    return 0
  })

export const printf: Program = () =>
  defineTool("printf", async (proc) => {
    const [format, ...args] = proc.argv.slice(proc.argv[1] === "--" ? 2 : 1)
    if (format === undefined) return misuse(proc, "printf", "missing operand")
    const { text, errors } = formatPrintf(format, args)
    await proc.out(text)
    for (const error of errors)
      await proc.err(`printf: ${error.replace(/^(.*): invalid number$/, "'$1': expected a numeric value")}\n`)
    return errors.length > 0 ? 1 : 0
  })

export const printenv: Program = program("printenv", {
  options: { 0: false },
  usageCode: 2,
  run: async (proc, options) => {
    let code = 0
    if (options.operands.length === 0) for (const [key, value] of proc.env) await proc.out(`${key}=${value}\n`)
    for (const name of options.operands) {
      const value = proc.env.get(name)
      if (value === undefined) code = 1
      else await proc.out(`${value}\n`)
    }
    return code
  },
})

export const hostname: Program = program("hostname", {
  options: { s: false, f: false },
  run: async (proc, options) => {
    if (options.operands.length > 0) {
      await proc.err(`hostname: podwire does not support setting a name\n`)
      return 1
    }
    await proc.out(`${options.has("s") ? proc.hostname.split(".")[0] : proc.hostname}\n`)
    return 0
  },
})

export const uname: Program = program("uname", {
  options: { a: false, s: false, n: false, r: false, v: false, m: false, p: false, i: false, o: false, all: false },
  run: async (proc, options) => {
    if (options.operands.length > 0) return misuse(proc, "uname", `extra operand '${options.operands[0]}'`)
    const fields: readonly (readonly [string, string])[] = [
      ["s", "Linux"],
      ["n", proc.hostname],
      ["r", proc.kernel.release],
      ["v", "#1 SMP PREEMPT_DYNAMIC"],
      ["m", "x86_64"],
      ["o", "GNU/Linux"],
    ]
    const all = options.has("a", "all")
    const asked = fields.some(([name]) => options.has(name))
    const shown = fields.filter(([name]) => all || options.has(name) || (!asked && name === "s"))
    await proc.out(`${shown.map(([, text]) => text).join(" ")}\n`)
    return 0
  },
})

export const id: Program = program("id", {
  options: { u: false, n: false, g: false, G: false, r: false, user: false, group: false, groups: false, name: false },
  run: async (proc, options) => {
    const [user, group] = [userName(proc, proc.uid), groupName(proc, proc.uid)]
    const name = options.has("n", "name")
    if (options.has("u", "user")) await proc.out(`${name ? user : proc.uid}\n`)
    else if (options.has("g", "G", "group", "groups")) await proc.out(`${name ? group : proc.uid}\n`)
    else await proc.out(`uid=${proc.uid}(${user}) gid=${proc.uid}(${group}) groups=${proc.uid}(${group})\n`)
    return 0
  },
})

export const uptime: Program = () =>
  defineTool("uptime", async (proc) => {
    const { sim } = proc.kernel
    const minutes = Math.floor(sim.now / SECOND / 60)
    await proc.out(
      ` ${strftime("%T", sim.epoch + Math.floor(sim.now / SECOND))} up ${minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n`,
    )
    return 0
  })

export const tty: Program = () =>
  defineTool("tty", async (proc) => {
    const isTty = proc.fds.get(0)?.isTty === true
    await proc.out(isTty ? "/dev/pts/0\n" : "not a tty\n")
    return isTty ? 0 : 1
  })

export const sysctl: Program = () =>
  defineTool("sysctl", async (proc) => {
    const quiet = proc.argv.includes("-q") || proc.argv.includes("-qw")
    const onlyValue = proc.argv.includes("-n")
    const unknown = proc.argv.slice(1).find((word) => /^-/.test(word) && !/^-(q|qw|n|w)$/.test(word))
    if (unknown !== undefined) {
      await proc.err(`sysctl: podwire does not support option '${unknown}'\n`)
      return 1
    }
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
      const shown = (value ?? read.text).trim()
      if (errno !== undefined) {
        await proc.err(`sysctl: setting key "${key}": ${strerror(errno)}\n`)
        code = 1
      } else if (!quiet) await proc.out(onlyValue ? `${shown}\n` : `${key.trim()} = ${shown}\n`)
    }
    return code
  })

const text =
  (name: string, make: (proc: Parameters<Parameters<typeof defineTool>[1]>[0]) => string): Program =>
  () =>
    defineTool(name, async (proc) => {
      await proc.out(make(proc))
      return 0
    })

export const whoami: Program = text("whoami", (proc) => `${userName(proc, proc.uid)}\n`)
export const groups: Program = text("groups", (proc) => `${groupName(proc, proc.uid)}\n`)
export const pwd: Program = text("pwd", (proc) => `${proc.cwd}\n`)
export const nproc: Program = text("nproc", () => "2\n")
export const arch: Program = text("arch", () => "x86_64\n")
export const clear: Program = text("clear", () => "\x1b[H\x1b[2J\x1b[3J")

const exits =
  (name: string, code: number): Program =>
  () =>
    defineTool(name, async () => code)

const trueProgram: Program = exits("true", 0)
const falseProgram: Program = exits("false", 1)

export { falseProgram as false, trueProgram as true }
