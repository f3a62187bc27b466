/**
 * Runs a page's cells. A cell always runs on what the cells above it leave: where the kernel is elsewhere, it begins anew and runs them first. A run
 * costs milliseconds and is the same every time, so nothing has to be kept.
 */
import { say } from "../i18n/strings.ts"
import type { PacketAnswer, PacketQuestion } from "../packets/protocol.ts"
import type { PageCell } from "./cell.ts"
import { KernelClient, Stopped } from "./client.ts"

export interface RunnerHost {
  /** One line for the reader. */
  say(text: string): void
  /** Something runs, or nothing does. */
  busy(running: boolean): void
  /** A cell has run. */
  ran(cell: PageCell): Promise<void>
  /** The kernel has begun anew: clusters are gone. */
  gone(): void
}

export class Runner {
  readonly #cells: readonly PageCell[]
  readonly #host: RunnerHost
  readonly #kernel = new KernelClient((why) => {
    this.#forget()
    this.#host.say(say("run.ended", { why }))
  })
  /** Texts that the kernel has run since it began. */
  #ran: string[] = []
  /** Which run is the last that was asked for. */
  #turn = 0
  #running = false
  /** Somebody may have typed at the clusters. */
  #touched = false

  constructor(cells: readonly PageCell[], host: RunnerHost) {
    this.#cells = cells
    this.#host = host
    for (const [i, chain] of this.#chains((cell) => cell.published.source).entries()) cells[i]?.shows("idle", chain)
  }

  /** How many cells the kernel has run. */
  get count(): number {
    return this.#ran.length
  }

  /** The seed of clusters that name none (podwire's own when undefined). */
  get seed(): number | undefined {
    return this.#kernel.seed
  }

  set seed(seed: number | undefined) {
    if (seed === this.seed) return
    this.stop()
    this.#kernel.seed = seed
    this.refresh()
  }

  /** From now on packets are kept. The kernel begins anew, unless it keeps them already. */
  listen(): void {
    if (!this.#kernel.record) this.stop()
    this.#kernel.record = true
  }

  ask(question: PacketQuestion): Promise<PacketAnswer> {
    return this.#kernel.ask(question)
  }

  /** A way to a shell on the cluster that the cells made last. What is typed there, the cells below find. */
  shell(): MessagePort {
    this.#touched = true
    return this.#kernel.shell()
  }

  /** Ends whatever runs. */
  stop(): void {
    this.#kernel.stop()
    this.#forget()
  }

  /** There is no kernel any more. */
  #forget(): void {
    this.#ran = []
    this.#touched = false
    this.#host.gone()
  }

  /** Runs a cell, after those above it that the kernel has not run as they are now. True when all of them ran. */
  async runTo(last: number): Promise<boolean> {
    const turn = ++this.#turn
    if (this.#running) this.stop()
    const wanted = this.#cells.slice(0, last + 1)
    const known = this.#ran.length <= last && this.#ran.every((text, i) => text === wanted[i]?.source)
    if (!known) this.stop()
    const todo = wanted.slice(this.#ran.length)
    for (const cell of todo) cell.show("waiting")
    this.#busy(true)
    try {
      for (const cell of todo) if (!(await this.#run(cell))) break
      this.#report(wanted)
    } catch (error) {
      if (!(error instanceof Stopped)) throw error
      if (turn !== this.#turn) return false
      for (const cell of todo) if (cell.state === "waiting" || cell.state === "running") cell.show("stopped")
      if (error.why === undefined) this.#host.say(say("run.stopped"))
    } finally {
      if (turn === this.#turn) this.#busy(false)
    }
    return this.#ran.length > last
  }

  /** False when it failed: what is below waits for it. */
  async #run(cell: PageCell): Promise<boolean> {
    cell.show("running")
    this.#host.say(say("run.running", { id: cell.id }))
    const at = this.#cells.indexOf(cell)
    const { source } = cell
    const chain = this.#chains()[at] ?? ""
    const { ok, outputs, whole } = await this.#kernel.run(cell.id, cell.code)
    this.#ran.push(source)
    const same = await cell.put(outputs, whole)
    await this.#host.ran(cell)
    const own = this.#touched || this.seed !== undefined || this.#cells.slice(0, at + 1).some((one) => one.edited)
    cell.shows(same && !cell.edited ? "same" : !ok ? "failed" : own ? "ran" : "differs", chain)
    // The reader may have written on meanwhile.
    this.refresh()
    if (!ok && !same) {
      for (const one of this.#cells) if (one.state === "waiting") one.rest()
      this.refresh()
      return false
    }
    return true
  }

  /** Which cells show what belongs to the texts as they are: an edit that is undone makes them fresh again. */
  refresh(): void {
    for (const [i, chain] of this.#chains().entries()) this.#cells[i]?.freshen(chain)
  }

  /** What a cell's outputs follow from: the seed, the texts above it, its own. */
  #chains(textOf = (cell: PageCell): string => cell.source): string[] {
    let chain = `${this.seed ?? ""}`
    return this.#cells.map((cell) => (chain += `\n${cell.id}\n${textOf(cell)}`))
  }

  #report(cells: readonly PageCell[]): void {
    const same = cells.filter(({ state }) => state === "same").length
    const failed = cells.find(({ state }) => state === "failed")
    if (failed !== undefined) this.#host.say(say("run.failed", { id: failed.id }))
    else if (same === this.#cells.length) this.#host.say(say("run.same", { count: same }))
    else this.#host.say(say("run.some", { ran: cells.length, all: this.#cells.length, same }))
  }

  #busy(running: boolean): void {
    this.#running = running
    this.#host.busy(running)
  }
}
