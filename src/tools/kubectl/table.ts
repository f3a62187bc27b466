/** Tables as kubectl's printer lays them out: columns three blanks apart, no blanks at the end of a line. */

export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  withHeaders: boolean,
): string {
  const all = withHeaders ? [headers, ...rows] : [...rows]
  const widths = headers.map((_, i) => Math.max(...all.map((row) => (row[i] ?? "").length)))
  return all
    .map(
      (row) =>
        `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] as number) + 3))).join("")}\n`,
    )
    .join("")
}
