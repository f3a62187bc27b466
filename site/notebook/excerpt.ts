/** Parts of a notebook shown on another page, by the id of the cell that made them. */
import { type Cell, parseNotebook } from "../../src/notebook/ipynb.ts"
import { shownOutput } from "./output.ts"

export interface Excerpts {
  /** The figure a cell shows, safe to put into the page. */
  figure(id: string): string
  /** What a cell prints, without the last line break. */
  text(id: string): string
}

/** Throws where the notebook has no such cell, or the cell nothing of the kind: the build fails rather than show a gap. */
export function excerpts(notebook: string): Excerpts {
  const { cells } = parseNotebook(notebook)
  const find = (id: string): Cell => {
    const cell = cells.find((one) => one.id === id)
    if (cell === undefined) throw new Error(`the notebook has no cell "${id}", which another page shows`)
    return cell
  }
  const something = (id: string, what: string, found: string): string => {
    if (found === "") throw new Error(`cell "${id}" has no ${what}, which another page shows`)
    return found
  }
  return {
    figure: (id) =>
      something(
        id,
        "figure",
        find(id)
          .outputs.map((output) => shownOutput(output))
          .map((output) => (output.kind === "figure" ? output.html : ""))
          .join(""),
      ),
    text: (id) =>
      something(
        id,
        "text",
        find(id)
          .outputs.map((output) => shownOutput(output))
          .map((output) => (output.kind === "text" ? output.text : ""))
          .join("")
          .trimEnd(),
      ),
  }
}
