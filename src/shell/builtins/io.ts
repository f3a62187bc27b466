/** echo printf read mapfile. */
import { SECOND } from "../../sim/simulation.ts"
import { type BuiltinTable, isName, letters, usage, write } from "../builtin.ts"
import { formatPrintf, unescapeText } from "../printf.ts"
import type { Shell } from "../shell.ts"

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
  const plain = argv.slice(at).join(" ")
  const { text, stop } = escapes ? unescapeText(plain, "zero") : { text: plain, stop: false }
  return write(shell, "echo", text + (newline && !stop ? "\n" : ""))
}

async function printf(shell: Shell, argv: string[]): Promise<number> {
  let at = 1
  let variable: string | undefined
  if (argv[at] === "-v" && shell.isBash) {
    variable = argv[at + 1]
    at += 2
  }
  if (argv[at] === "--") at++
  const format = argv[at]
  if (format === undefined) return usage(shell, "printf [-v var] format [arguments]")
  const now = shell.proc.kernel.sim.epoch + Math.floor(shell.proc.kernel.sim.now / SECOND)
  const { text, errors } = formatPrintf(format, argv.slice(at + 1), now)
  if (variable !== undefined) shell.set(variable, text)
  else if (text !== "") await write(shell, "printf", text)
  for (const error of errors)
    await shell.complain(
      shell.isBash ? `printf: ${error}` : error.replace(/^(.*): invalid number$/, "invalid number '$1'"),
    )
  return errors.length > 0 ? 1 : 0
}

// ── read ──────────────────────────────────────────────────────────────────────────────────────

interface ReadOptions {
  raw: boolean
  array: string | undefined
  delimiter: string
  count: number
  timeout: number | undefined
  fd: number
  names: string[]
}

/** A character, and whether a backslash made it ordinary. */
type Typed = [string, boolean]

class TimedOut {}

function readOptions(argv: readonly string[]): ReadOptions | { bad: string } {
  const options: ReadOptions = {
    raw: false,
    array: undefined,
    delimiter: "\n",
    count: Number.POSITIVE_INFINITY,
    timeout: undefined,
    fd: 0,
    names: [],
  }
  let at = 1
  for (; /^-./.test(argv[at] ?? "") && argv[at] !== "--"; at++) {
    const word = argv[at] as string
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] as string
      if (letter === "r") options.raw = true
      else if (letter === "s" || letter === "e") continue
      else if ("pndtuaNi".includes(letter)) {
        const value = word.slice(i + 1) || (argv[++at] ?? "")
        if (letter === "a") options.array = value
        if (letter === "d") options.delimiter = value.slice(0, 1) || "\0"
        if (letter === "n" || letter === "N") options.count = Number(value)
        if (letter === "N") options.delimiter = ""
        if (letter === "t") options.timeout = Number(value)
        if (letter === "u") options.fd = Number(value)
        break
      } else return { bad: `-${letter}` }
    }
  }
  options.names = argv.slice(argv[at] === "--" ? at + 1 : at)
  return options
}

async function read(shell: Shell, argv: string[]): Promise<number> {
  const options = readOptions(argv)
  if ("bad" in options) {
    await shell.complainAs("read", `${options.bad}: invalid option`)
    return usage(
      shell,
      "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
    )
  }
  const wrong = options.names.find((name) => !isName(name.replace(/\[.*\]$/, "")))
  if (wrong !== undefined) {
    await shell.complain(`read: \`${wrong}': not a valid identifier`)
    return 1
  }
  if (!shell.proc.fds.has(options.fd)) {
    await shell.complain(`read: ${options.fd}: invalid file descriptor: Bad file descriptor`)
    return 1
  }
  const { typed, ended, timedOut } = await readTyped(shell, options)
  store(shell, options, typed)
  return timedOut ? 142 : ended ? 1 : 0
}

