/** Reads test/golden/*.txt: blocks of a place, a command, an exit code and what was printed. */
import { readFileSync } from "node:fs"

export interface GoldenBlock {
  where: string
  command: string
  code: number
  output: string
}

export function readGolden(name: string): GoldenBlock[] {
  const text = readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8")
  const blocks: GoldenBlock[] = []
  for (const part of text.split(/^=== /m).slice(1)) {
    const [line = ""] = part.split("\n", 1)
    const match = /^(\S+) \$ (.*) \[(\d+)\]$/.exec(line)
    if (match === null) continue
    const body = part.slice(line.length + 1)
    // A block that did not end its last line is closed with a line of its own.
    const output = body.endsWith("\n%\n") ? body.slice(0, -3) : body
    blocks.push({ where: match[1] as string, command: match[2] as string, code: Number(match[3]), output })
  }
  return blocks
}

export function readText(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8")
}
