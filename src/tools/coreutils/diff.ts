/** diff: which lines differ, in the normal and the unified form. */
import { strerror } from "../../linux/errno.ts"
import type { Process } from "../../linux/task/process.ts"
import { strftime } from "../../shell/time.ts"
import { misuse } from "./manners.ts"
import { linesOf, type Options, type Program, program, readInput } from "./program.ts"

const TRY = "diff: Try 'diff --help' for more information.\n"

/** Lines `from` to `to` (exclusive) of the one against those of the other. */
interface Change {
  a: [number, number]
  b: [number, number]
}

/** As every program's, but that diff says its name twice. */
async function misused(proc: Process, options: Options, message: string): Promise<number> {
  if (options.style === "busybox") return misuse(proc, "busybox", "diff", message, 1)
  await proc.err(`diff: ${message}\n${TRY}`)
  return 2
}

export const diff: Program = program("diff", {
  options: {
    u: false,
    q: false,
    r: false,
    N: false,
    i: false,
    w: false,
    b: false,
    B: false,
    s: false,
    U: true,
    brief: false,
    unified: false,
  },
  usageCode: 2,
  afterWrongOption: () => TRY,
  run: async (proc, options) => {
    const [first, second, extra] = options.operands
    if (first === undefined || second === undefined)
      return misused(proc, options, `missing operand after '${first ?? proc.argv.at(-1)}'`)
    if (extra !== undefined) return misused(proc, options, `extra operand '${extra}'`)
    for (const letter of ["r", "N", "i", "w", "b", "B", "s"])
      if (options.has(letter)) {
        await proc.err(`diff: podwire does not support option '-${letter}'\n`)
        return 2
      }
    const texts: string[][] = []
    for (const name of [first, second]) {
      const read = await readInput(proc, name)
      if ("errno" in read) {
        await proc.err(`diff: ${name}: ${strerror(read.errno)}\n`)
        return 2
      }
      texts.push(linesOf(read.data))
    }
    const [a, b] = texts as [string[], string[]]
    const changes = compare(a, b)
    if (changes.length === 0) return 0
    if (options.has("q", "brief")) await proc.out(`Files ${first} and ${second} differ\n`)
    else if (options.has("u", "U", "unified"))
      await unified(proc, [first, second], a, b, changes, Number(options.value("U") ?? 3))
    else await normal(proc, a, b, changes)
    return 1
  },
})

const LINES_MAX = 4000

/** The longest common subsequence leaves what was changed. */
function compare(a: readonly string[], b: readonly string[]): Change[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let [endA, endB] = [a.length, b.length]
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--
    endB--
  }
  const [n, m] = [endA - start, endB - start]
  if (n === 0 && m === 0) return []
  if (n === 0 || m === 0 || n > LINES_MAX || m > LINES_MAX) return [{ a: [start, endA], b: [start, endB] }]
  const table = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1))
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--) {
      const row = table[i] as Uint16Array
      const below = table[i + 1] as Uint16Array
      row[j] =
        a[start + i] === b[start + j]
          ? (below[j + 1] as number) + 1
          : Math.max(below[j] as number, row[j + 1] as number)
    }
  return walk(a, b, table, start, n, m)
}

function walk(
  a: readonly string[],
  b: readonly string[],
  table: readonly Uint16Array[],
  start: number,
  n: number,
  m: number,
): Change[] {
  const changes: Change[] = []
  let [i, j] = [0, 0]
  while (i < n || j < m) {
    if (i < n && j < m && a[start + i] === b[start + j]) {
      i++
      j++
      continue
    }
    const [fromA, fromB] = [i, j]
    while ((i < n || j < m) && !(i < n && j < m && a[start + i] === b[start + j])) {
      if (
        j >= m ||
        (i < n && ((table[i + 1] as Uint16Array)[j] as number) >= ((table[i] as Uint16Array)[j + 1] as number))
      )
        i++
      else j++
    }
    changes.push({ a: [start + fromA, start + i], b: [start + fromB, start + j] })
  }
  return changes
}

async function normal(
  proc: Process,
  a: readonly string[],
  b: readonly string[],
  changes: readonly Change[],
): Promise<void> {
  const range = ([from, to]: [number, number]): string =>
    to - from > 1 ? `${from + 1},${to}` : to === from ? String(from) : String(to)
  for (const change of changes) {
    const [removed, added] = [a.slice(...change.a), b.slice(...change.b)]
    const letter = removed.length === 0 ? "a" : added.length === 0 ? "d" : "c"
    await proc.out(`${range(change.a)}${letter}${range(change.b)}\n`)
    await proc.out(removed.map((line) => `< ${line}\n`).join(""))
    if (letter === "c") await proc.out("---\n")
    await proc.out(added.map((line) => `> ${line}\n`).join(""))
  }
}

async function unified(
  proc: Process,
  names: readonly [string, string],
  a: readonly string[],
  b: readonly string[],
  changes: readonly Change[],
  context: number,
): Promise<void> {
  const { sim } = proc.kernel
  for (const [i, name] of names.entries()) {
    const stat = proc.fs.stat(proc.path(name))
    const seconds = sim.epoch + Math.floor((typeof stat === "string" ? sim.now : stat.mtime) / 1e9)
    await proc.out(`${i === 0 ? "---" : "+++"} ${name}\t${strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", seconds)}\n`)
  }
  const hunks: Change[][] = []
  for (const change of changes) {
    const last = hunks[hunks.length - 1]?.at(-1)
    if (last !== undefined && change.a[0] - last.a[1] <= 2 * context) (hunks[hunks.length - 1] as Change[]).push(change)
    else hunks.push([change])
  }
  for (const hunk of hunks) await printHunk(proc, a, b, hunk, context)
}

async function printHunk(
  proc: Process,
  a: readonly string[],
  b: readonly string[],
  hunk: readonly Change[],
  context: number,
): Promise<void> {
  const [first, last] = [hunk[0] as Change, hunk[hunk.length - 1] as Change]
  const fromA = Math.max(0, first.a[0] - context)
  const fromB = Math.max(0, first.b[0] - context)
  const toA = Math.min(a.length, last.a[1] + context)
  const toB = Math.min(b.length, last.b[1] + context)
  const range = (from: number, to: number): string =>
    to - from === 1 ? String(to) : `${to === from ? from : from + 1},${to - from}`
  let text = `@@ -${range(fromA, toA)} +${range(fromB, toB)} @@\n`
  let at = fromA
  for (const change of hunk) {
    for (const line of a.slice(at, change.a[0])) text += ` ${line}\n`
    for (const line of a.slice(...change.a)) text += `-${line}\n`
    for (const line of b.slice(...change.b)) text += `+${line}\n`
    at = change.a[1]
  }
  for (const line of a.slice(at, toA)) text += ` ${line}\n`
  await proc.out(text)
}
