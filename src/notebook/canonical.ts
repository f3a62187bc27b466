/**
 * Outputs as they are committed, compared and published: free of what changes from run to run or machine to machine. tslab reports a cell's
 * failure as text on standard error; here it becomes the error output that Jupyter's format has for it.
 */
import type { Cell, ErrorOutput, Notebook, Output } from "./ipynb.ts"

export interface CanonicalOptions {
  /** Folders whose names must not appear, longest first; each becomes `.`. */
  scrub?: readonly string[]
}

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
  return merged.map((output) => scrubbed(asError(output), options))
}

/** tslab's three ways of failing, all on standard error: type errors, syntax errors, exceptions. */
function asError(output: Output): Output {
  if (output.output_type !== "stream" || output.name !== "stderr") return output
  const diagnostics = /^(\d+:\d+ - .*\n?)+$/.test(`${output.text.trimEnd()}\n`)
  if (diagnostics)
    return {
      output_type: "error",
      ename: "TypeError",
      evalue: output.text.trimEnd().split("\n")[0] ?? "",
      traceback: output.text.trimEnd().split("\n"),
    }
  const thrown = /^(?:Uncaught )?([A-Za-z]*Error)(?: \[[A-Z_]+\])?: (.*)$/m.exec(output.text)
  return thrown === null ? output : exception(thrown[1] as string, thrown[2] as string, output.text)
}

/** Frames inside the kernel say nothing about the cell. */
function exception(ename: string, evalue: string, text: string): ErrorOutput {
  const kept = text
    .trimEnd()
    .split("\n")
    .filter((line) => !/^\s+at /.test(line) || /evalmachine/.test(line))
  return {
    output_type: "error",
    ename,
    evalue,
    traceback: kept.map((line) => line.replace(/evalmachine\.<anonymous>:\d+:\d+/, "this cell")),
  }
}

function scrubbed(output: Output, options: CanonicalOptions): Output {
  const clean = (text: string): string =>
    (options.scrub ?? []).reduce((result, folder) => result.replaceAll(folder, "."), text)
  if (output.output_type === "stream") return { ...output, text: clean(output.text) }
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
