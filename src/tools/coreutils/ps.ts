/** ps (procps-ng 4.0.2). A machine sees every process, a container those that share its file tree. */
import type { Process } from "../../linux/task/process.ts"
import { strftime } from "../../shell/time.ts"
import { defineTool } from "../../shell/tool.ts"
import { SECOND } from "../../sim/simulation.ts"
import { busyboxUsage, helpOf } from "../help/index.ts"
import type { Program } from "./program.ts"
import { userName } from "./stat.ts"

interface Column {
  readonly title: string
  readonly width: number
  readonly left?: boolean
  value(row: Process, caller: Process): string
}

const comm = (row: Process): string => row.argv[0]?.split("/").pop() ?? ""
const command = (row: Process): string => row.argv.join(" ")
const elapsed = (row: Process): number => Math.floor((row.kernel.sim.now - row.startTime) / SECOND)
const started = (row: Process): string => strftime("%H:%M", row.kernel.sim.epoch + Math.floor(row.startTime / SECOND))
const two = (value: number): string => String(value).padStart(2, "0")
function etime(row: Process): string {
  const seconds = elapsed(row)
  const [days, hours] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24]
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return days > 0 ? `${days}-${two(hours)}:${rest}` : hours > 0 ? `${two(hours)}:${rest}` : rest
}
/** Programs take no processor's time, and their memory is not known. */
const NOT_KNOWN = (): string => "-"

const COLUMNS: Readonly<Record<string, Column>> = {
  pid: { title: "PID", width: 7, value: (row) => String(row.pid) },
  ppid: { title: "PPID", width: 7, value: (row) => String(row.parent?.pid ?? 0) },
  user: { title: "USER", width: 8, left: true, value: (row, caller) => userName(caller, row.uid) },
  uid: { title: "UID", width: 5, value: (row) => String(row.uid) },
  tty: { title: "TT", width: 8, left: true, value: (row) => (row.fds.get(0)?.isTty === true ? "pts/0" : "?") },
  time: { title: "TIME", width: 8, value: () => "00:00:00" },
  stat: { title: "STAT", width: 4, left: true, value: (row, caller) => (row === caller ? "R" : "S") },
  stime: { title: "STIME", width: 5, left: true, value: started },
  etime: { title: "ELAPSED", width: 11, value: etime },
  etimes: { title: "ELAPSED", width: 7, value: (row) => String(elapsed(row)) },
  comm: { title: "COMMAND", width: 15, left: true, value: comm },
  args: { title: "COMMAND", width: 27, left: true, value: command },
  "%cpu": { title: "%CPU", width: 4, value: () => "0.0" },
  "%mem": { title: "%MEM", width: 4, value: NOT_KNOWN },
  vsz: { title: "VSZ", width: 6, value: NOT_KNOWN },
  rss: { title: "RSS", width: 5, value: NOT_KNOWN },
}
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ cmd: "args", command: "args", ucmd: "comm", tt: "tty", tname: "tty", s: "stat", state: "stat", cputime: "time" },
  ...{ euser: "user", uname: "user", pcpu: "%cpu", pmem: "%mem", vsize: "vsz", rssize: "rss", start_time: "stime" },
}

const titled = (name: string, title: string, more: Partial<Column> = {}): Column => ({
  ...(COLUMNS[name] as Column),
  title,
  ...more,
})
const named = (...names: string[]): Column[] => names.map((name) => COLUMNS[name] as Column)
const TTY = titled("tty", "TTY")
const SHORT_TIME = titled("time", "TIME", { width: 6, value: () => "0:00" })
const C: Column = { title: "C", width: 2, value: () => "0" }

const FORMATS = {
  plain: [...named("pid"), TTY, ...named("time"), titled("comm", "CMD")],
  full: [
    titled("user", "UID"),
    ...named("pid", "ppid"),
    C,
    ...named("stime"),
    TTY,
    ...named("time"),
    titled("args", "CMD"),
  ],
  bsd: [...named("pid"), TTY, ...named("stat"), SHORT_TIME, ...named("args")],
  user: [
    ...named("user", "pid", "%cpu", "%mem", "vsz", "rss"),
    TTY,
    ...named("stat"),
    titled("stime", "START"),
    SHORT_TIME,
    ...named("args"),
  ],
} as const

interface Request {
  columns: readonly Column[]
  header: boolean
  chosen: ((row: Process) => boolean) | undefined
}

class PsError extends Error {
  /** Podwire lacks it: the real program's help would not say so. */
  readonly refused: boolean
  constructor(message: string, refused = false) {
    super(message)
    this.refused = refused
  }
}
const refuse = (what: string): never => {
  throw new PsError(`ps: podwire does not support ${what}`, true)
}

/** Letters with a value, which may be the rest of the word. */
const WITH_VALUE = "CopuUGgqstO"
const LONG: Readonly<Record<string, string>> = { pid: "p", format: "o", user: "u" }

