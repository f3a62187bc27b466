/** What the name under the pointer is, or, on Ctrl+I, the one at the cursor. */
import { type Extension, Prec, StateEffect, StateField } from "@codemirror/state"
import { type EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from "@codemirror/view"
import { card } from "./card.ts"
import type { TypesClient } from "./client.ts"
import type { Hover } from "./protocol.ts"

const show = StateEffect.define<Tooltip | null>()

/** The box at the cursor; it goes when the cursor does. */
const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, { effects, docChanged, selection }) {
    for (const effect of effects) if (effect.is(show)) return effect.value
    return docChanged || selection !== undefined ? null : tooltip
  },
  provide: (field) => showTooltip.from(field),
})

const tooltip = (hover: Hover): Tooltip => ({
  pos: hover.from,
  end: hover.to,
  above: true,
  create: () => ({ dom: card(hover) }),
})

export function describing(cell: string, client: TypesClient): Extension {
  const atCursor = (view: EditorView): boolean => {
    const { doc, selection } = view.state
    void client.ask("hover", cell, selection.main.head).then((hover) => {
      if (hover !== undefined && view.state.doc.eq(doc)) view.dispatch({ effects: show.of(tooltip(hover)) })
    })
    return true
  }
  const hide = (view: EditorView): boolean => {
    if (view.state.field(shown) === null) return false
    view.dispatch({ effects: show.of(null) })
    return true
  }
  return [
    shown,
    hoverTooltip(async (view, at) => {
      const { doc } = view.state
      const hover = await client.ask("hover", cell, at)
      return hover !== undefined && view.state.doc.eq(doc) ? tooltip(hover) : null
    }),
    // The editor's own keys have another use for Ctrl+I, and completion for Escape, even before its list is there.
    Prec.highest(
      keymap.of([
        { key: "Mod-i", run: atCursor, preventDefault: true },
        { key: "Escape", run: hide },
      ]),
    ),
  ]
}
