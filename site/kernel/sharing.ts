/** What a reader did to a page, in its address: written into it, and read from it. */
import { say } from "../i18n/strings.ts"
import type { PageCell } from "./cell.ts"
import { editsOf, linkOf, type SharedEdits } from "./permalink.ts"

/** Puts the reader's texts, seed and clock into the address, and the address on the clipboard where that is allowed. */
export async function share(cells: readonly PageCell[], page: Omit<SharedEdits, "cells">): Promise<string> {
  const edited = cells.filter((cell) => cell.edited)
  const texts = Object.fromEntries(edited.map((cell) => [cell.id, cell.source]))
  history.replaceState(null, "", await linkOf({ ...page, cells: texts }))
  const copied = await navigator.clipboard?.writeText(location.href).then(
    () => true,
    () => false,
  )
  return say(copied === true ? "edits.copied" : "edits.shared", { count: edited.length })
}

/** What an address brings for these cells, and what is to be said of it. */
export async function shared(
  hash: string,
  cells: readonly PageCell[],
  version: string,
): Promise<{ readonly edits?: SharedEdits; readonly text: string }> {
  const edits = await editsOf(hash)
  if (edits === undefined) return { text: say("edits.unreadable") }
  const known = Object.keys(edits.cells).filter((id) => cells.some((cell) => cell.id === id))
  const count = Object.keys(edits.cells).length - known.length
  const text = say("edits.opened", {
    count: known.length,
    version: edits.version === version ? "" : say("edits.version", { version: edits.version }),
    lost: count === 0 ? "" : say("edits.lost", { count }),
  })
  const clock = edits.clock === undefined ? "" : ` ${say("edits.clock", { id: edits.clock.cell })}`
  return { edits, text: text + clock }
}
