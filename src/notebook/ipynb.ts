/** The notebook file (nbformat 4.5), as far as podwire's notebooks use it. */
import { jsonErrorOffset, lineAndColumn } from "./json-offset.ts"

/** What a cell printed. */
export interface StreamOutput {
  output_type: "stream"
  name: "stdout" | "stderr"
  text: string
}
/** What a cell showed: the same thing in one or more MIME types. */
export interface DisplayOutput {
  output_type: "display_data" | "execute_result"
  /** By MIME type. */
  data: Record<string, unknown>
  metadata: Record<string, unknown>
}
/** How a cell failed. */
export interface ErrorOutput {
  output_type: "error"
  ename: string
  evalue: string
  traceback: string[]
}
/** One output of a cell. */
export type Output = StreamOutput | DisplayOutput | ErrorOutput

/** A cell; only code cells have outputs. */
export interface Cell {
  cell_type: "code" | "markdown" | "raw"
  /** A slug: `vxlan-fdb`. */
  id: string
  source: string
  metadata: { tags?: string[] } & Record<string, unknown>
  /** Code cells only. */
  outputs: Output[]
  executionCount: number | null
}

/** A notebook in memory: texts joined, defaults filled in. */
export interface Notebook {
  cells: Cell[]
  metadata: Record<string, unknown>
}

/** A notebook that cannot be read: what is wrong, and in which cell. */
export class NotebookError extends Error {}

/** As tslab's kernel describes itself; Jupyter and GitHub highlight by it. */
export const NOTEBOOK_METADATA: Readonly<Record<string, unknown>> = {
  kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  language_info: {
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    file_extension: ".ts",
    mimetype: "text/typescript",
    name: "typescript",
    version: "3.7.2",
  },
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function joined(value: unknown, where: string): string {
  if (typeof value === "string") return value
  if (Array.isArray(value) && value.every((line) => typeof line === "string")) return value.join("")
  throw new NotebookError(`${where}: expected text or an array of lines`)
}

/** Reads a notebook. Throws {@link NotebookError} that names the cell and the field. */
export function parseNotebook(text: string): Notebook {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    const offset = jsonErrorOffset(text) ?? text.length
    throw new NotebookError(
      `not JSON from offset ${offset} (${lineAndColumn(text, offset)}): ${(error as Error).message}`,
    )
  }
  if (!isRecord(json) || !Array.isArray(json["cells"])) throw new NotebookError("not a notebook: no cells")
  if (json["nbformat"] !== 4) throw new NotebookError(`nbformat ${String(json["nbformat"])}: expected 4`)
  const minor = json["nbformat_minor"]
  if (minor !== 5) throw new NotebookError(`nbformat_minor ${String(minor)}: expected 5 (cell ids)`)
  const cells = json["cells"].map((cell, i) => parseCell(cell, i))
  const seen = new Set<string>()
  for (const { id } of cells) {
    if (seen.has(id)) throw new NotebookError(`cell id "${id}" is used twice`)
    seen.add(id)
  }
  return { cells, metadata: isRecord(json["metadata"]) ? json["metadata"] : {} }
}

function parseCell(value: unknown, index: number): Cell {
  const where = `cell ${index + 1}`
  if (!isRecord(value)) throw new NotebookError(`${where}: expected an object`)
  const { id, cell_type: type } = value
  if (typeof id !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(id))
    throw new NotebookError(`${where}: id ${JSON.stringify(id)} is not 1 to 64 of A-Z a-z 0-9 _ -`)
  if (type !== "code" && type !== "markdown" && type !== "raw")
    throw new NotebookError(`${where} (${id}): cell_type ${JSON.stringify(type)}`)
  const outputs = Array.isArray(value["outputs"])
    ? value["outputs"].map((output) => parseOutput(output, `${where} (${id})`))
    : []
  return {
    cell_type: type,
    id,
    source: joined(value["source"], `${where} (${id}): source`),
    metadata: metadataOf(value["metadata"], `${where} (${id})`),
    outputs,
    executionCount: typeof value["execution_count"] === "number" ? value["execution_count"] : null,
  }
}

function metadataOf(value: unknown, where: string): Cell["metadata"] {
  if (!isRecord(value)) return {}
  const tags = value["tags"]
  if (tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))) return value
  throw new NotebookError(`${where}: metadata.tags: expected a list of words`)
}

function parseOutput(value: unknown, where: string): Output {
  if (!isRecord(value)) throw new NotebookError(`${where}: an output is no object`)
  switch (value["output_type"]) {
    case "stream":
      return {
        output_type: "stream",
        name: value["name"] === "stderr" ? "stderr" : "stdout",
        text: joined(value["text"], `${where}: stream`),
      }
    case "error":
      return {
        output_type: "error",
        ename: String(value["ename"]),
        evalue: String(value["evalue"]),
        traceback: Array.isArray(value["traceback"]) ? value["traceback"].map(String) : [],
      }
    case "display_data":
    case "execute_result": {
      const data = isRecord(value["data"]) ? value["data"] : {}
      const joinedData = Object.fromEntries(
        Object.entries(data).map(([mime, part]) => [
          mime,
          Array.isArray(part) ? joined(part, `${where}: ${mime}`) : part,
        ]),
      )
      return {
        output_type: value["output_type"],
        data: joinedData,
        metadata: isRecord(value["metadata"]) ? value["metadata"] : {},
      }
    }
    default:
      throw new NotebookError(`${where}: output_type ${JSON.stringify(value["output_type"])}`)
  }
}

/** Lines with their breaks, as nbformat stores text. */
function lines(text: string): string[] {
  return text === "" ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? [])
}

/** The file's text: keys sorted, one-space indent, a final newline, so that two equal notebooks are equal bytes. */
export function serializeNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => {
    const common = { cell_type: cell.cell_type, id: cell.id, metadata: cell.metadata, source: lines(cell.source) }
    return cell.cell_type === "code"
      ? { ...common, execution_count: cell.executionCount, outputs: cell.outputs.map(outputJson) }
      : common
  })
  return `${JSON.stringify(sorted({ cells, metadata: notebook.metadata, nbformat: 4, nbformat_minor: 5 }), null, 1)}\n`
}

function outputJson(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: lines(output.text) }
  if (output.output_type === "error") return output
  const data = Object.fromEntries(
    Object.entries(output.data).map(([mime, part]) => [mime, typeof part === "string" ? lines(part) : part]),
  )
  const result = { ...output, data }
  return output.output_type === "execute_result" ? { ...result, execution_count: null } : result
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}

export const hasTag = (cell: Cell, tag: string): boolean => cell.metadata.tags?.includes(tag) === true
