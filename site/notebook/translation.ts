/**
 * A notebook's prose in another language: a Markdown file with a section for each Markdown cell, in the notebook's order. Code and outputs are the
 * notebook's own, so there is one execution. A section begins with a line that says which cell it is, and what text of the cell it was made from:
 *
 *     <!-- cell: title of: 0f3a51c2d9e4 -->
 */
import { createHash } from "node:crypto"
import type { Notebook } from "../../src/notebook/ipynb.ts"

/** A section: a cell's text in the other language. */
export interface Section {
  /** The cell's id. */
  id: string
  /** What {@link sourceHash} gave for the cell's text when it was translated. */
  of: string
  /** Of its first line, the one with the id; from 1. */
  line: number
  text: string
}

/** What is wrong with a translation. One that is stale can be shown all the same. */
export interface Problem {
  kind: "broken" | "missing" | "unknown" | "stale"
  /** Names the file, the line, and what would be right. */
  message: string
}

export const sourceHash = (source: string): string => createHash("sha256").update(source).digest("hex").slice(0, 12)

const marker = (id: string, source: string): string => `<!-- cell: ${id} of: ${sourceHash(source)} -->`
const MARKER = /^<!-- cell: ([\w-]+) of: ([0-9a-f]{12}) -->$/

export function parseTranslation(file: string, text: string): { sections: Section[]; problems: Problem[] } {
  const sections: Section[] = []
  const problems: Problem[] = []
  const broken = (line: number, message: string): void => {
    problems.push({ kind: "broken", message: `${file}:${line}: ${message}` })
  }
  for (const [i, content] of text.split("\n").entries()) {
    const line = i + 1
    const [, id, of] = MARKER.exec(content) ?? []
    if (id !== undefined && of !== undefined) {
      const other = sections.find((section) => section.id === id)
      if (other !== undefined) broken(line, `cell "${id}" has a section already, at line ${other.line}`)
      sections.push({ id, of, line, text: "" })
    } else if (/^<!--\s*cell\b/.test(content))
      broken(line, `expected "<!-- cell: ID of: 12 HEXADECIMAL DIGITS -->", found "${content}"`)
    else {
      const last = sections.at(-1)
      if (last !== undefined) last.text += `${content}\n`
      else if (content.trim() !== "") broken(line, `"${content}" stands before the first "<!-- cell: … -->"`)
    }
  }
  for (const section of sections) {
    section.text = section.text.trim()
    if (section.text === "") broken(section.line, `cell "${section.id}" has no text`)
  }
  const [first] = sections
  if (first !== undefined && titleOf(first.text) === undefined)
    broken(first.line, `the first section does not begin with "# " and a title`)
  return { sections, problems }
}

/** Pairs a translation with its notebook by the cells' ids; everything that is wrong, in the order of the file. */
export function pair(
  file: string,
  text: string,
  name: string,
  notebook: Notebook,
): { prose: Record<string, string>; problems: Problem[] } {
  const cells = notebook.cells.filter(({ cell_type }) => cell_type === "markdown")
  const { sections, problems } = parseTranslation(file, text)
  let at = -1
  for (const { id, of, line } of sections) {
    const i = cells.findIndex((cell) => cell.id === id)
    const cell = cells[i]
    const say = (kind: Problem["kind"], message: string): void => {
      problems.push({ kind, message: `${file}:${line}: ${message}` })
    }
    if (cell === undefined) {
      say("unknown", `${name} has no Markdown cell "${id}"; it has ${cells.map(({ id }) => id).join(", ")}`)
      continue
    }
    if (i < at) say("broken", `cell "${id}" stands after cell "${cells[at]?.id}", in ${name} before it`)
    at = Math.max(at, i)
    if (of !== sourceHash(cell.source))
      say(
        "stale",
        `cell "${id}" of ${name} has changed since it was translated. When the text is right again, make this line\n${marker(id, cell.source)}`,
      )
  }
  for (const [i, { id, source }] of cells.entries()) {
    if (sections.some((section) => section.id === id)) continue
    const place = i === 0 ? "at the top" : `after the section of cell "${cells[i - 1]?.id}"`
    const message = `${file}: cell "${id}" of ${name} has no section. It begins, ${place}, with\n${marker(id, source)}`
    problems.push({ kind: "missing", message })
  }
  return { prose: Object.fromEntries(sections.map(({ id, text }) => [id, text])), problems }
}

/** A notebook with its prose in another language. */
export const inOtherWords = (notebook: Notebook, prose: Readonly<Record<string, string>>): Notebook => ({
  ...notebook,
  cells: notebook.cells.map((cell) => ({ ...cell, source: prose[cell.id] ?? cell.source })),
})

/** The title a text begins with. */
export const titleOf = (text: string): string | undefined => /^# (.+)/.exec(text)?.[1]
