/**
 * A page's buttons. A cell always runs on what the cells above it leave: where the kernel is elsewhere, it begins anew and runs them first. A run
 * costs milliseconds and is the same every time, so nothing has to be kept.
 */
import { say } from "../i18n/strings.ts"
import type { PacketPanel } from "../packets/panel.ts"
import type { TypesPage } from "../types/client.ts"
import { PageCell } from "./cell.ts"
import { KernelClient, Stopped } from "./client.ts"
import { EDITS, editsOf, linkOf } from "./permalink.ts"
import type { KernelCell } from "./protocol.ts"

export class Controls {
  readonly #bar: HTMLElement
  readonly #cells: readonly PageCell[]
  readonly #kernel = new KernelClient()
  /** Texts that the kernel has run since it began. */
  #ran: string[] = []
  #running = false
  readonly #panels = new Map<PageCell, PacketPanel>()
  /** For what checks types. */
  readonly #page: TypesPage & { writing: boolean }

  constructor(bar: HTMLElement, cells: readonly KernelCell[]) {
    this.#bar = bar
    this.#cells = cells.flatMap((cell) => {
      const element = document.getElementById(cell.id)
      return element === null ? [] : [new PageCell(cell, element)]
    })
    this.#page = {
      library: bar.dataset["types"] ?? "",
      cells: () => this.#cells.map(({ id, source }) => ({ id, source })),
      writing: false,
      say: (text) => this.#say(text),
    }
  }

  async press(button: HTMLButtonElement): Promise<void> {
    const id = button.closest(".pw-cell")?.id
    const at = this.#cells.findIndex((cell) => cell.id === id)
    const cell = this.#cells[at]
    switch (button.dataset["do"]) {
      case "run":
        return this.runTo(at)
      case "packets":
        return this.#packets(at)
      case "script":
        return this.#take(({ copyScript }) => copyScript(this.#cells.slice(0, at + 1), this.#home))
      case "save-script":
        return this.#take(({ saveScript }) => saveScript(this.#cells, this.#home))
      case "save-notebook":
        return this.#take(({ saveNotebook }) => saveNotebook(this.#cells, this.#home))
      case "edit":
        this.#page.writing = true
        return this.#edit(at)
      case "go":
        return this.#goTo(button)
      case "reset":
        cell?.reset()
        return this.#changed(at)
      case "run-all":
        return this.runTo(this.#cells.length - 1)
      case "stop":
        return this.stop()
      case "reset-all":
        return this.#resetAll()
      case "share":
        return this.#share()
    }
  }

  /** The packets of a cell. The kernel keeps them from the first time that somebody asks: until then it runs without listening. */
  async #packets(at: number): Promise<void> {
    const cell = this.#cells[at]
    if (cell === undefined) return
    if (this.#panels.has(cell)) return this.#panels.get(cell)?.focus()
    const { PacketPanel } = await import("../packets/panel.ts")
    if (!this.#kernel.record) this.stop()
    this.#kernel.record = true
    if (this.#ran.length <= at) await this.runTo(at)
    if (this.#ran.length <= at) return
    const close = (): void => {
      panel.element.remove()
      this.#panels.delete(cell)
    }
    const panel = new PacketPanel(cell.id, (question) => this.#kernel.ask(question), close)
    this.#panels.set(cell, panel)
    cell.element.append(panel.element)
    await panel.show()
    panel.focus()
  }

  async #edit(at: number): Promise<void> {
    await this.#cells[at]?.edit(
      () => void this.runTo(at),
      () => this.#changed(at),
      this.#page,
    )
  }

  /** A place in an error: the line it names, in the cell it names. */
  async #goTo({ dataset }: HTMLButtonElement): Promise<void> {
    const at = this.#cells.findIndex(({ id }) => id === dataset["cell"])
    await this.#edit(at)
    this.#cells[at]?.goTo(Number(dataset["line"]), Number(dataset["column"]))
  }

  /** Edits that came with the address: shown, and not run. */
  async open(hash: string): Promise<void> {
    const edits = await editsOf(hash)
    if (edits === undefined) return this.#say(say("edits.unreadable"))
    const known = Object.entries(edits.cells).filter(([id]) => this.#cells.some((cell) => cell.id === id))
    for (const [id, text] of known) {
      const at = this.#cells.findIndex((cell) => cell.id === id)
      await this.#edit(at)
      this.#cells[at]?.write(text)
    }
    const version = edits.version === this.#version ? "" : say("edits.version", { version: edits.version })
    const count = Object.keys(edits.cells).length - known.length
    const lost = count === 0 ? "" : say("edits.lost", { count })
    this.#say(say("edits.opened", { count: known.length, version, lost }))
  }

  /** Puts the edits into the address, and the address on the clipboard where that is allowed. */
  async #share(): Promise<void> {
    const edited = this.#cells.filter((cell) => cell.edited)
    const cells = Object.fromEntries(edited.map((cell) => [cell.id, cell.source]))
    history.replaceState(null, "", await linkOf({ version: this.#version, cells }))
    const copied = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    )
    this.#say(say(copied === true ? "edits.copied" : "edits.shared", { count: edited.length }))
  }

  async #take(how: (home: typeof import("../export/take-home.ts")) => Promise<string>): Promise<void> {
    this.#say(await how(await import("../export/take-home.ts")))
  }

  get #home(): { name: string; version: string; notebook: string } {
    const notebook = this.#bar.dataset["notebook"] ?? ""
    const name = /([^/]*)\.ipynb$/.exec(notebook)?.[1] ?? "notebook"
    return { name, version: this.#version, notebook }
  }

  get #version(): string {
    return this.#bar.dataset["version"] ?? ""
  }

  /** Ends whatever runs. */
  stop(): void {
    this.#kernel.stop()
    this.#ran = []
  }

  #resetAll(): void {
    this.stop()
    for (const [at, cell] of this.#cells.entries()) {
      cell.reset()
      this.#changed(at)
    }
    if (location.hash.startsWith(EDITS)) history.replaceState(null, "", location.pathname)
    this.#say(say("run.reset"))
  }

  /** Runs a cell, after those above it that the kernel has not run as they are now. */
  async runTo(last: number): Promise<void> {
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
      for (const cell of todo) if (cell.state === "waiting" || cell.state === "running") cell.show("stopped")
      this.#say(say("run.stopped"))
    } finally {
      this.#busy(false)
    }
  }

  /** False when it failed: what is below waits for it. */
  async #run(cell: PageCell): Promise<boolean> {
    cell.show("running")
    this.#say(say("run.running", { id: cell.id }))
    const { source } = cell
    const { ok, outputs } = await this.#kernel.run(cell.id, cell.code)
    this.#ran.push(source)
    const same = await cell.put(outputs)
    await this.#panels.get(cell)?.show()
    const own = this.#cells.slice(0, this.#cells.indexOf(cell) + 1).some((one) => one.edited)
    cell.show(same && !cell.edited ? "same" : !ok ? "failed" : own ? "ran" : "differs")
    if (!ok && !same) {
      for (const one of this.#cells) if (one.state === "waiting") one.show("idle")
      return false
    }
    return true
  }

  /** A cell's text is another one: what ran after it says so. */
  #changed(at: number): void {
    for (const [i, cell] of this.#cells.entries())
      if (i > at && ["same", "differs", "ran", "failed"].includes(cell.state)) cell.show("stale")
    const share = this.#bar.querySelector<HTMLButtonElement>('[data-do="share"]')
    if (share !== null) share.hidden = !this.#cells.some((one) => one.edited)
    const cell = this.#cells[at]
    if (cell !== undefined && cell.state !== "running") cell.show(cell.edited ? "stale" : "idle")
    if (cell?.state === "stale") {
      const place = cell.element.querySelector(".pw-state")
      if (place !== null) place.textContent = say("state.edited")
    }
  }

  #report(cells: readonly PageCell[]): void {
    const same = cells.filter(({ state }) => state === "same").length
    const failed = cells.find(({ state }) => state === "failed")
    if (failed !== undefined) this.#say(say("run.failed", { id: failed.id }))
    else if (same === this.#cells.length) this.#say(say("run.same", { count: same }))
    else this.#say(say("run.some", { ran: cells.length, all: this.#cells.length, same }))
  }

  #busy(running: boolean): void {
    this.#running = running
    const stop = this.#bar.querySelector<HTMLButtonElement>('[data-do="stop"]')
    if (stop !== null) stop.disabled = !running
  }

  #say(text: string): void {
    const status = this.#bar.querySelector('[role="status"]')
    if (status !== null) status.textContent = text
  }
}

export async function startControls(bar: HTMLElement): Promise<Controls> {
  const answer = await fetch(bar.dataset["cells"] ?? "")
  return new Controls(bar, (await answer.json()) as KernelCell[])
}
