/** A notebook's prose in another language: a section for each Markdown cell. Code and outputs are the notebook's own, so there is one execution. */
import type { Notebook } from "../../src/notebook/ipynb.ts"
import { type Paired, pairSections } from "../i18n/sections.ts"

/** Pairs a translation with its notebook by the cells' ids; everything that is wrong, in the order of the file. */
export function pair(file: string, text: string, name: string, notebook: Notebook): Paired {
  const parts = notebook.cells.filter(({ cell_type }) => cell_type === "markdown")
  const { prose, problems } = pairSections(file, text, { name, kind: "cell", parts })
  const [first] = Object.values(prose)
  if (first !== undefined && titleOf(first) === undefined)
    problems.push({ kind: "broken", message: `${file}: the first section does not begin with "# " and a title` })
  return { prose, problems }
}

/** A notebook with its prose in another language. */
export const inOtherWords = (notebook: Notebook, prose: Readonly<Record<string, string>>): Notebook => ({
  ...notebook,
  cells: notebook.cells.map((cell) => ({ ...cell, source: prose[cell.id] ?? cell.source })),
})

/** The title a text begins with. */
export const titleOf = (text: string): string | undefined => /^# (.+)/.exec(text)?.[1]