async function readTyped(
  shell: Shell,
  options: ReadOptions,
): Promise<{ typed: Typed[]; ended: boolean; timedOut: boolean }> {
  const { proc } = shell
  const typed: Typed[] = []
  const decoder = new TextDecoder()
  const timer =
    options.timeout === undefined
      ? undefined
      : proc.kernel.sim.schedule(options.timeout * SECOND, { fire: () => proc.interrupt(new TimedOut()) }, 0)
  let escaped = false
  try {
    for (;;) {
      if (typed.length >= options.count) return { typed, ended: false, timedOut: false }
      const chunk = await proc.read(options.fd, 1)
      if (chunk.length === 0) return { typed, ended: true, timedOut: false }
      const c = decoder.decode(chunk, { stream: true })
      if (c === "" || (c === "\0" && options.delimiter !== "\0")) continue
      if (escaped) {
        escaped = false
        if (c !== "\n") typed.push([c, true])
      } else if (c === "\\" && !options.raw) escaped = true
      else if (c === options.delimiter) return { typed, ended: false, timedOut: false }
      else typed.push([c, false])
    }
  } catch (thrown) {
    if (!(thrown instanceof TimedOut)) throw thrown
    return { typed, ended: true, timedOut: true }
  } finally {
    if (timer !== undefined) proc.kernel.sim.cancel(timer)
  }
}

function store(shell: Shell, options: ReadOptions, typed: readonly Typed[]): void {
  const ifs = shell.get("IFS") ?? " \t\n"
  const text = (part: readonly Typed[]): string => part.map(([c]) => c).join("")
  const set = (name: string, value: string): void => {
    const item = /^(\w+)\[(.*)\]$/.exec(name)
    if (item === null) shell.set(name, value)
    else shell.setItem(item[1] as string, shell.runner.number(item[2] as string), value)
  }
  if (options.array !== undefined) {
    const items: string[] = []
    for (let rest = typed; rest.length > 0; ) {
      const next = takeField(rest, ifs)
      if (next === undefined) break
      items.push(text(next.field))
      rest = next.rest
    }
    shell.variables.setItems(options.array, new Map(items.entries()))
    return
  }
  if (options.names.length === 0) {
    shell.set("REPLY", text(typed))
    return
  }
  let rest = typed
  for (const [i, name] of options.names.entries()) {
    if (i === options.names.length - 1) set(name, text(lastField(rest, ifs)))
    else {
      const next = takeField(rest, ifs)
      set(name, next === undefined ? "" : text(next.field))
      rest = next?.rest ?? []
    }
  }
}

const isBlank = ([c, quoted]: Typed, ifs: string): boolean => !quoted && /[ \t\n]/.test(c) && ifs.includes(c)
const separates = ([c, quoted]: Typed, ifs: string): boolean => !quoted && ifs.includes(c)

/** The first field and what comes after its separator. */
function takeField(typed: readonly Typed[], ifs: string): { field: Typed[]; rest: readonly Typed[] } | undefined {
  let at = 0
  const skipBlanks = (): void => {
    while (at < typed.length && isBlank(typed[at] as Typed, ifs)) at++
  }
  skipBlanks()
  if (at === typed.length) return undefined
  const start = at
  while (at < typed.length && !separates(typed[at] as Typed, ifs)) at++
  const field = typed.slice(start, at)
  skipBlanks()
  if (at < typed.length && separates(typed[at] as Typed, ifs)) at++
  skipBlanks()
  return { field, rest: typed.slice(at) }
}

/** What is left, without blanks around it; a separator right after a single field goes too. */
function lastField(typed: readonly Typed[], ifs: string): readonly Typed[] {
  const next = takeField(typed, ifs)
  if (next === undefined) return []
  if (next.rest.length === 0) return next.field
  let [from, to] = [0, typed.length]
  while (from < to && isBlank(typed[from] as Typed, ifs)) from++
  while (to > from && isBlank(typed[to - 1] as Typed, ifs)) to--
  return typed.slice(from, to)
}

async function mapfile(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "t")
  if (bad !== undefined) {
    await shell.complain(`${argv[0]}: podwire does not support option '${bad}'`)
    return 2
  }
  const text = await shell.proc.readText()
  const lines = text.split(/(?<=\n)/).filter((line) => line !== "")
  const items = on.has("t") ? lines.map((line) => line.replace(/\n$/, "")) : lines
  shell.variables.setItems(argv[at] ?? "MAPFILE", new Map(items.entries()))
  return 0
}

export const IO: BuiltinTable = { echo, printf, read }
export const BASH_IO: BuiltinTable = { mapfile, readarray: mapfile }
