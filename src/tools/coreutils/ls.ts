import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Stat } from "../../linux/task/vfs.ts"
import { strftime } from "../../shell/time.ts"
import { type Options, type Program, program } from "./program.ts"
import { groupName, linkCount, modeText, userName } from "./stat.ts"

interface Entry {
  name: string
  path: string
  stat: Stat
}

export const ls: Program = program("ls", {
  options: {
    l: false,
    a: false,
    A: false,
    1: false,
    d: false,
    h: false,
    t: false,
    r: false,
    R: false,
    S: false,
    F: false,
    p: false,
    n: false,
    C: false,
    all: false,
    "almost-all": false,
    directory: false,
    "human-readable": false,
    reverse: false,
    recursive: false,
    classify: false,
    color: false,
  },
  usageCode: 2,
  rewrite: (argv) => argv.map((word) => (/^--color=(auto|never)$/.test(word) ? "--color" : word)),
  run: async (proc, options) => {
    const operands = options.operands.length === 0 ? ["."] : options.operands
    const files: Entry[] = []
    const folders: Entry[] = []
    let code = 0
    for (const operand of [...operands].sort()) {
      const entry = look(proc, operand, options)
      if (typeof entry === "string") {
        await proc.err(entry)
        code = options.style === "gnu" ? 2 : 1
      } else if (entry.stat.type === "directory" && !options.has("d", "directory")) folders.push(entry)
      else files.push(entry)
    }
    const recursive = options.has("R", "recursive")
    if (files.length > 0) await printEntries(proc, options, files)
    let first = files.length === 0
    for (const folder of sorted(folders, options)) {
      const titled = operands.length > 1 || recursive
      await printFolder(proc, options, folder, titled, first)
      first = false
    }
    return code
  },
})

/** A symlink named on the command line is followed, unless it is shown at length or leads nowhere. */
function look(proc: Process, operand: string, options: Options): Entry | string {
  const path = proc.path(operand)
  const follow = !options.has("l", "n", "d", "directory", "F", "classify") || operand.endsWith("/")
  let stat = proc.fs.stat(path, follow)
  if (typeof stat === "string" && follow && stat !== "ENOTDIR") stat = proc.fs.stat(path, false)
  if (typeof stat !== "string" && operand.endsWith("/") && stat.type !== "directory") stat = "ENOTDIR"
  if (typeof stat !== "string") return { name: operand, path, stat }
  return options.style === "gnu"
    ? `ls: cannot access '${operand}': ${strerror(stat)}\n`
    : `ls: ${operand}: ${strerror(stat)}\n`
}

function sorted(entries: readonly Entry[], options: Options): Entry[] {
  const byName = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  if (options.has("t")) byName.sort((a, b) => b.stat.mtime - a.stat.mtime)
  else if (options.has("S")) byName.sort((a, b) => b.stat.size - a.stat.size)
  return options.has("r", "reverse") ? byName.reverse() : byName
}

async function printFolder(
  proc: Process,
  options: Options,
  folder: Entry,
  titled: boolean,
  first: boolean,
): Promise<void> {
  const names = proc.fs.readdir(folder.path)
  if (typeof names === "string") return
  const all = options.has("a", "all")
  const shown = [
    ...(all ? [".", ".."] : []),
    ...names.filter((name) => all || options.has("A", "almost-all") || !name.startsWith(".")),
  ]
  const entries = shown.flatMap((name): Entry[] => {
    const path =
      name === "."
        ? folder.path
        : name === ".."
          ? proc.path(`${folder.path}/..`)
          : `${folder.path === "/" ? "" : folder.path}/${name}`
    const stat = proc.fs.stat(path, false)
    return typeof stat === "string" ? [] : [{ name, path, stat }]
  })
  if (titled) await proc.out(`${first ? "" : "\n"}${folder.name}:\n`)
  if (options.has("l", "n")) await proc.out(`total ${entries.reduce((sum, { stat }) => sum + blocks(stat), 0)}\n`)
  await printEntries(proc, options, entries)
  if (!options.has("R", "recursive")) return
  for (const entry of sorted(entries, options))
    if (entry.stat.type === "directory" && entry.name !== "." && entry.name !== "..")
      await printFolder(proc, options, { ...entry, name: `${folder.name}/${entry.name}` }, true, false)
}

/** Kibibytes a file takes on a disk with blocks of four. */
const blocks = (stat: Stat): number =>
  stat.type === "symlink" || stat.type === "device" ? 0 : Math.ceil(stat.size / 4096) * 4

async function printEntries(proc: Process, options: Options, unsorted: readonly Entry[]): Promise<void> {
  const entries = sorted(unsorted, options)
  if (!options.has("l", "n")) {
    for (const entry of entries) await proc.out(`${entry.name}${mark(entry.stat, options)}\n`)
    return
  }
  const numeric = options.has("n")
  const rows = entries.map((entry) => ({
    entry,
    cells: [
      linkCount(proc, entry.path, entry.stat),
      numeric ? String(entry.stat.uid) : userName(proc, entry.stat.uid),
      numeric ? String(entry.stat.gid) : groupName(proc, entry.stat.gid),
      options.has("h", "human-readable") ? human(entry.stat.size) : String(entry.stat.size),
    ],
  }))
  const width = (column: number): number => Math.max(...rows.map(({ cells }) => (cells[column] as string).length))
  const widths = [width(0), width(1), width(2), width(3)] as const
  for (const { entry, cells } of rows) {
    const [links, user, group, size] = cells as [string, string, string, string]
    const link = proc.fs.readlink(entry.path)
    const target =
      entry.stat.type === "symlink" && typeof link === "object" ? ` -> ${link.target}` : mark(entry.stat, options)
    await proc.out(
      `${modeText(entry.stat)} ${links.padStart(widths[0])} ${user.padEnd(widths[1])} ${group.padEnd(widths[2])} ${size.padStart(widths[3])} ${when(proc, entry.stat)} ${entry.name}${target}\n`,
    )
  }
}

/** The hour of files of the last half year, the year of older ones. */
function when(proc: Process, stat: Stat): string {
  const { sim } = proc.kernel
  const seconds = sim.epoch + Math.floor(stat.mtime / 1e9)
  const recent = sim.now / 1e9 + sim.epoch - seconds < 15_778_476
  return strftime(recent ? "%b %e %H:%M" : "%b %e  %Y", seconds)
}

function mark(stat: Stat, options: Options): string {
  const classify = options.has("F", "classify")
  if (stat.type === "directory") return classify || options.has("p") ? "/" : ""
  if (!classify) return ""
  return stat.type === "symlink" ? "@" : stat.executable ? "*" : ""
}

function human(size: number): string {
  let value = size
  for (const unit of ["", "K", "M", "G", "T"]) {
    if (value < 1024)
      return unit === ""
        ? String(value)
        : value < 10
          ? `${(Math.ceil(value * 10) / 10).toFixed(1)}${unit}`
          : `${Math.ceil(value)}${unit}`
    value /= 1024
  }
  return `${Math.ceil(value)}P`
}
