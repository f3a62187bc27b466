/** Tables as kubectl's printer lays them out. Models liggitt/tabwriter with minimal width 6, padding 3, and widths that only grow. */

const MIN_WIDTH = 6
const PADDING = 3

/** A cell is one line: the rest is cut off. */
function oneLine(cell: string): string {
  const end = cell.search(/[\f\n\r]/)
  return end < 0 ? cell : `${cell.slice(0, end)}...`
}

export class TableWriter {
  readonly #widths: number[] = []

  /** Lays rows out together. The last cell of a row is not padded. */
  write(rows: readonly (readonly string[])[]): string {
    const lines = rows.map((row) => row.map(oneLine))
    for (const row of lines)
      for (const [i, cell] of row.slice(0, -1).entries())
        this.#widths[i] = Math.max(this.#widths[i] ?? MIN_WIDTH, [...cell].length + PADDING)
    return lines
      .map((row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : this.#pad(cell, i))).join("")}\n`)
      .join("")
  }

  #pad(cell: string, column: number): string {
    return cell + " ".repeat((this.#widths[column] as number) - [...cell].length)
  }
}

export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  withHeaders = true,
): string {
  return new TableWriter().write(withHeaders ? [headers, ...rows] : rows)
}
