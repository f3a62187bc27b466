/** A cell's text under the reader's hands. Shift+Enter runs it; Tab leaves it. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { javascript } from "@codemirror/lang-javascript"
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language"
import { EditorState, type Extension, Prec } from "@codemirror/state"
import { drawSelection, EditorView, keymap } from "@codemirror/view"
import { COLOURS } from "./colours.ts"

export interface Editor {
  readonly element: HTMLElement
  text: string
  focus(): void
  /** Puts the cursor there; both from 1. */
  goTo(line: number, column: number): void
}

export function createEditor(
  label: string,
  text: string,
  run: () => void,
  changed: () => void,
  more: Extension,
): Editor {
  const runs = Prec.highest(
    keymap.of([
      {
        key: "Shift-Enter",
        run: () => {
          run()
          return true
        },
      },
    ]),
  )
  const view = new EditorView({
    state: EditorState.create({
      doc: text,
      extensions: [
        runs,
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        javascript({ typescript: true }),
        syntaxHighlighting(COLOURS),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed()
        }),
        more,
      ],
    }),
  })
  return {
    element: view.dom,
    get text() {
      return view.state.doc.toString()
    },
    set text(value) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } })
    },
    focus: () => view.focus(),
    goTo(line, column) {
      const at = view.state.doc.line(Math.min(line, view.state.doc.lines))
      view.dispatch({ selection: { anchor: Math.min(at.from + column - 1, at.to) }, scrollIntoView: true })
      view.focus()
    },
  }
}
