import { type CollectionEntry, getCollection } from "astro:content"
import type { APIRoute } from "astro"
import { parseNotebook } from "../../../src/notebook/ipynb.ts"
import { compileCell } from "../../kernel/compile.ts"
import { type KernelCell, outputsHash } from "../../kernel/protocol.ts"

export async function getStaticPaths() {
  const entries = await getCollection("notebooks")
  return entries.map((entry) => ({ params: { id: entry.id }, props: { entry } }))
}

/** A notebook's code cells, ready to run: a reader who changes nothing needs no compiler. */
export const GET: APIRoute = ({ props }) => {
  const { cells } = parseNotebook((props as { entry: CollectionEntry<"notebooks"> }).entry.data.text)
  const code = cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(
      ({ id, source, outputs, metadata }): KernelCell => ({
        id,
        source,
        compiled: compileCell(id, source),
        hash: outputsHash(outputs),
        fails: metadata.tags?.includes("podwire-exercise") === true,
      }),
    )
  return new Response(JSON.stringify(code), { headers: { "content-type": "application/json" } })
}
