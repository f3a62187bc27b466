/** Runs a notebook on the real tslab and returns it with canonical outputs. */
import { canonicalize } from "../notebook/canonical.ts"
import { failureOf } from "../notebook/failure.ts"
import { type Cell, hasTag, type Notebook, type Output } from "../notebook/ipynb.ts"
import { CellLines, type RunCell } from "./cell-lines.ts"
import { type CellStatus, type KernelMessage, TslabKernel } from "./tslab-kernel.ts"

/** tslab drops, silently, what arrives within 200 ms after a failing cell. */
const AFTER_FAILURE_MS = 250
/** What a cell left behind may still print when the last one has ended. */
const STRAYS_MS = 100
/** In bytes of base64 or text: a notebook is read, cloned and compared. */
const DISPLAY_MAX = 262_144

const INTERRUPTED = /^Error: (Script execution was interrupted by|Interrupted asynchronously)/

/** How {@link runNotebook} runs. */
export interface RunOptions {
  /** Where the kernel runs: imports resolve from here. */
  cwd: string
  /** Milliseconds a cell may take (60,000). */
  timeout?: number
  /** Told after each code cell. */
  onProgress?: (
    cell: Cell,
    index: number,
    total: number,
    status: "ok" | "error" | "timeout" | "skipped" | "dead",
    milliseconds: number,
  ) => void
  /** Ends the run: the kernel is stopped, and {@link runNotebook} rejects with the signal's reason. */
  signal?: AbortSignal
}

/** A cell that failed, and why. */
export interface CellFailure {
  id: string
  /** In a line. */
  reason: string
}

/** What came of a run. */
export interface RunResult {
  notebook: Notebook
  /** Cells that failed although no `raises-exception` tag says that they may, or did not although one says so. */
  failed: CellFailure[]
  /** Cells that could not run, because the kernel had ended. */
  notRun: string[]
}

/** What came of one cell. */
interface Ran extends RunCell {
  cell: Cell
  status: CellStatus
  outputs: Output[]
  late: boolean
}

/**
 * Runs a notebook's code cells, in order, on a tslab kernel of its own.
 * Cells tagged `skip-execution` keep their outputs; a failing cell does not end the run.
 *
 * @throws Error when tslab is not installed or does not start
 * @example const { notebook, failed } = await runNotebook(parseNotebook(text), { cwd: process.cwd() })
 */
export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
  const ran = await runCells(notebook, options)
  let lines: CellLines | undefined
  const failed: CellFailure[] = []
  for (const result of ran) {
    if (result.status !== "ok") {
      asError(result, options, (frame) => {
        lines ??= new CellLines(options.cwd, ran)
        return lines.place(result.id, frame)
      })
    }
    const reason = reasonOf(result)
    if (reason !== undefined) failed.push({ id: result.id, reason })
  }
  const outputs = new Map(ran.map((result) => [result.id, result.outputs]))
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    outputs: outputs.get(cell.id) ?? (hasTag(cell, "skip-execution") ? cell.outputs : []),
  }))
  const notRun = codeCells(notebook).filter((cell) => !hasTag(cell, "skip-execution") && !outputs.has(cell.id))
  return {
    notebook: canonicalize({ ...notebook, cells }, { scrub: [options.cwd] }),
    failed,
    notRun: notRun.map((cell) => cell.id),
  }
}

const codeCells = (notebook: Notebook): Cell[] => notebook.cells.filter((cell) => cell.cell_type === "code")

async function runCells(notebook: Notebook, options: RunOptions): Promise<Ran[]> {
  options.signal?.throwIfAborted()
  const kernel = await TslabKernel.start(options.cwd)
  const abort = (): void => void kernel.stop()
  options.signal?.addEventListener("abort", abort)
  const cells = codeCells(notebook)
  const ran: Ran[] = []
  try {
    // It may have come while the kernel started.
    options.signal?.throwIfAborted()
    for (const [index, cell] of cells.entries()) {
      const begun = performance.now()
      const result = hasTag(cell, "skip-execution") ? undefined : await runCell(kernel, cell, options)
      options.signal?.throwIfAborted()
      if (result !== undefined) ran.push(result)
      const status = result?.status ?? "skipped"
      options.onProgress?.(cell, index, cells.length, status, performance.now() - begun)
      if (status === "dead") break
      if (status === "error" || status === "timeout") await pause(AFTER_FAILURE_MS)
    }
    await pause(STRAYS_MS)
  } finally {
    options.signal?.removeEventListener("abort", abort)
    await kernel.stop()
  }
  return ran
}

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds))

