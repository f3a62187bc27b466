/** Reads what test/record wrote. */
import { readFileSync } from "node:fs"

export interface GoldenBlock {
  /** Machine or pod. */
  where: string
  command: string
  code: number
  output: string
}

/** The blocks of a recording. The first line says what recorded it; a file without one is no golden. */
export function readGolden(file: string): GoldenBlock[] {
  const text = readFileSync(file, "utf8")
  if (!/^# (recorded|locked): /.test(text)) throw new Error(`${file}: the first line does not say what recorded it`)
  const blocks: GoldenBlock[] = []
  for (const part of text.split(/^=== /m).slice(1)) {
    const end = part.indexOf("\n")
    const head = /^(\S+) \$ (.*) \[(\d+)\]$/.exec(part.slice(0, end))
    if (head === null) continue
    // `%` stands for "no line break here".
    const output = part.slice(end + 1).replace(/\n%\n$/, "")
    blocks.push({ where: head[1] as string, command: head[2] as string, code: Number(head[3]), output })
  }
  if (blocks.length === 0) throw new Error(`${file}: no blocks`)
  return blocks
}

/** The blocks of a capture's recording: what tcpdump printed, by its options. */
export function readCaptureGolden(file: string): { options: string; output: string }[] {
  return readFileSync(file, "utf8")
    .split(/^=== /m)
    .slice(1)
    .filter((part) => part.startsWith("tcpdump "))
    .map((part) => ({ options: part.slice(8, part.indexOf("\n")), output: part.slice(part.indexOf("\n") + 1) }))
}

export const readText = (path: string): string => readFileSync(path, "utf8")

export const readBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(path))
