/** What the call at the cursor wants: from `(` and `,` on, or on Ctrl+Shift+Space, until the cursor is out of it. */
import { type Extension, StateEffect, StateField } from "@codemirror/state"
import { EditorView, keymap, showTooltip, type Tooltip, type ViewUpdate } from "@codemirror/view"
import { coloured, shortCard } from "./card.ts"
import type { TypesClient } from "./client.ts"
import type { Signature } from "./protocol.ts"

const show = StateEffect.define<Tooltip | null>()

const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, { effects, changes }) {
    for (const effect of effects) if (effect.is(show)) return effect.value
    return tooltip && { ...tooltip, pos: changes.mapPos(tooltip.pos) }
  },
  provide: (field) => showTooltip.from(field),
})

export function signatures(cell: string, client: TypesClient): Extension {
  const ask = async (view: EditorView): Promise<void> => {
    const { state } = view
    const signature = await client.ask("signature", cell, state.selection.main.head)
    const same = view.state.doc.eq(state.doc) && view.state.selection.eq(state.selection)
    if (same) view.dispatch({ effects: show.of(signature === undefined ? null : tooltip(signature)) })
  }
  const hide = (view: EditorView): boolean => {
    if (view.state.field(shown) === null) return false
    view.dispatch({ effects: show.of(null) })
    return true
  }
  return [
    shown,
    EditorView.updateListener.of((update) => {
      if (opens(update) || follows(update)) void ask(update.view)
    }),
    EditorView.domEventHandlers({ blur: (_, view) => void hide(view) }),
    keymap.of([
      {
        key: "Mod-Shift-Space",
        run: (view) => {
          void ask(view)
          return true
        },
      },
      { key: "Escape", run: hide },
    ]),
  ]
}

/** `(` or `,` was typed. */
function opens({ transactions, changes }: ViewUpdate): boolean {
  if (!transactions.some((one) => one.isUserEvent("input.type"))) return false
  let typed = ""
  changes.iterChanges((_, __, ___, ____, text) => {
    typed = text.toString()
  })
  return /[(,]\)?$/.test(typed)
}

const follows = ({ state, docChanged, selectionSet }: ViewUpdate): boolean =>
  state.field(shown) !== null && (docChanged || selectionSet)

function tooltip({ at, label, from, to, doc, overload, overloads }: Signature): Tooltip {
  const current = document.createElement("strong")
  current.append(...coloured(label.slice(from, to)))
  const code = [...coloured(label.slice(0, from)), current, ...coloured(label.slice(to))]
  const text = [overloads > 1 ? `${overload} of ${overloads}.` : "", doc].join(" ").trim()
  return { pos: at, above: true, create: () => ({ dom: shortCard(code, text) }) }
}
