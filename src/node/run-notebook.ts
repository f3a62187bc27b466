/** Runs a notebook on the real tslab and returns it with canonical outputs. */
import { canonicalize } from "../notebook/canonical.ts"
import { type Cell, hasTag, type Notebook, type Output } from "../notebook/ipynb.ts"
import { type KernelMessage, TslabKernel } from "./tslab-kernel.ts"

/** tslab drops, silently, what arrives within 200 ms after a failing cell. */
const AFTER_FAILURE_MS = 250

export interface RunOptions {
  /** Where the kernel runs: imports resolve from here. */
  cwd: string
  /** Milliseconds a cell may take (60,000). */
  timeout?: number
  onProgress?: (
    cell: Cell,
    index: number,
    total: number,
    status: "ok" | "error" | "timeout" | "skipped",
    milliseconds: number,
  ) => void
}

export interface RunResult {
  notebook: Notebook
  /** Cells that failed although nothing said that they may. */
  failed: string[]
}

export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
  const kernel = await TslabKernel.start(options.cwd)
  const code = notebook.cells.filter((cell) => cell.cell_type === "code")
  const failed: string[] = []
  const results = new Map<string, Output[]>()
  try {
    for (const [index, cell] of code.entries()) {
      if (hasTag(cell, "skip-execution")) {
        options.onProgress?.(cell, index, code.length, "skipped", 0)
        continue
      }
      const outputs: Output[] = []
      const begun = performance.now()
      const status = await kernel.execute(
        cell.source,
        (message) => collect(message, outputs),
        options.timeout ?? 60_000,
      )
      if (status === "timeout")
        outputs.push({
          output_type: "error",
          ename: "TimeoutError",
          evalue: `the cell ran longer than ${options.timeout ?? 60_000} ms`,
          traceback: [],
        })
      results.set(cell.id, outputs)
      // tslab answers "ok" to some failures and says them on standard error only.
      const bad =
        status !== "ok" ||
        outputs.some(
          (output) =>
            output.output_type === "stream" && output.name === "stderr" && /^\d+:\d+ - |Error: /m.test(output.text),
        )
      if (bad && !hasTag(cell, "raises-exception")) failed.push(cell.id)
      options.onProgress?.(
        cell,
        index,
        code.length,
        bad ? (status === "timeout" ? status : "error") : "ok",
        performance.now() - begun,
      )
      if (bad) await new Promise((done) => setTimeout(done, AFTER_FAILURE_MS))
    }
  } finally {
    await kernel.stop()
  }
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    outputs: results.get(cell.id) ?? (hasTag(cell, "skip-execution") ? cell.outputs : []),
  }))
  return { notebook: canonicalize({ ...notebook, cells }, { scrub: [options.cwd] }), failed }
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
