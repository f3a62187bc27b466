/** Runs a notebook on the real tslab and returns it with canonical outputs. */
import type { Notebook } from "../notebook/ipynb.ts"
import { codeCells, NotebookRun, type RunOptions, type RunResult } from "./notebook-run.ts"

/**
 * Runs a notebook's code cells, in order, on a tslab kernel of its own.
 * Cells tagged `skip-execution` keep their outputs; a failing cell does not end the run.
 *
 * @throws Error when tslab is not installed or does not start
 * @example const { notebook, failed } = await runNotebook(parseNotebook(text), { cwd: process.cwd() })
 */
export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
  const run = await NotebookRun.start(notebook, options)
  const total = codeCells(notebook).length
  try {
    for (let index = 0; ; index++) {
      const done = await run.next()
      if (done === undefined) break
      options.onProgress?.(done.cell, index, total, done.status, done.milliseconds)
    }
  } catch (error) {
    await run.end()
    throw error
  }
  return run.end()
}
