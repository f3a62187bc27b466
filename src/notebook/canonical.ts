/** Outputs as they are committed, compared and published: free of what changes from run to run or machine to machine. */
import type { Cell, Notebook, Output } from "./ipynb.ts"

export interface CanonicalOptions {
  /** Folders whose names must not appear, longest first; each becomes `.`. */
  scrub?: readonly string[]
}

/** Longer text is cut: nobody reads it, and every clone of the repository carries it. In characters. */
export const STREAM_MAX = 65_536

/** A notebook with canonical outputs and execution counts 1 to n. */
export function canonicalize(notebook: Notebook, options: CanonicalOptions = {}): Notebook {
  let count = 0
  const cells = notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== "code") return { ...cell, outputs: [], executionCount: null }
    const { execution: _dropped, ...metadata } = cell.metadata
    return { ...cell, metadata, outputs: canonicalOutputs(cell.outputs, options), executionCount: ++count }
  })
  return { cells, metadata: notebook.metadata }
}

export function canonicalOutputs(outputs: readonly Output[], options: CanonicalOptions): Output[] {
  const merged: Output[] = []
  for (const output of outputs) {
    const last = merged[merged.length - 1]
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name)
      last.text += output.text
    else merged.push(output.output_type === "stream" ? { ...output } : output)
  }
  return merged.map((output) => scrubbed(output, options))
}

/** The first lines, at most so many characters, and how many more there are; `lost`: how many were never here. */
export function cut(text: string, max: number, lost = 0): string {
  if (text.length <= max && lost === 0) return text
  const end = text.lastIndexOf("\n", max - 1) + 1 || Math.min(max, text.length)
  return `${text.slice(0, end)}… ${text.length - end + lost} more characters\n`
}

function scrubbed(output: Output, options: CanonicalOptions): Output {
  const clean = (text: string): string =>
    (options.scrub ?? []).reduce((result, folder) => result.replaceAll(folder, "."), text)
  if (output.output_type === "stream") return { ...output, text: cut(clean(output.text), STREAM_MAX) }
  if (output.output_type === "error")
    return { ...output, evalue: clean(output.evalue), traceback: output.traceback.map(clean) }
  return {
    ...output,
    metadata: {},
    data: Object.fromEntries(
      Object.entries(output.data).map(([mime, part]) => [mime, typeof part === "string" ? clean(part) : part]),
    ),
  }
}
