/** A page's buttons. */
import { say } from "../i18n/strings.ts"
import type { PacketPanel } from "../packets/panel.ts"
import type { TypesPage } from "../types/client.ts"
import { PageCell } from "./cell.ts"
import { confinement } from "./confinement.ts"
import type { SharedEdits } from "./permalink.ts"
import type { KernelCell } from "./protocol.ts"
import { Runner } from "./runner.ts"
import type { PageTerminal } from "./terminal.ts"

export class Controls {
  readonly #bar: HTMLElement
  readonly #cells: readonly PageCell[]
  readonly #runner: Runner
  readonly #panels = new Map<PageCell, PacketPanel>()
  readonly #shells = new Set<PageTerminal>()
  /** Where an address wants a cell's clock to stand. */
  #clock: SharedEdits["clock"]
  /** For what checks types. */
  readonly #page: TypesPage & { writing: boolean }

  constructor(bar: HTMLElement, cells: readonly KernelCell[]) {
    this.#bar = bar
    this.#cells = cells.flatMap((cell) => {
      const element = document.getElementById(cell.id)
      return element === null ? [] : [new PageCell(cell, element)]
    })
    this.#runner = new Runner(this.#cells, {
      say: (text) => this.#say(text),
      busy: (running) => this.#allow("stop", running),
      ran: async (cell) => this.#panels.get(cell)?.show(),
      gone: () => this.#endShells(),
    })
    this.#page = {
      library: bar.dataset["types"] ?? "",
      cells: () => this.#cells.map(({ id, source }) => ({ id, source })),
      writing: false,
      say: (text) => this.#say(text),
    }
    this.#seedBox?.addEventListener("change", () => this.#seedChanged())
    // It may have been written before these buttons were there.
    this.#seedChanged()
  }

  async press(button: HTMLButtonElement): Promise<void> {
    const id = button.closest(".pw-cell")?.id
    const at = this.#cells.findIndex((cell) => cell.id === id)
    switch (button.dataset["do"]) {
      case "run":
        return void (await this.#runner.runTo(at))
      case "run-all":
        return void (await this.#runner.runTo(this.#cells.length - 1))
      case "stop":
        return this.#runner.stop()
      case "verify":
        return this.#verify()
      case "edit":
        this.#page.writing = true
        return this.#edit(at)
      case "go":
        return this.#goTo(button)
      case "reset":
        this.#cells[at]?.reset()
        return this.#changed()
      case "reset-all":
        return this.#resetAll()
      case "packets":
        return this.#packets(at)
      case "shell":
        return this.#shell(at)
      default:
        return this.#take(button, at)
    }
  }

  /** What leaves the page: links, scripts, notebooks. */
  async #take(button: HTMLButtonElement, at: number): Promise<void> {
    const what = button.dataset["do"]
    if (what === "share") return this.#share()
    const home = await import("../export/take-home.ts")
    if (what === "script") this.#say(await home.copyScript(this.#cells.slice(0, at + 1), this.#home))
    else if (what === "save-script") this.#say(await home.saveScript(this.#cells, this.#home))
    else if (what === "save-notebook") this.#say(await home.saveNotebook(this.#cells, this.#home))
  }

  get #home(): { name: string; version: string; notebook: string } {
    const notebook = this.#bar.dataset["notebook"] ?? ""
    const name = /([^/]*)\.ipynb$/.exec(notebook)?.[1] ?? "notebook"
    return { name, version: this.#version, notebook }
  }

  get #version(): string {
    return this.#bar.dataset["version"] ?? ""
  }

  // ── texts ───────────────────────────────────────────────────────────────────────────────────

  async #edit(at: number): Promise<void> {
    await this.#cells[at]?.edit(
      () => void this.#runner.runTo(at),
      () => this.#changed(),
      this.#page,
    )
  }

  /** A place in an error: the line it names, in the cell it names. */
  async #goTo({ dataset }: HTMLButtonElement): Promise<void> {
    const at = this.#cells.findIndex(({ id }) => id === dataset["cell"])
    await this.#edit(at)
    this.#cells[at]?.goTo(Number(dataset["line"]), Number(dataset["column"]))
  }

  /** Texts, or the seed, are other ones. */
  #changed(): void {
    this.#runner.refresh()
    this.#showShare()
  }

  #resetAll(): void {
    this.#runner.stop()
    this.#runner.seed = undefined
    if (this.#seedBox !== null) this.#seedBox.value = ""
    for (const cell of this.#cells) cell.reset()
    this.#changed()
    // As in permalink.ts, which is loaded only for such an address.
    if (location.hash.startsWith("#edits=")) history.replaceState(null, "", location.pathname)
    this.#say(say("run.reset"))
  }

  // ── the seed ────────────────────────────────────────────────────────────────────────────────

  get #seedBox(): HTMLInputElement | null {
    return this.#bar.querySelector<HTMLInputElement>("input[data-seed]")
  }

  #seedChanged(): void {
    const seed = this.#seedBox?.valueAsNumber ?? Number.NaN
    this.#runner.seed = Number.isSafeInteger(seed) ? seed : undefined
    this.#changed()
  }

  /** Runs the page from its beginning, and says whether it is what is published. */
  async #verify(): Promise<void> {
    if (this.#runner.seed !== undefined || this.#cells.some((cell) => cell.edited))
      return this.#say(say("verify.edited"))
    this.#runner.listen()
    this.#runner.stop()
    await this.#runner.runTo(this.#cells.length - 1)
    const differ = this.#cells.filter(({ state }) => state !== "same")
    if (differ.length > 0) return this.#say(say("verify.differs", { cells: differ.map(({ id }) => id).join(", ") }))
    const { sealText } = await import("./seal.ts")
    const published = this.#cells.map((cell) => cell.published)
    this.#say(await sealText(published, this.#runner, this.#version))
  }

  // ── packets ─────────────────────────────────────────────────────────────────────────────────

  /** The packets of a cell. The kernel keeps them from the first time that somebody asks: until then it runs without listening. */
  async #packets(at: number): Promise<void> {
    const cell = this.#cells[at]
    if (cell === undefined) return
    const open = this.#panels.get(cell)
    if (open !== undefined) return open.focus()
    const { PacketPanel } = await import("../packets/panel.ts")
    this.#runner.listen()
    if (this.#runner.count <= at && !(await this.#runner.runTo(at))) return
    const panel = new PacketPanel(
      cell.id,
      (question) => this.#runner.ask(question),
      () => {
        panel.element.remove()
        this.#panels.delete(cell)
        cell.element.querySelector<HTMLElement>('[data-do="packets"]')?.focus({ preventScroll: true })
        this.#showShare()
      },
    )
    this.#panels.set(cell, panel)
    cell.element.append(panel.element)
    await panel.show()
    if (this.#clock?.cell === cell.id) await panel.showTime(this.#clock.time)
    panel.focus()
    this.#showShare()
  }

  // ── shells ──────────────────────────────────────────────────────────────────────────────────

  /** A terminal below a cell, on the cluster as the cell leaves it. */
  async #shell(at: number): Promise<void> {
    const cell = this.#cells[at]
    if (cell === undefined) return
    const { PageTerminal } = await import("./terminal.ts")
    this.#runner.listen()
    if (this.#runner.count !== at + 1) {
      this.#runner.stop()
      if (!(await this.#runner.runTo(at))) return
    }
    const box = document.querySelector<HTMLElement>("[data-terminal]")?.cloneNode(true) as HTMLElement
    for (const part of box.querySelectorAll(".pw-buttons, noscript")) part.remove()
    const log = box.querySelector('[role="log"]') as HTMLElement
    log.textContent = ""
    log.setAttribute("aria-label", say("shell.of", { id: cell.id }))
    for (const old of cell.element.querySelectorAll(".pw-terminal")) old.remove()
    cell.element.append(box)
    this.#shells.add(new PageTerminal(box, this.#runner.shell()))
  }

  #endShells(): void {
    for (const shell of this.#shells) shell.end(say("shell.gone"))
    this.#shells.clear()
  }

  // ── links ───────────────────────────────────────────────────────────────────────────────────

  /** Edits that came with the address: shown, and not run. */
  async open(hash: string): Promise<void> {
    const { shared } = await import("./sharing.ts")
    const { edits, text } = await shared(hash, this.#cells, this.#version)
    for (const [at, cell] of this.#cells.entries()) {
      const source = edits?.cells[cell.id]
      if (source === undefined) continue
      await this.#edit(at)
      cell.write(source)
    }
    if (edits?.seed !== undefined && this.#seedBox !== null) {
      this.#seedBox.valueAsNumber = edits.seed
      this.#seedChanged()
    }
    this.#clock = edits?.clock
    this.#say(text)
  }

  async #share(): Promise<void> {
    const { share } = await import("./sharing.ts")
    const { seed } = this.#runner
    const clock = this.#openClock
    const page = {
      version: this.#version,
      ...(seed === undefined ? {} : { seed }),
      ...(clock === undefined ? {} : { clock }),
    }
    this.#say(await share(this.#cells, page))
  }

  get #openClock(): SharedEdits["clock"] {
    for (const [{ id }, { time }] of this.#panels) if (time !== undefined) return { cell: id, time }
    return undefined
  }

  /** There is something to put into a link. */
  #showShare(): void {
    const something = this.#runner.seed !== undefined || this.#panels.size > 0 || this.#cells.some((one) => one.edited)
    const share = this.#bar.querySelector<HTMLButtonElement>('[data-do="share"]')
    if (share !== null) share.hidden = !something
  }

  #allow(what: string, allowed: boolean): void {
    const button = this.#bar.querySelector<HTMLButtonElement>(`[data-do="${what}"]`)
    if (button !== null) button.disabled = !allowed
  }

  #say(text: string): void {
    const status = this.#bar.querySelector('[role="status"]')
    if (status !== null) status.textContent = text
  }
}

export async function startControls(bar: HTMLElement): Promise<Controls> {
  // Most presses run something. Whoever runs hears of a failure.
  confinement().catch(() => undefined)
  const answer = await fetch(bar.dataset["cells"] ?? "")
  return new Controls(bar, (await answer.json()) as KernelCell[])
}