async function runCell(kernel: TslabKernel, cell: Cell, options: RunOptions): Promise<Ran> {
  const { id, source } = cell
  const result: Ran = { id, source, cell, ok: false, status: "ok", outputs: [], late: false }
  const take = (message: KernelMessage, late: boolean): void => {
    result.late ||= late
    collect(message, result.outputs)
  }
  result.status = await kernel.execute(source, take, options.timeout ?? 60_000)
  result.ok = result.status === "ok"
  return result
}

/** Puts an error output where tslab only wrote text, or nothing at all. */
function asError(result: Ran, options: RunOptions, locate: Parameters<typeof failureOf>[2]): void {
  const { outputs, id, status } = result
  if (status === "timeout" || status === "dead") {
    // What the interrupt itself says is about the kernel.
    const last = outputs[outputs.length - 1]
    if (last?.output_type === "stream" && INTERRUPTED.test(last.text)) outputs.pop()
    const seconds = (options.timeout ?? 60_000) / 1000
    const [ename, evalue] =
      status === "timeout"
        ? ["TimeoutError", `cell ${id} ran longer than ${seconds} s and was interrupted`]
        : [
            "KernelDied",
            `the kernel ended in cell ${id}: the cell ended it, or ran longer than ${seconds} s and could not be interrupted`,
          ]
    outputs.push({ output_type: "error", ename, evalue, traceback: [] })
    return
  }
  const start = outputs.findLastIndex((output) => output.output_type !== "stream" || output.name !== "stderr") + 1
  const texts = outputs.slice(start).map((output) => (output as { text: string }).text)
  const failure = failureOf(texts, id, locate)
  if (failure !== undefined) outputs.splice(outputs.length - failure.taken, failure.taken, failure.error)
  else
    outputs.push({
      output_type: "error",
      ename: "Error",
      evalue: "tslab reported a failure and no reason",
      traceback: [],
    })
}

function reasonOf({ cell, status, outputs, late }: Ran): string | undefined {
  const last = outputs[outputs.length - 1]
  if (late) return "something it started printed after its end: await it"
  const large = outputs.find((output) => "data" in output && JSON.stringify(output.data).length > DISPLAY_MAX)
  if (large !== undefined) return `an output of more than ${DISPLAY_MAX / 1024} kB`
  if (status === "ok")
    return hasTag(cell, "raises-exception") ? "tagged raises-exception, and nothing was thrown" : undefined
  if (status === "error" && hasTag(cell, "raises-exception")) return undefined
  if (last?.output_type !== "error") return status
  // A compiler message names its place; an exception's is in the first frame.
  const place = last.traceback.find((line) => /^\s+at /.test(line))?.trim()
  const said = last.ename === "TypeScriptError" ? last.evalue : `${last.ename}: ${last.evalue}`
  return place === undefined ? said : `${said} ${place}`
}

function collect(message: KernelMessage, outputs: Output[]): void {
  const { content } = message
  if (message.type === "stream")
    outputs.push({
      output_type: "stream",
      name: content["name"] === "stderr" ? "stderr" : "stdout",
      text: String(content["text"]),
    })
  else if (message.type === "display_data")
    outputs.push({ output_type: "display_data", data: content["data"] as Record<string, unknown>, metadata: {} })
  else if (message.type === "update_display_data") {
    const last = outputs.findLast((output) => output.output_type === "display_data")
    if (last?.output_type === "display_data") last.data = content["data"] as Record<string, unknown>
  }
}
