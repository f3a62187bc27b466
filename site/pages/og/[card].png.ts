import { getCollection } from "astro:content"
import type { APIRoute } from "astro"
import sharp from "sharp"
import { type Card, cardSvg } from "../../cards/card.ts"

/** One for each tutorial, and one for everything else. */
export async function getStaticPaths() {
  const notebooks = await getCollection("notebooks")
  const first = notebooks.find(({ id }) => id === "01-a-packet-between-pods")
  if (first === undefined)
    throw new Error("the site's picture shows notebook 01-a-packet-between-pods, which is missing")
  const site: Card = {
    title: "A Kubernetes networking lab",
    text: "In pure TypeScript: every packet, every table, the same bytes every time. In a notebook, in a browser, in a test.",
    notebook: first.data.text,
    cell: "journey-map",
  }
  return [
    { params: { card: "site" }, props: { card: site } },
    ...notebooks.map(({ id, data }) => ({
      params: { card: id },
      props: { card: { title: data.title, text: data.description, notebook: data.text } },
    })),
  ]
}

export const GET: APIRoute = async ({ props }) => {
  const png = await sharp(Buffer.from(cardSvg((props as { card: Card }).card)))
    .png({ palette: true, effort: 10 })
    .toBuffer()
  return new Response(new Uint8Array(png), { headers: { "content-type": "image/png" } })
}
