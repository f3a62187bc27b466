import { getCollection } from "astro:content"
import type { APIRoute } from "astro"
import { parseNotebook } from "../../src/notebook/ipynb.ts"
import { TRANSLATIONS } from "../i18n/table.ts"
import { SIDEBAR } from "../reference/groups.ts"
import { TOOL_PAGES, toolPageAddress } from "../reference/tool-pages.ts"

/** What the site has, for those who read text: https://llmstxt.org. The tutorials are notebooks, whole, with what their cells printed. */
export const GET: APIRoute = async ({ site }) => {
  const base = new URL(import.meta.env.BASE_URL, site)
  const link = (path: string): string => new URL(path, base.href.endsWith("/") ? base : `${base.href}/`).href
  const notebooks = (await getCollection("notebooks")).sort((a, b) => (a.id < b.id ? -1 : 1))
  const tutorials = notebooks.map(({ id, data }) => {
    const cells = parseNotebook(data.text).cells.filter(({ cell_type }) => cell_type === "code").length
    return `- [${data.title}](${link(`tutorials/${id}.ipynb`)}): ${data.description} (${cells} cells)`
  })
  const translations = TRANSLATIONS.flatMap((language) =>
    notebooks.map(({ id, data }) => {
      const { title, description } = data.translations[language]!
      return `- [${title}](${link(`${language}/tutorials/${id}/`)}): ${description}`
    }),
  )
  // What a guide says in another language it says in English, too.
  const pages = (await getCollection("docs"))
    .filter(
      ({ id }) => id !== "index" && !TRANSLATIONS.some((language) => id === language || id.startsWith(`${language}/`)),
    )
    .map(({ id, data }) => `- [${data.title}](${link(`${id}/`)}): ${data.description ?? ""}`)
  const reference = SIDEBAR.map(({ slug, title, intro }) => `- [${title}](${link(`reference/sdk/${slug}/`)}): ${intro}`)
  const programs = TOOL_PAGES.map((page) => `- [${page.title}](${link(toolPageAddress(page).slice(1))}): ${page.intro}`)
  const text = `# podwire

> A Kubernetes networking lab in pure TypeScript: simulated Linux machines, a control plane, Flannel and Cilium, packet-accurate and deterministic.

## Tutorials

${tutorials.join("\n")}

## The SDK

${reference.join("\n")}

## Programs

${programs.join("\n")}

## Guides and internals

${pages.sort().join("\n")}

## 日本語 (Japanese)

${translations.join("\n")}
`
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } })
}
