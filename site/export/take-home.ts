/** Takes cells off a page as they stand there, edits and all: onto the clipboard, or as a file. */
import { parseNotebook, serializeNotebook } from "../../src/notebook/ipynb.ts"
import { say } from "../i18n/strings.ts"
import type { PageCell } from "../kernel/cell.ts"
import { CompileError, cellSyntax } from "../kernel/compile.ts"
import { type ScriptCell, ScriptError, scriptFor, scriptOf } from "./script.ts"

/** Whose cells they are. */
export interface Page {
  /** `04-a-policy-that-bites`. */
  readonly name: string
  readonly version: string
  /** Where its notebook is published. */
  readonly notebook: string
}

const scriptCells = (cells: readonly PageCell[]): ScriptCell[] =>
  cells.map(({ id, source, published }) => ({ id, source, fails: published.fails }))

/** Copies the last of these cells, with what it needs, as a script. What is said of it is returned. */
export async function copyScript(cells: readonly PageCell[], page: Page): Promise<string> {
  return orWhyNot(cells, async () => {
    const id = cells.at(-1)?.id ?? ""
    const script = scriptFor(scriptCells(cells), id, page.version)
    if (await copied(script)) return say("take.copied", { id })
    save(`${id}.ts`, script, "text/typescript")
    return say("take.saved", { file: `${id}.ts` })
  })
}

/** Saves the page as a script. */
export async function saveScript(cells: readonly PageCell[], page: Page): Promise<string> {
  return orWhyNot(cells, async () => {
    save(`${page.name}.ts`, scriptOf(scriptCells(cells), page.name, page.version), "text/typescript")
    return say("take.saved", { file: `${page.name}.ts` })
  })
}

/** Saves the page's notebook. An edited cell has the outputs that it has on the page, or none. */
export async function saveNotebook(cells: readonly PageCell[], page: Page): Promise<string> {
  const notebook = parseNotebook(await (await fetch(page.notebook)).text())
  const byId = new Map(cells.map((cell) => [cell.id, cell]))
  const taken = notebook.cells.map((cell) => {
    const here = byId.get(cell.id)
    if (here === undefined) return cell
    return { ...cell, source: here.source, outputs: [...(here.outputs ?? (here.edited ? [] : cell.outputs))] }
  })
  const text = serializeNotebook({ ...notebook, cells: taken })
  save(`${page.name}.ipynb`, text, "application/x-ipynb+json")
  return say("take.saved", { file: `${page.name}.ipynb` })
}

/** What cannot be a script says why, in the cell's terms. */
async function orWhyNot(cells: readonly PageCell[], make: () => Promise<string>): Promise<string> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof ScriptError) return error.message
    if (error instanceof CompileError) return `cell ${brokenOf(cells)} ${error.line}:${error.column} - ${error.message}`
    throw error
  }
}

function brokenOf(cells: readonly PageCell[]): string {
  const broken = cells.find(({ source }) => {
    try {
      cellSyntax(source)
      return false
    } catch {
      return true
    }
  })
  return broken?.id ?? ""
}

/** False where the browser does not allow it. */
const copied = async (text: string): Promise<boolean> =>
  (await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )) ?? false

function save(file: string, text: string, type: string): void {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = file
  link.click()
  URL.revokeObjectURL(link.href)
}
