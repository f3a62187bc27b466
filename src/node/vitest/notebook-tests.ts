/** What a notebook becomes in Vitest: called by the module that the plugin makes of the file. */
import { readFileSync, writeFileSync } from "node:fs"
import { basename, relative } from "node:path"
import { afterAll, beforeAll, describe, inject, type TestContext, test } from "vitest"
import { canonicalOutputs } from "../../notebook/canonical.ts"
import { diffOutputs } from "../../notebook/diff.ts"
import { type Notebook, parseNotebook, serializeNotebook } from "../../notebook/ipynb.ts"
import { type CellRun, NotebookRun } from "../notebook-run.ts"
import { cellError } from "./cell-error.ts"
import type { NotebookSettings } from "./settings.ts"

/** Registers a suite; `cells` names its code cells, in order. */
export function notebook(file: string, cells: (cell: (id: string) => void) => void): void {
  const settings = inject("podwire:notebooks")
  const tests = new NotebookTests(file, settings)
  // One cell needs those before it, whatever order the configuration asks for.
  describe(tests.title, { shuffle: false, concurrent: false }, () => {
    // The kernel has its own limits of time.
    beforeAll(() => tests.start(), 0)
    cells((id) => test(id, { timeout: 0 }, (context) => tests.check(id, context)))
    afterAll(() => tests.end(), 0)
  })
}

class NotebookTests {
  readonly #file: string
  readonly #settings: NotebookSettings
  readonly #text: string
  readonly #committed: Notebook
  readonly #done = new Map<string, CellRun>()
  /** Cells whose own tests have said what became of them. */
  readonly #told = new Set<string>()
  #run: NotebookRun | undefined

  constructor(file: string, settings: NotebookSettings) {
    this.#file = file
    this.#settings = settings
    this.#text = readFileSync(file, "utf8")
    this.#committed = parseNotebook(this.#text)
  }

  /** The first heading, as a page has it; without one the file's name. */
  get title(): string {
    const prose = this.#committed.cells.filter((cell) => cell.cell_type === "markdown")
    const headings = prose.map(({ source }) => /^# +(.+)$/m.exec(source)?.[1])
    return headings.find((heading) => heading !== undefined) ?? basename(this.#file)
  }

  async start(): Promise<void> {
    this.#run = await NotebookRun.start(this.#committed, this.#settings)
  }

  /** A cell's test. Cells before it that no test has run, because a filter left them out, are run first. */
  async check(id: string, context: TestContext): Promise<void> {
    const ran = await this.#runTo(id)
    this.#told.add(id)
    if (ran.cell.id !== id) {
      if (this.#toldBefore(ran)) context.skip(`cell ${ran.cell.id} failed`)
      throw this.#error(`cell ${ran.cell.id}, which comes before it, failed: ${ran.reason}`, ran)
    }
    if (ran.status === "skipped") context.skip("tagged skip-execution")
    if (ran.reason !== undefined) throw this.#error(`cell ${id} failed: ${ran.reason}`, ran)
    const diff = this.#settings.accept ? [] : this.#diff(ran)
    if (diff.length > 0)
      throw this.#error(
        `cell ${id} gave other outputs ("+") than ${this.#name} has ("-"):\n${diff.join("\n")}\naccept them with vitest -u, or: npx podwire run --accept ${this.#name}`,
        ran,
      )
  }

  /** The cell's run, or that of a cell before it that failed. */
  async #runTo(id: string): Promise<CellRun> {
    for (;;) {
      const failed = [...this.#done.values()].find(({ reason }) => reason !== undefined)
      const ran = this.#done.get(id) ?? failed
      if (ran !== undefined) return ran
      const next = await this.#run?.next()
      if (next === undefined) throw new Error(`cell ${id} is not in ${this.#name} any more: it was changed meanwhile`)
      this.#done.set(next.cell.id, next)
    }
  }

  #toldBefore({ cell }: CellRun): boolean {
    return this.#told.has(cell.id)
  }

  #diff({ cell, outputs }: CellRun): readonly string[] {
    return diffOutputs(canonicalOutputs(cell.outputs, {}), outputs)
  }

  #error(message: string, ran: CellRun): Error {
    return cellError(message, { file: this.#file, text: this.#text, cells: this.#committed.cells }, ran)
  }

  get #name(): string {
    return relative(this.#settings.cwd, this.#file)
  }

  /** Ends the kernel. What a cell left running may have printed since; new outputs are kept when they are asked for and nothing failed. */
  async end(): Promise<void> {
    const run = this.#run
    if (run === undefined) return
    const { accept } = this.#settings
    const failed = [...this.#done.values()].some(({ reason }) => reason !== undefined)
    while (accept && !failed && (await run.next()) !== undefined);
    const result = await run.end()
    const late = result.failed.filter(({ id }) => this.#done.get(id)?.reason === undefined)
    if (late.length > 0) throw new Error(late.map(({ id, reason }) => `cell ${id} failed: ${reason}`).join("\n"))
    const text = serializeNotebook(result.notebook)
    if (accept && !failed && text !== this.#text) writeFileSync(this.#file, text)
  }
}
