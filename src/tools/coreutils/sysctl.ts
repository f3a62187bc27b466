/** sysctl (procps-ng 4.0.2), on /proc/sys. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { busyboxUsage, helpOf } from "../help/index.ts"
import { type Options, type Program, program } from "./program.ts"

const ROOT = "/proc/sys"

export const sysctl: Program = program("sysctl", {
  options: {
    ...{
      a: false,
      A: false,
      X: false,
      all: false,
      e: false,
      ignore: false,
      n: false,
      values: false,
      N: false,
      names: false,
    },
    ...{ q: false, quiet: false, w: false, write: false },
  },
  letters: { h: false, V: false },
  // It counts this as a success.
  usageCode: 0,
  afterWrongOption: (_, help) => help,
  run: async (proc, options) => {
    const all = options.has("a", "A", "X", "all")
    const items = all ? keysBelow(proc, ROOT) : options.operands
    if (items.length > 0) return showOrSet(proc, options, items)
    if (proc.argv.length === 1) {
      await proc.err(options.style === "gnu" ? (await helpOf(proc, "sysctl")).help : await busyboxUsage(proc, "sysctl"))
      return 1
    }
    await proc.err("sysctl: no variables specified\nTry `sysctl --help' for more information.\n")
    return 1
  },
})

/** Every key, as `sysctl -a` lists them. */
function keysBelow(proc: Process, folder: string): string[] {
  const names = proc.fs.readdir(folder)
  if (!Array.isArray(names)) return []
  return names.toSorted().flatMap((name) => {
    const path = `${folder}/${name}`
    const found = proc.fs.stat(path)
    return typeof found !== "string" && found.type === "directory"
      ? keysBelow(proc, path)
      : [path.slice(ROOT.length + 1).replaceAll("/", ".")]
  })
}

async function showOrSet(proc: Process, options: Options, items: readonly string[]): Promise<number> {
  let code = 0
  for (const item of items) {
    const problem = await one(proc, options, item)
    if (problem === undefined) continue
    await proc.err(`sysctl: ${problem}\n`)
    code++
  }
  return options.style === "gnu" ? code : Math.min(code, 1)
}

/** Returns what is wrong. */
async function one(proc: Process, options: Options, item: string): Promise<string | undefined> {
  const [typed = "", value] = item.split("=")
  const key = typed.trim().replaceAll("/", ".")
  if (value === undefined && options.has("w", "write")) return `command line(0): invalid syntax, continuing...`
  const path = `${ROOT}/${key.replaceAll(".", "/")}`
  const read = proc.fs.readText(path)
  if ("errno" in read) return options.has("e", "ignore") ? undefined : `cannot stat ${path}: No such file or directory`
  const errno = value === undefined ? undefined : proc.fs.writeFile(path, value.trim())
  if (errno !== undefined) return `setting key "${key}": ${strerror(errno)}`
  const shown = (value ?? read.text).trim()
  if (options.has("N", "names")) await proc.out(`${key}\n`)
  else if (value === undefined || !options.has("q", "quiet"))
    await proc.out(options.has("n", "values") ? `${shown}\n` : `${key} = ${shown}\n`)
  return undefined
}
