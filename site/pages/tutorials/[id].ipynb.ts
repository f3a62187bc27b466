import { type CollectionEntry, getCollection } from "astro:content"
import type { APIRoute } from "astro"

export async function getStaticPaths() {
  const entries = await getCollection("notebooks")
  return entries.map((entry) => ({ params: { id: entry.id }, props: { entry } }))
}

/** The notebook as it is in the repository. */
export const GET: APIRoute = ({ props }) =>
  new Response((props as { entry: CollectionEntry<"notebooks"> }).entry.data.text, {
    headers: { "content-type": "application/x-ipynb+json" },
  })
