/** Programs about the machine: hostname uname arch nproc uptime tty pwd. */
import type { Process } from "../../linux/task/process.ts"
import { strftime } from "../../shell/time.ts"
import { SECOND } from "../../sim/simulation.ts"
import { formatIpv4 } from "../../wire/address.ts"
import { helpOf } from "../help/index.ts"
import { misuse, type Options, type Program, program, unsupported } from "./program.ts"

/** The first operand is one too many. */
const extraOperand = (proc: Process, options: Options, code = 1): Promise<number> =>
  misuse(proc, options, `extra operand '${options.operands[0]}'`, code)

export const hostname: Program = program("hostname", {
  options: {
    ...{ s: false, short: false, f: false, fqdn: false, long: false, I: false, "all-ip-addresses": false },
  },
  letters: { h: false, V: false },
  usageCode: 255,
  helpCode: 255,
  afterWrongOption: (_, help) => help,
  run: async (proc, options) => {
    if (options.operands.length > 0) return unsupported(proc, "hostname", "setting a name")
    if (options.has("I", "all-ip-addresses"))
      await proc.out(
        `${addressesOf(proc)
          .map((text) => `${text} `)
          .join("")}\n`,
      )
    else await proc.out(`${options.has("s", "short") ? proc.hostname.split(".")[0] : proc.hostname}\n`)
    return 0
  },
})

/** Those that somebody else may reach. */
const addressesOf = (proc: Process): string[] =>
  proc.net.devices
    .filter((dev) => dev !== proc.net.loopback)
    .flatMap((dev) => dev.addresses.map(({ address }) => formatIpv4(address)))

const MACHINE = "x86_64"
/** Letter, long name, and whether `-a` shows it. */
const UNAME: readonly (readonly [letter: string, name: string, inAll: boolean])[] = [
  ["s", "kernel-name", true],
  ["n", "nodename", true],
  ["r", "kernel-release", true],
  ["v", "kernel-version", true],
  ["m", "machine", true],
  ["p", "processor", false],
  ["i", "hardware-platform", false],
  ["o", "operating-system", true],
]

export const uname: Program = program("uname", {
  options: { a: false, all: false, ...Object.fromEntries(UNAME.flat().map((name) => [name, false])) },
  run: async (proc, options) => {
    if (options.operands.length > 0) return extraOperand(proc, options)
    const values: Readonly<Record<string, string>> = {
      s: "Linux",
      n: proc.hostname,
      r: proc.kernel.release,
      v: "#1 SMP PREEMPT_DYNAMIC",
      m: MACHINE,
      p: "unknown",
      i: "unknown",
      o: "GNU/Linux",
    }
    const all = options.has("a", "all")
    const asked = UNAME.filter(([letter, name, inAll]) => (all ? inAll : options.has(letter, name)))
    const letters = asked.length === 0 ? ["s"] : asked.map(([letter]) => letter)
    await proc.out(`${letters.map((letter) => values[letter]).join(" ")}\n`)
    return 0
  },
})

export const arch: Program = program("arch", {
  plainInBusybox: true,
  options: {},
  run: async (proc, options) => {
    if (options.style === "gnu" && options.operands.length > 0) return extraOperand(proc, options)
    await proc.out(`${MACHINE}\n`)
    return 0
  },
})

const PROCESSORS = 2

export const nproc: Program = program("nproc", {
  plainInBusybox: true,
  options: { all: false, ignore: true },
  run: async (proc, options) => {
    const ignored = options.value("ignore") ?? "0"
    if (!/^\d+$/.test(ignored)) {
      await proc.err(`nproc: invalid number: '${ignored}'\n`)
      return 1
    }
    if (options.style === "gnu" && options.operands.length > 0) return extraOperand(proc, options)
    await proc.out(`${Math.max(1, PROCESSORS - Number(ignored))}\n`)
    return 0
  },
})

export const uptime: Program = program("uptime", {
  plainInBusybox: true,
  options: { p: false, pretty: false, s: false, since: false },
  letters: { h: false, V: false },
  afterWrongOption: (_, help) => help,
  run: async (proc, options) => {
    const { sim } = proc.kernel
    const now = sim.epoch + Math.floor(sim.now / SECOND)
    const minutes = Math.floor(sim.now / SECOND / 60)
    if (options.style === "gnu" && options.operands.length > 0) {
      await proc.err((await helpOf(proc, "uptime")).help)
      return 1
    }
    if (options.has("s", "since")) await proc.out(`${strftime("%Y-%m-%d %H:%M:%S", sim.epoch)}\n`)
    else if (options.has("p", "pretty")) await proc.out(`up ${pretty(minutes)}\n`)
    else
      await proc.out(
        ` ${strftime("%T", now)} up ${upFor(minutes)},  0 ${options.style === "gnu" ? "user" : "users"},  load average: 0.00, 0.00, 0.00\n`,
      )
    return 0
  },
})

/** `2 days, 3:04`, `3:04`, `4 min`. */
function upFor(minutes: number): string {
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24]
  const time =
    hours > 0 ? `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, "0")}` : `${minutes % 60} min`
  return `${days > 0 ? `${days} day${days === 1 ? "" : "s"}, ` : ""}${time}`
}

/** `1 hour, 4 minutes`. */
function pretty(minutes: number): string {
  const parts = [
    [Math.floor(minutes / 10080), "week"],
    [Math.floor(minutes / 1440) % 7, "day"],
    [Math.floor(minutes / 60) % 24, "hour"],
    [minutes % 60, "minute"],
  ] as const
  const shown = parts.filter(([count]) => count > 0)
  return (shown.length === 0 ? [[0, "minutes"] as const] : shown)
    .map(([count, word]) => `${count} ${word}${count > 1 ? "s" : ""}`)
    .join(", ")
}

export const tty: Program = program("tty", {
  options: { s: false, silent: false, quiet: false },
  usageCode: 2,
  busyboxCode: 2,
  run: async (proc, options) => {
    if (options.style === "gnu" && options.operands.length > 0) return extraOperand(proc, options, 2)
    if (options.operands.length > 0) await proc.err("tty: ignoring all arguments\n")
    const isTty = proc.fds.get(0)?.isTty === true
    if (!options.has("s", "silent", "quiet")) await proc.out(isTty ? "/dev/pts/0\n" : "not a tty\n")
    return isTty ? 0 : 1
  },
})

export const pwd: Program = program("pwd", {
  options: { L: false, logical: false, P: false, physical: false },
  run: async (proc, options) => {
    if (options.style === "gnu" && options.operands.length > 0) await proc.err("pwd: ignoring non-option arguments\n")
    await proc.out(`${proc.cwd}\n`)
    return 0
  },
})
