/** Below a cell's text: what is wrong with it, line by line. A message leads to its place; Ctrl+Shift+M leads here. */

import { forEachDiagnostic, setDiagnosticsEffect } from "@codemirror/lint"
import type { Extension } from "@codemirror/state"
import { type EditorView, keymap, type Panel, showPanel } from "@codemirror/view"
import { say } from "../i18n/strings.ts"
import type { Loading, TypesClient } from "./client.ts"

export function messageList(cell: string, client: TypesClient): Extension {
  return [
    showPanel.of((view) => new MessageList(view, cell, client)),
    keymap.of([
      {
        key: "Mod-Shift-m",
        run: (view) => {
          view.dom.querySelector<HTMLElement>(".pw-messages button")?.focus()
          return true
        },
      },
    ]),
  ]
}

function stateText(loading: Exclude<Loading, "ready">): string {
  if (loading === "waiting") return ""
  return loading === "loading" ? say("types.loading") : say("types.failed")
}

class MessageList implements Panel {
  readonly dom: HTMLElement = document.createElement("div")
  readonly #view: EditorView
  readonly #client: TypesClient
  readonly #count = document.createElement("p")
  readonly #list = document.createElement("ol")
  readonly #unlisten: () => void
  /** A check has come back. */
  #checked = false

  constructor(view: EditorView, cell: string, client: TypesClient) {
    this.#view = view
    this.#client = client
    this.dom.className = "pw-messages"
    this.dom.setAttribute("role", "group")
    this.dom.setAttribute("aria-label", say("types.list", { id: cell }))
    this.#count.setAttribute("role", "status")
    this.dom.append(this.#count, this.#list)
    this.dom.addEventListener("keydown", (event) => {
      if (event.key === "Escape") view.focus()
    })
    this.#unlisten = client.listen(() => this.#showCount())
    this.#showCount()
  }

  update({ transactions }: Parameters<NonNullable<Panel["update"]>>[0]): void {
    const effects = transactions.flatMap(({ effects }) => effects)
    if (!effects.some((effect) => effect.is(setDiagnosticsEffect))) return
    this.#checked = true
    this.#show()
  }

  #show(): void {
    const items: HTMLElement[] = []
    forEachDiagnostic(this.#view.state, ({ message, source }, from) => {
      const line = this.#view.state.doc.lineAt(from)
      const item = document.createElement("li")
      const button = document.createElement("button")
      button.type = "button"
      button.textContent = `${line.number}:${from - line.from + 1} ${message.split("\n", 1)[0]} ${source}`
      button.addEventListener("click", () => this.#goTo(from))
      item.append(button)
      items.push(item)
    })
    this.#replace(items)
    this.#showCount()
  }

  /** Who is in the list with the keyboard stays there: messages may come anew at any time. */
  #replace(items: readonly HTMLElement[]): void {
    const at = [...this.#list.children].findIndex((item) => item.contains(document.activeElement))
    this.#list.replaceChildren(...items)
    if (at < 0) return
    const place = items[Math.min(at, items.length - 1)]?.querySelector("button")
    if (place != null) place.focus()
    else this.#view.focus()
  }

  #goTo(at: number): void {
    this.#view.dispatch({ selection: { anchor: at }, scrollIntoView: true })
    this.#view.focus()
  }

  /** Read aloud when it changes, and only then. */
  #showCount(): void {
    const { loading } = this.#client
    const errors = this.#list.childElementCount
    const found =
      errors === 0 ? say("types.none") : errors === 1 ? say("types.one") : say("types.many", { count: errors })
    const text = loading !== "ready" ? stateText(loading) : this.#checked ? found : ""
    if (this.#count.textContent !== text) this.#count.textContent = text
  }

  destroy(): void {
    this.#unlisten()
  }
}
