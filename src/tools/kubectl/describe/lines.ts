/** Text in columns as describe lays it out. Models text/tabwriter (no minimal width, padding 2) and describe's PrefixWriter. */

const PADDING = 2

/** Aligns tab-separated cells: a column is as wide as its widest cell among lines that follow each other and have it. */
export function alignTabs(text: string): string {
  const lines = text.split("\n").map((line) => line.split("\t"))
  const out: string[] = []
  layOut(lines, 0, lines.length, [], out)
  return out.join("\n")
}

function layOut(lines: readonly string[][], from: number, to: number, widths: readonly number[], out: string[]): void {
  const column = widths.length
  let start = from
  const hasCell = (at: number): boolean => column < (lines[at] as string[]).length - 1
  for (let at = from; at < to; at++) {
    if (!hasCell(at)) continue
    write(lines, start, at, widths, out)
    start = at
    let width = 0
    for (; at < to && hasCell(at); at++)
      width = Math.max(width, ((lines[at] as string[])[column] as string).length + PADDING)
    layOut(lines, start, at, [...widths, width], out)
    start = at
    at--
  }
  write(lines, start, to, widths, out)
}

function write(lines: readonly string[][], from: number, to: number, widths: readonly number[], out: string[]): void {
  for (const cells of lines.slice(from, to))
    out.push(cells.map((cell, i) => (i < widths.length ? cell.padEnd(widths[i] as number) : cell)).join(""))
}

/** Collects lines; a level is two blanks. */
export class Lines {
  #text = ""

  /** Adds text at a level; `text` has its own tabs and line breaks. */
  add(level: number, text: string): void {
    this.#text += `${"  ".repeat(level)}${text}\n`
  }

  /** Without indentation and without a line break. */
  raw(text: string): void {
    this.#text += text
  }

  toString(): string {
    return alignTabs(this.#text)
  }
}
