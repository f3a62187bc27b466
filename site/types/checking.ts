/** Asks about a cell whenever a text of the page has changed, and underlines what is wrong. */
import { type Diagnostic, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint"
import type { Extension } from "@codemirror/state"
import { type EditorView, keymap, ViewPlugin, type ViewUpdate } from "@codemirror/view"
import type { TypesClient } from "./client.ts"
import type { TypeMessage } from "./protocol.ts"

export function checking(cell: string, client: TypesClient): Extension {
  const plugin = ViewPlugin.define((view) => new Checking(view, cell, client), {
    eventHandlers: {
      // A page that opens its editors by itself, for a link with edits, has nobody who writes in them yet.
      focus: () => {
        if (client.page.writing) client.start(true)
      },
      keydown: () => client.start(),
      pointerdown: () => client.start(true),
    },
  })
  return [
    plugin,
    keymap.of([
      { key: "F8", run: nextDiagnostic },
      { key: "Shift-F8", run: previousDiagnostic },
    ]),
  ]
}

class Checking {
  readonly #view: EditorView
  readonly #cell: string
  readonly #client: TypesClient
  readonly #unlisten: () => void

  constructor(view: EditorView, cell: string, client: TypesClient) {
    this.#view = view
    this.#cell = cell
    this.#client = client
    this.#unlisten = client.listen(() => void this.#check())
    if (client.loading === "ready") client.changed()
  }

  update({ docChanged, transactions }: ViewUpdate): void {
    if (!docChanged) return
    // What is dictated or chosen presses no key.
    if (transactions.some((one) => one.isUserEvent("input"))) this.#client.start()
    this.#client.changed()
  }

  async #check(): Promise<void> {
    const { doc } = this.#view.state
    const messages = await this.#client.ask("check", this.#cell)
    // What was typed meanwhile is asked about by itself.
    if (messages === undefined || !this.#view.state.doc.eq(doc)) return
    this.#view.dispatch(setDiagnostics(this.#view.state, messages.map(diagnostic)))
  }

  destroy(): void {
    this.#unlisten()
  }
}

function diagnostic({ from, to, code, text }: TypeMessage): Diagnostic {
  return { from, to, severity: "error", message: text, source: `TS${code}` }
}
