/** head and tail. */
import { strerror } from "../../linux/errno.ts"
import type { OpenFile } from "../../linux/task/file.ts"
import type { Process } from "../../linux/task/process.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { WaitQueue } from "../../sim/task.ts"
import {
  cannotOpen,
  misuse,
  numberOption,
  type Options,
  openInput,
  type Program,
  program,
  readWhole,
} from "./program.ts"

const OPTIONS = {
  n: true,
  c: true,
  lines: true,
  bytes: true,
  q: false,
  v: false,
  quiet: false,
  silent: false,
  verbose: false,
}

interface Amount {
  count: number
  bytes: boolean
  /** What stood before the number: `-` for head, `+` for tail. */
  sign: string
}

const SUFFIX: Readonly<Record<string, number>> = {
  "": 1,
  b: 512,
  k: 1024,
  K: 1024,
  M: 1048576,
  G: 1073741824,
  kB: 1000,
  KB: 1000,
  MB: 1e6,
}

/** `10`, `-5`, `+3`, `1K`. */
function amount(options: Options): Amount | string {
  const bytes = options.last("n", "c", "lines", "bytes")?.match(/^(c|bytes)$/) != null
  const text = options.value("n", "c", "lines", "bytes") ?? "10"
  const match = /^([-+]?)(\d+)([A-Za-z]*)$/.exec(text)
  const unit = match === null ? undefined : SUFFIX[match[3] as string]
  if (match === null || unit === undefined) return text
  return { count: Number(match[2]) * unit, bytes, sign: match[1] as string }
}

async function invalid(proc: Process, name: string, options: Options, text: string): Promise<number> {
  const of = options.style !== "gnu" ? "" : options.has("c", "bytes") ? " of bytes:" : " of lines:"
  await proc.err(`${name}: invalid number${of} '${text}'\n`)
  return 1
}

async function eachFile(
  proc: Process,
  name: string,
  options: Options,
  each: (file: OpenFile) => Promise<void>,
): Promise<number> {
  const operands = options.operands.length === 0 ? ["-"] : options.operands
  const titled = (operands.length > 1 && !options.has("q", "quiet", "silent")) || options.has("v", "verbose")
  let code = 0
  let first = true
  for (const operand of operands) {
    const file = openInput(proc, operand)
    if (typeof file === "string") {
      await proc.err(
        options.style === "busybox"
          ? cannotOpen("busybox", name, operand, file)
          : file === "EISDIR"
            ? `${name}: error reading '${operand}': ${strerror(file)}\n`
            : `${name}: cannot open '${operand}' for reading: ${strerror(file)}\n`,
      )
      code = 1
      continue
    }
    if (titled) await proc.out(`${first ? "" : "\n"}==> ${operand === "-" ? "standard input" : operand} <==\n`)
    first = false
    await each(file)
    file.close()
  }
  return code
}

/** Stops reading once it has enough: the writer before it gets SIGPIPE. */
export const head: Program = program("head", {
  options: OPTIONS,
  rewrite: numberOption,
  run: async (proc, options) => {
    const wanted = amount(options)
    if (typeof wanted === "string") return invalid(proc, "head", options, wanted)
    return eachFile(proc, "head", options, (file) =>
      wanted.sign === "-" ? allButLast(proc, file, wanted) : first(proc, file, wanted),
    )
  },
})

async function first(proc: Process, file: OpenFile, { count, bytes }: Amount): Promise<void> {
  let left = count
  while (left > 0) {
    const chunk = await proc.readFrom(file, bytes ? Math.min(left, 65536) : 65536)
    if (chunk.length === 0) return
    let end = 0
    if (bytes) end = chunk.length
    else while (left > 0 && end < chunk.length) if (chunk[end++] === 10) left--
    if (bytes) left -= end
    await proc.out(chunk.subarray(0, end))
  }
}

async function allButLast(proc: Process, file: OpenFile, { count, bytes }: Amount): Promise<void> {
  const data = await readWhole(proc, file)
  await proc.out(data.subarray(0, bytes ? Math.max(0, data.length - count) : startOfLast(data, count)))
}

/** Where the last `count` lines begin. */
function startOfLast(data: Uint8Array, count: number): number {
  if (count === 0) return data.length
  let left = count
  for (let at = data.length - 2; at >= 0; at--) if (data[at] === 10 && --left === 0) return at + 1
  return 0
}

/** How often tail -f looks. */
const FOLLOW = 1000 * MILLISECOND

export const tail: Program = program("tail", {
  options: { ...OPTIONS, f: false, F: false, follow: false, s: true },
  rewrite: (argv) =>
    numberOption(argv).map((word, i, all) =>
      i > 0 && /^\+\d+$/.test(word) && !/^(-n|-c|--lines|--bytes)$/.test(all[i - 1] as string) ? `-n${word}` : word,
    ),
  run: async (proc, options) => {
    const wanted = amount(options)
    if (typeof wanted === "string") return invalid(proc, "tail", options, wanted)
    const follow = options.has("f", "F", "follow")
    if (follow && options.operands.length > 1) return misuse(proc, options, "podwire follows one file at a time")
    return eachFile(proc, "tail", options, async (file) => {
      const data = await readWhole(proc, file)
      await proc.out(data.subarray(startOf(data, wanted)))
      if (follow && options.operands.length === 1) await followFile(proc, file, options.operands[0] as string)
    })
  },
})

function startOf(data: Uint8Array, { count, bytes, sign }: Amount): number {
  if (sign !== "+") return bytes ? Math.max(0, data.length - count) : startOfLast(data, count)
  if (bytes) return Math.max(0, count - 1)
  let left = count - 1
  let at = 0
  while (left > 0 && at < data.length) if (data[at++] === 10) left--
  return at
}

/** Prints what is added. inotify wakes the real one at once; so does the folder's watch here. */
async function followFile(proc: Process, file: OpenFile, name: string): Promise<void> {
  const changed = new WaitQueue()
  const path = proc.path(name)
  const stop = proc.fs.watch(path.slice(0, path.lastIndexOf("/")) || "/", () => changed.wake())
  try {
    for (;;) {
      const chunk = await proc.readFrom(file)
      if (chunk.length > 0) await proc.out(chunk)
      else await proc.task.wait(changed, FOLLOW)
    }
  } finally {
    if (typeof stop !== "string") stop()
  }
}
