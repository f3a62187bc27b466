/** A notebook as a page: its cells in order with their texts rendered, and the headings for "On this page". */
import { type Cell, hasTag, type Notebook } from "../../src/notebook/ipynb.ts"
import { type Say, sayIn } from "../i18n/table.ts"
import { type Heading, type MarkdownPart, renderMarkdown } from "./markdown.ts"
import { type ShownOutput, shownOutput } from "./output.ts"

/** Shown, folded away under a line that opens it, or left out: MyST's `hide-…` and `remove-…` tags. */
export type Showing = "shown" | "folded" | "removed"

export interface ProseCell {
  kind: "prose"
  id: string
  parts: MarkdownPart[]
}
export interface CodeCell {
  kind: "code"
  id: string
  /** Counts the code cells of the page, from 1. */
  number: number
  source: string
  input: Showing
  outputs: ShownOutput[]
  output: Showing
  /** How many packets pass while it runs. */
  packets: number
}
export interface NotebookPage {
  cells: (ProseCell | CodeCell)[]
  headings: Heading[]
}

/** `packets`: how many pass while a cell runs, by cell. `say` is in the page's language (English). */
export function notebookPage(
  notebook: Notebook,
  packets: ReadonlyMap<string, number> = new Map(),
  say: Say = sayIn("en"),
): NotebookPage {
  const cells = notebook.cells.filter((cell) => !hasTag(cell, "remove-cell") && cell.cell_type !== "raw")
  // A cell's anchor is its id, so no heading may take it.
  const taken = new Set(notebook.cells.map((cell) => cell.id))
  const page: NotebookPage = { cells: [], headings: [] }
  let number = 0
  for (const [index, cell] of cells.entries()) {
    if (cell.cell_type === "code") {
      page.cells.push({ ...codeCell(cell, ++number, say), packets: packets.get(cell.id) ?? 0 })
      continue
    }
    const { parts, headings } = renderMarkdown(cell.source, say, { skipTitle: index === 0, taken })
    page.cells.push({ kind: "prose", id: cell.id, parts })
    page.headings.push(...headings)
  }
  return page
}

function codeCell(cell: Cell, number: number, say: Say): Omit<CodeCell, "packets"> {
  const left = cell.outputs.filter(
    (output) => !(output.output_type === "stream" && hasTag(cell, `remove-${output.name}`)),
  )
  return {
    kind: "code",
    id: cell.id,
    number,
    source: cell.source.trimEnd(),
    input: showing(cell, "input"),
    // A command that prints nothing leaves no empty box.
    outputs: left
      .map((output) => shownOutput(output, say))
      .filter((shown) => shown.kind !== "text" || shown.text.trim() !== ""),
    output: showing(cell, "output"),
  }
}

const showing = (cell: Cell, part: "input" | "output"): Showing =>
  hasTag(cell, `remove-${part}`)
    ? "removed"
    : hasTag(cell, `hide-${part}`) || hasTag(cell, "hide-cell")
      ? "folded"
      : "shown"
