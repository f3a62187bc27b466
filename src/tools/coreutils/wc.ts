import { inputs, type Options, type Program, program } from "./program.ts"

const decoder = new TextDecoder()

interface Row {
  counts: number[]
  label: string
}

export const wc: Program = program("wc", {
  options: {
    l: false,
    w: false,
    c: false,
    m: false,
    L: false,
    lines: false,
    words: false,
    bytes: false,
    chars: false,
    "max-line-length": false,
  },
  run: async (proc, options) => {
    let code = 0
    const rows: Row[] = []
    for await (const { label, data } of inputs(proc, "wc", options, () => (code = 1)))
      rows.push({ counts: count(data, options), label: options.operands.length === 0 ? "" : label })
    if (options.operands.length > 1) rows.push({ counts: total(rows, options), label: "total" })
    const width = widthOf(rows, options, code !== 0)
    for (const { counts, label } of rows)
      await proc.out(`${counts.map((n) => String(n).padStart(width)).join(" ")}${label === "" ? "" : ` ${label}`}\n`)
    return code
  },
})

function count(data: Uint8Array, options: Options): number[] {
  const text = decoder.decode(data)
  const plain = !options.has("l", "w", "c", "m", "L", "lines", "words", "bytes", "chars", "max-line-length")
  const counts: number[] = []
  if (plain || options.has("l", "lines")) counts.push(text.split("\n").length - 1)
  if (plain || options.has("w", "words")) counts.push(text.split(/\s+/).filter((word) => word !== "").length)
  if (options.has("m", "chars")) counts.push([...text].length)
  if (plain || options.has("c", "bytes")) counts.push(data.length)
  if (options.has("L", "max-line-length")) counts.push(Math.max(0, ...text.split("\n").map((line) => line.length)))
  return counts
}

function total(rows: readonly Row[], options: Options): number[] {
  const columns = rows[0]?.counts.length ?? count(new Uint8Array(0), options).length
  return Array.from({ length: columns }, (_, i) => rows.reduce((sum, row) => sum + (row.counts[i] ?? 0), 0))
}

/** One number alone is not padded; standard input gets seven columns, busybox always nine. */
function widthOf(rows: readonly Row[], options: Options, failed: boolean): number {
  const single = rows.length === 1 && rows[0]?.counts.length === 1
  if (options.style === "busybox") return single ? 1 : 9
  if (single) return 1
  if (options.operands.length === 0 || options.operands.includes("-")) return 7
  if (rows.length === 1 && failed) return 7
  return Math.max(1, ...rows.flatMap((row) => row.counts.map((n) => String(n).length)))
}
