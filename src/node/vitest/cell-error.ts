/** A cell's failure as an error of Vitest: its stack is that of the cells, in lines of the notebook's file. */
import type { Cell } from "../../notebook/ipynb.ts"
import { type Position, SourcePositions } from "../../notebook/positions.ts"
import type { CellRun } from "../notebook-run.ts"

interface NotebookFile {
  file: string
  text: string
  cells: readonly Cell[]
}

/** As Vitest has it. */
interface Frame extends Position {
  method: string
  file: string
}

const PLACE = /^(?:\s+at (?:(.*) \()?)?cell ([\w-]+) (\d+):(\d+)/

export function cellError(message: string, notebook: NotebookFile, ran: CellRun): Error {
  const frames = framesOf(notebook, ran)
  const stack = frames.map(({ method, file, line, column }) => `    at ${method} (${file}:${line}:${column})`)
  // `stacks`: parsed already. Vitest would look for the text's lines in the module that was made of the file.
  return Object.assign(new Error(message), { stack: [`Error: ${message}`, ...stack].join("\n"), stacks: frames })
}

/** The places that the error names; the cell's beginning when it names none. */
function framesOf({ file, text, cells }: NotebookFile, { cell, outputs }: CellRun): Frame[] {
  const positions = new SourcePositions(text)
  const frame = (id: string, name: string | undefined, place?: Position): Frame => ({
    method: name === undefined ? `cell ${id}` : `${name}, cell ${id}`,
    file,
    ...positions.at(
      cells.findIndex((one) => one.id === id),
      place,
    ),
  })
  const traceback = outputs.flatMap((output) => (output.output_type === "error" ? output.traceback : []))
  const named = traceback.flatMap((line) => {
    const [, name, id, row, column] = PLACE.exec(line) ?? []
    return id === undefined ? [] : [frame(id, name, { line: Number(row), column: Number(column) })]
  })
  return named.length > 0 ? named : [frame(cell.id, undefined)]
}
