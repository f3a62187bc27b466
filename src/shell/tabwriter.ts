/** Columns of text. Models Go's text/tabwriter without flags: a column is what consecutive lines have before a tab, and is as wide as its widest cell. */

/** @param padding spaces after the widest cell; cells of escape sequences count with all their characters, as in Go */
export function tabwriter(text: string, padding: number, minWidth = 0): string {
  const lines = text.split("\n").map((line) => line.split("\t"))
  const widths = lines.map((cells) => cells.slice(0, -1).map(() => 0))
  measure(lines, widths, 0, lines.length, 0, padding, minWidth)
  return lines
    .map((cells, row) =>
      cells
        .map((cell, column) => {
          const width = widths[row]?.[column]
          return width === undefined ? cell : cell + " ".repeat(Math.max(0, width - [...cell].length))
        })
        .join(""),
    )
    .join("\n")
}

/** Widths of a column, block of lines by block, and of the columns right of it within each block. */
function measure(
  lines: readonly string[][],
  widths: number[][],
  first: number,
  last: number,
  column: number,
  padding: number,
  minWidth: number,
): void {
  for (let row = first; row < last; row++) {
    if ((lines[row] as string[]).length - 1 <= column) continue
    let end = row
    let width = minWidth
    while (end < last && (lines[end] as string[]).length - 1 > column) {
      const cell = (lines[end] as string[])[column] as string
      width = Math.max(width, [...cell].length + padding)
      end++
    }
    for (let at = row; at < end; at++) (widths[at] as number[])[column] = width
    measure(lines, widths, row, end, column + 1, padding, minWidth)
    row = end - 1
  }
}
