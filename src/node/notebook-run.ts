/** A notebook on a tslab kernel of its own, cell by cell. */
import { canonicalize, canonicalOutputs } from "../notebook/canonical.ts"
import { type Cell, hasTag, type Notebook, type Output } from "../notebook/ipynb.ts"
import { CellLines } from "./cell-lines.ts"
import { asError, collect, type Ran, reasonOf } from "./cell-result.ts"
import { type CellStatus, type KernelMessage, TslabKernel } from "./tslab-kernel.ts"

/** What a cell left behind may still print when the last one has ended. */
const STRAYS_MS = 100

/** One cell's run. */
export interface CellRun {
  cell: Cell
  /** `skipped`: its tag says that it is not to be run. */
  status: CellStatus | "skipped"
  /** Canonical. */
  outputs: Output[]
  /** Why it failed; `undefined` also for a failure that its tag allows. */
  reason: string | undefined
  milliseconds: number
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

/** How a notebook is run. */
export interface RunOptions {
  /** Where the kernel runs: imports resolve from here. */
  cwd: string
  /** Milliseconds a cell may take (60,000). */
  timeout?: number
  /** Told after each code cell, by `runNotebook`. */
  onProgress?: (
    cell: Cell,
    index: number,
    total: number,
    status: "ok" | "error" | "timeout" | "skipped" | "dead",
    milliseconds: number,
  ) => void
  /** Ends the run: the kernel is stopped, and what waits for it rejects with the signal's reason. */
  signal?: AbortSignal
}

export class NotebookRun {
  readonly #notebook: Notebook
  readonly #kernel: TslabKernel
  readonly #cwd: string
  readonly #timeout: number
  readonly #signal: AbortSignal | undefined
  readonly #abort: () => void
  readonly #todo: Cell[]
  readonly #ran: Ran[] = []
  #lines: CellLines | undefined

  private constructor(notebook: Notebook, kernel: TslabKernel, options: RunOptions) {
    this.#notebook = notebook
    this.#kernel = kernel
    this.#cwd = options.cwd
    this.#timeout = options.timeout ?? 60_000
    this.#signal = options.signal
    this.#todo = codeCells(notebook)
    this.#abort = () => void kernel.stop()
    options.signal?.addEventListener("abort", this.#abort)
  }

  /** @throws Error when tslab is not installed or does not start */
  static async start(notebook: Notebook, options: RunOptions): Promise<NotebookRun> {
    options.signal?.throwIfAborted()
    return new NotebookRun(notebook, await TslabKernel.start(options.cwd), options)
  }

  /** Runs the next code cell; `undefined` after the last one, and when the kernel has ended. */
  async next(): Promise<CellRun | undefined> {
    this.#signal?.throwIfAborted()
    const cell = this.#todo.shift()
    if (cell === undefined) return undefined
    if (hasTag(cell, "skip-execution"))
      return { cell, status: "skipped", outputs: cell.outputs, reason: undefined, milliseconds: 0 }
    const begun = performance.now()
    const ran = await this.#run(cell)
    const milliseconds = performance.now() - begun
    this.#signal?.throwIfAborted()
    this.#ran.push(ran)
    if (!ran.ok) asError(ran, this.#timeout, (frame) => this.#linesOf().place(cell.id, frame))
    if (ran.status === "dead") this.#todo.length = 0
    const outputs = canonicalOutputs(ran.outputs, { scrub: [this.#cwd] })
    return { cell, status: ran.status, outputs, reason: reasonOf(ran), milliseconds }
  }

  #linesOf(): CellLines {
    this.#lines ??= new CellLines(this.#cwd, this.#ran)
    return this.#lines
  }

  async #run(cell: Cell): Promise<Ran> {
    const { id, source } = cell
    const ran: Ran = { id, source, cell, ok: false, status: "ok", outputs: [], late: false }
    const take = (message: KernelMessage, late: boolean): void => {
      ran.late ||= late
      collect(message, ran.outputs)
    }
    ran.status = await this.#kernel.execute(source, take, this.#timeout)
    ran.ok = ran.status === "ok"
    return ran
  }

  /** Ends the kernel, however far it got. Cells tagged `skip-execution`, and no others, keep the outputs that they had. */
  async end(): Promise<RunResult> {
    if (this.#signal?.aborted !== true) await pause(STRAYS_MS)
    if (this.#signal?.aborted !== true) await this.#kernel.settle()
    this.#signal?.removeEventListener("abort", this.#abort)
    await this.#kernel.stop()
    this.#lines?.close()
    const outputs = new Map(this.#ran.map((ran) => [ran.id, ran.outputs]))
    const cells = this.#notebook.cells.map((cell) => ({
      ...cell,
      outputs: outputs.get(cell.id) ?? (hasTag(cell, "skip-execution") ? cell.outputs : []),
    }))
    const notRun = codeCells(this.#notebook).filter((cell) => !hasTag(cell, "skip-execution") && !outputs.has(cell.id))
    return {
      notebook: canonicalize({ ...this.#notebook, cells }, { scrub: [this.#cwd] }),
      failed: this.#ran.flatMap((ran) => {
        const reason = reasonOf(ran)
        return reason === undefined ? [] : [{ id: ran.id, reason }]
      }),
      notRun: notRun.map((cell) => cell.id),
    }
  }
}

export const codeCells = (notebook: Notebook): Cell[] => notebook.cells.filter((cell) => cell.cell_type === "code")

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds))