function readRequest(words: readonly string[], caller: Process): Request {
  const request: Request = { columns: FORMATS.plain, header: true, chosen: undefined }
  const choose = (test: (row: Process) => boolean): void => {
    const before = request.chosen
    request.chosen = before === undefined ? test : (row) => before(row) || test(row)
  }
  const asked: Column[] = []
  const apply = (letter: string, value: string): void => {
    if (letter === "e" || letter === "A") choose(() => true)
    else if (letter === "f") request.columns = FORMATS.full
    else if (letter === "o") asked.push(...columnsOf(value, request))
    else if (letter === "p") choose((row) => value.split(/[\s,]+/).includes(String(row.pid)))
    else if (letter === "C") choose((row) => value.split(",").includes(comm(row)))
    else if (letter === "u" || letter === "U")
      choose((row) => value.split(",").some((user) => user === String(row.uid) || user === userName(caller, row.uid)))
    else if (letter !== "w") refuse(`option '-${letter}'`)
  }
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    if (word.startsWith("--")) {
      const [name = "", value] = word.slice(2).split("=", 2)
      const letter = LONG[name]
      if (/^no-?head(ers?|ings?)$/.test(name)) request.header = false
      else if (letter !== undefined) apply(letter, value ?? words[++at] ?? "")
      else if (["sort", "forest", "ppid", "headers", "info", "tty", "width", "cols", "lines"].includes(name))
        refuse(`option '--${name}'`)
      else throw new PsError("error: unknown gnu long option")
    } else if (word.startsWith("-")) {
      for (let i = 1; i < word.length; i++) {
        const letter = word[i] as string
        if (!/[A-Za-z]/.test(letter)) throw new PsError("error: garbage option")
        if (!WITH_VALUE.includes(letter)) apply(letter, "")
        else {
          const rest = word.slice(i + 1)
          const value = rest === "" ? words[++at] : rest
          if (value === undefined)
            throw new PsError("error: list of process IDs must follow -p".replace("-p", `-${letter}`))
          apply(letter, value)
          break
        }
      }
    } else if (/^\d[\d,]*$/.test(word)) choose((row) => word.split(",").includes(String(row.pid)))
    else if (/^[axuwfe]+$/.test(word)) {
      if (/f/.test(word)) refuse("option 'f'")
      request.columns = word.includes("u") ? FORMATS.user : FORMATS.bsd
      if (/[ax]/.test(word)) choose(() => true)
    } else throw new PsError("error: unsupported option (BSD syntax)")
  }
  if (asked.length > 0) request.columns = asked
  return request
}

/** `pid,ppid,cmd`, `pid=`, `comm=NAME`. */
function columnsOf(text: string, request: Request): Column[] {
  const parts = /=[^,]*$/.test(text) && !text.includes(",") ? [text] : text.split(/[,\s]+/)
  const columns = parts.map((part) => {
    const [name = "", title] = part.split("=", 2)
    const column = COLUMNS[OTHER_NAMES[name] ?? name]
    if (column === undefined) throw new PsError(`error: unknown user-defined format specifier "${name}"`)
    const shown = /^(cmd|ucmd)$/.test(name) ? "CMD" : column.title
    return { ...column, title: title ?? shown, width: Math.max(column.width, (title ?? shown).length) }
  })
  if (columns.every(({ title }) => title === "")) request.header = false
  return columns
}

function line(columns: readonly Column[], cell: (column: Column) => string): string {
  const cells = columns.map((column, i) => {
    const text = cell(column)
    if (column.left !== true) return text.padStart(column.width)
    return i === columns.length - 1 ? text : text.padEnd(column.width)
  })
  return `${cells.join(" ")}\n`
}

function visible(proc: Process): Process[] {
  const { processes, root } = proc.kernel
  return processes.list().filter((other) => proc.fs === root || other.fs === proc.fs)
}

async function procps(proc: Process): Promise<number> {
  const [, first = ""] = proc.argv
  if (/^(--help|--version|-V|V)$/.test(first)) {
    const { help, version = "" } = await helpOf(proc, "ps")
    await proc.out(first === "--help" ? help : version)
    return 0
  }
  try {
    const { columns, header, chosen } = readRequest(proc.argv.slice(1), proc)
    const rows = visible(proc).filter(chosen ?? ((row) => row.root === proc.root))
    const lines = rows.map((row) => line(columns, (column) => column.value(row, proc)))
    await proc.out((header ? line(columns, ({ title }) => title) : "") + lines.join(""))
    return rows.length === 0 ? 1 : 0
  } catch (error) {
    if (!(error instanceof PsError)) throw error
    await proc.err(`${error.message}\n${error.refused ? "" : (await helpOf(proc, "ps")).help}`)
    return 1
  }
}

/** busybox's takes no options but `-o`, `-T`. */
async function busybox(proc: Process): Promise<number> {
  const wrong = proc.argv.slice(1).find((word) => word.startsWith("-"))
  if (wrong === "--help") {
    await proc.err(await busyboxUsage(proc, "ps"))
    return 0
  }
  if (wrong !== undefined) {
    const known = /^-[oT]/.test(wrong)
    await proc.err(
      known
        ? `ps: podwire does not support option '${wrong.slice(0, 2)}'\n`
        : `ps: ${wrong.startsWith("--") ? `unrecognized option '${wrong}'` : `invalid option -- '${wrong[1]}'`}\n${await busyboxUsage(proc, "ps")}`,
    )
    return 1
  }
  await proc.out("PID   USER     TIME  COMMAND\n")
  for (const row of visible(proc))
    await proc.out(`${String(row.pid).padStart(5)} ${userName(proc, row.uid).padEnd(8)}  0:00 ${command(row)}\n`)
  return 0
}

export const ps: Program = (style) => defineTool("ps", style === "gnu" ? procps : busybox)
