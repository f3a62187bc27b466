/** What changed between two runs of a notebook, cell by cell. */
import { errorText } from "./error-text.ts"
import type { Notebook, Output } from "./ipynb.ts"
import { diffLines } from "./line-diff.ts"

/** An output as the lines a person would compare. */
export function outputLines(output: Output): string[] {
  if (output.output_type === "stream")
    return output.text.split("\n").map((line) => (output.name === "stderr" ? `! ${line}` : line))
  if (output.output_type === "error") return errorText(output).split("\n")
  return Object.entries(output.data).flatMap(([mime, part]) => [
    `[${mime}]`,
    ...textLines(mime, typeof part === "string" ? part : JSON.stringify(part, null, 1)),
  ])
}

/** A figure is one long line: an element a line shows which of them changed. */
const textLines = (mime: string, text: string): string[] =>
  (/html|xml/.test(mime) ? text.replaceAll("><", ">\n<") : text).split("\n")

/** A readable difference, empty when the outputs agree: `-` what is committed, `+` what was run. */
export function diffNotebooks(committed: Notebook, run: Notebook): string {
  const parts: string[] = []
  for (const cell of run.cells) {
    if (cell.cell_type !== "code") continue
    const before = committed.cells.find((other) => other.id === cell.id)
    const lines = diffOutputs(before?.outputs ?? [], cell.outputs)
    if (lines.length > 0) parts.push(`cell ${cell.id}:`, ...lines, "")
  }
  return parts.join("\n")
}

/** The same for the outputs of one cell, as lines; none when they agree. */
export function diffOutputs(committed: readonly Output[], run: readonly Output[]): readonly string[] {
  const a = committed.flatMap(outputLines)
  const b = run.flatMap(outputLines)
  return a.join("\n") === b.join("\n") ? [] : diffLines(a, b)
}
