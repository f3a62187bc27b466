/** Types in a cell's editor: errors before it runs, what a name is, what could come next, what a call wants. */
import type { Extension } from "@codemirror/state"
import { type EditorView, tooltips } from "@codemirror/view"
import { checking } from "./checking.ts"
import { clientOf, type TypesPage } from "./client.ts"
import { completing } from "./completing.ts"
import { describing } from "./describing.ts"
import { messageList } from "./message-list.ts"
import { signatures } from "./signatures.ts"

export function cellTypes(cell: string, page: TypesPage): Extension {
  const client = clientOf(page)
  return [
    checking(cell, client),
    messageList(cell, client),
    describing(cell, client),
    completing(cell, client),
    signatures(cell, client),
    tooltips({ tooltipSpace: space }),
  ]
}

/** Between a box and the window's edge (px). */
const EDGE = 8

/** The page's header stays where it is, over everything. */
function space({ dom: { ownerDocument } }: EditorView): { top: number; left: number; bottom: number; right: number } {
  const { clientWidth, clientHeight } = ownerDocument.documentElement
  const header = ownerDocument.querySelector("header")?.getBoundingClientRect().bottom ?? 0
  return { top: Math.max(header, 0), left: EDGE, bottom: clientHeight - EDGE, right: clientWidth - EDGE }
}
