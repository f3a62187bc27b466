/** What changed between two runs of a notebook, cell by cell. */
import type { Cell, Notebook, Output } from "./ipynb.ts"

/** An output as the lines a person would compare. */
export function outputLines(output: Output): string[] {
  if (output.output_type === "stream")
    return output.text.split("\n").map((line) => (output.name === "stderr" ? `! ${line}` : line))
  if (output.output_type === "error") return [`${output.ename}: ${output.evalue}`, ...output.traceback]
  return Object.entries(output.data).flatMap(([mime, part]) => [
    `[${mime}]`,
    ...(typeof part === "string" ? part : JSON.stringify(part, null, 1)).split("\n"),
  ])
}

const linesOf = (cell: Cell): string[] => cell.outputs.flatMap(outputLines)

/** A readable difference, empty when the outputs agree: `-` what is committed, `+` what was run. */
export function diffNotebooks(committed: Notebook, run: Notebook): string {
  const parts: string[] = []
  for (const cell of run.cells) {
    if (cell.cell_type !== "code") continue
    const before = committed.cells.find((other) => other.id === cell.id)
    const a = before === undefined ? [] : linesOf(before)
    const b = linesOf(cell)
    if (a.join("\n") === b.join("\n")) continue
    parts.push(`cell ${cell.id}:`, ...unified(a, b), "")
  }
  return parts.join("\n")
}

/** The lines between the common beginning and the common end, with two of context. */
function unified(a: readonly string[], b: readonly string[]): string[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const limit = (lines: string[]): string[] =>
    lines.length > 40 ? [...lines.slice(0, 40), `… ${lines.length - 40} more`] : lines
  return [
    ...a.slice(Math.max(0, start - 2), start).map((line) => `  ${line}`),
    ...limit(a.slice(start, a.length - end).map((line) => `- ${line}`)),
    ...limit(b.slice(start, b.length - end).map((line) => `+ ${line}`)),
    ...a.slice(a.length - end, a.length - end + 2).map((line) => `  ${line}`),
  ]
}
