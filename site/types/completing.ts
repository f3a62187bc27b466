/** What could come next: as a reader types, and on Ctrl+Space. */
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  type Completion as Option,
} from "@codemirror/autocomplete"
import type { Extension } from "@codemirror/state"
import { coloured, shortCard } from "./card.ts"
import type { TypesClient } from "./client.ts"
import type { Completion } from "./protocol.ts"

/** Of TypeScript's kinds, those that have another name for the editor's icons. */
const ICONS: Readonly<Record<string, string>> = {
  alias: "variable",
  const: "constant",
  let: "variable",
  var: "variable",
  parameter: "variable",
  "local function": "function",
  getter: "property",
  setter: "property",
  "primitive type": "type",
  module: "namespace",
  string: "text",
  "enum member": "enum",
}

export function completing(cell: string, client: TypesClient): Extension {
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const word = context.matchBefore(/[\w$]+/)
    if (!context.explicit && word === null && !/[."'`/]/.test(before(context))) return null
    const found = await client.ask("complete", cell, context.pos)
    if (found === undefined || found.entries.length === 0 || context.aborted) return null
    const describe = async (name: string): Promise<Node | null> => {
      const description = await client.ask("describe", cell, context.pos, name)
      return description === undefined ? null : shortCard(coloured(description.declaration), description.doc)
    }
    const options = found.entries.map((entry, i) => option(entry, i, found.entries.length, describe))
    return { from: found.from, options, validFor: /^[\w$]*$/ }
  }
  return autocompletion({ override: [source], closeOnBlur: true, maxRenderedOptions: 60 })
}

const before = ({ state, pos }: CompletionContext): string => state.sliceDoc(pos - 1, pos)

/** The order is TypeScript's, where what is typed fits as well. */
function option(
  { name, kind, insert }: Completion,
  place: number,
  of: number,
  describe: (name: string) => Promise<Node | null>,
): Option {
  return {
    label: name,
    type: ICONS[kind] ?? kind,
    boost: Math.round(99 - (198 * place) / of),
    info: () => describe(name),
    ...(insert === undefined ? {} : { apply: insert }),
  }
}
