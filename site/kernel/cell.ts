/** One cell of a page: its text, its buttons, and what is shown below it. */
import type { Output } from "../../src/notebook/ipynb.ts"
import { say } from "../i18n/strings.ts"
import type { TypesPage } from "../types/client.ts"
import type { Editor } from "./editor.ts"
import { type CellCode, type KernelCell, outputsHash } from "./protocol.ts"

/** What a reader reads beside the cell. */
export type CellState =
  | "idle"
  | "waiting"
  | "running"
  | "same"
  | "differs"
  | "ran"
  | "failed"
  | "stopped"
  | "stale"
  | "edited"

export class PageCell {
  readonly published: KernelCell
  readonly element: HTMLElement
  readonly #outputs: HTMLElement
  readonly #original: readonly Node[]
  readonly #code: HTMLElement | null
  readonly #box = document.createElement("div")
  #editor: Editor | undefined
  state: CellState = "idle"
  #timer: ReturnType<typeof setInterval> | undefined
  /** Where it comes to rest when nothing is under way, and the texts that what it shows follows from. */
  #rest: CellState = "idle"
  #chain = ""
  #textShown = ""
  #published = ""
  /** Of the last run; none of a text that has not run, or was never run here. */
  outputs: readonly Output[] | undefined

  constructor(published: KernelCell, element: HTMLElement) {
    this.published = published
    this.element = element
    this.#outputs = element.querySelector<HTMLElement>(".pw-outputs") as HTMLElement
    this.#original = [...this.#outputs.childNodes]
    this.#code = element.querySelector<HTMLElement>(".expressive-code")
  }

  get id(): string {
    return this.published.id
  }

  get source(): string {
    return this.#editor?.text ?? this.published.source
  }

  get edited(): boolean {
    return this.source !== this.published.source
  }

  get code(): CellCode {
    return this.edited ? { source: this.source } : { compiled: this.published.compiled }
  }

  /** What it shows now follows from these texts. */
  shows(rest: CellState, chain: string): void {
    if (rest === "idle") this.#published = chain
    this.#rest = rest
    this.#chain = chain
    this.#textShown = this.source
    this.show(rest)
  }

  rest(): void {
    this.show(this.#rest)
  }

  /** Compares with the texts as they are. What runs, or waits for it, is left alone. */
  freshen(chain: string): void {
    if (this.state === "waiting" || this.state === "running") return
    if (this.#chain === chain) {
      if (this.state === "stale" || this.state === "edited") this.rest()
    } else this.show(this.source === this.#textShown ? "stale" : "edited")
  }

  show(state: CellState): void {
    this.state = state
    clearInterval(this.#timer)
    if (state === "running") this.#count()
    else this.#write(state === "idle" ? "" : say(`state.${state}`))
    this.element.dataset["state"] = state
    const reset = this.element.querySelector<HTMLButtonElement>('[data-do="reset"]')
    const packets = this.element.querySelector<HTMLButtonElement>('[data-do="packets"]')
    if (packets !== null && this.edited) {
      packets.hidden = false
      packets.textContent = say("packets.button")
    }
    if (reset !== null) reset.hidden = !(this.edited || ["differs", "ran", "failed"].includes(state))
  }

  /** What takes long says how long. */
  #count(): void {
    let seconds = 0
    this.#write(say("state.running"))
    this.#timer = setInterval(() => this.#write(say("state.running-for", { seconds: ++seconds })), 1000)
  }

  #write(text: string): void {
    const place = this.element.querySelector(".pw-state")
    if (place !== null) place.textContent = text
  }

  /** The outputs of a run, and the whole of those that are cut; the published ones stay when nothing is different. */
  async put(outputs: readonly Output[], whole: ReadonlyMap<number, string>): Promise<boolean> {
    this.outputs = outputs
    const same = outputsHash(outputs) === this.published.hash
    if (same && whole.size === 0) this.#outputs.replaceChildren(...this.#original)
    else {
      const { renderOutputs } = await import("./render.ts")
      this.#outputs.replaceChildren(...(await renderOutputs(this.id, outputs, whole)))
    }
    return same
  }

  async edit(run: () => void, changed: () => void, page: TypesPage): Promise<void> {
    if (this.#editor === undefined) {
      const [{ createEditor }, { cellTypes }] = await Promise.all([
        import("./editor.ts"),
        import("../types/extension.ts"),
      ])
      const { id, published } = this
      this.#editor = createEditor(say("cell.editor", { id }), published.source, run, changed, cellTypes(id, page))
      // The editor insists on being shown and on its own classes: what hides and dresses it is around it.
      this.#box.className = "pw-editor"
      this.#box.append(this.#editor.element)
      this.#code?.after(this.#box)
    }
    this.#code?.setAttribute("hidden", "")
    this.#box.hidden = false
    this.#editor.focus()
  }

  /** Another text than the published one. */
  write(text: string): void {
    if (this.#editor !== undefined) this.#editor.text = text
  }

  /** Puts the cursor into the editor, which must be there; both from 1. */
  goTo(line: number, column: number): void {
    this.#editor?.goTo(line, column)
  }

  /** As it was published. */
  reset(): void {
    if (this.#editor !== undefined) {
      this.#editor.text = this.published.source
      this.#box.hidden = true
    }
    this.#code?.removeAttribute("hidden")
    this.#outputs.replaceChildren(...this.#original)
    this.outputs = undefined
    this.shows("idle", this.#published)
  }
}
