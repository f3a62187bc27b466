/** The links of built pages that lead nowhere. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { parseHTML } from "linkedom"

const REFERENCES = "a[href], link[href], script[src], img[src]"

/** The pages in a folder, as paths below it. */
export function pagesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
  return names.filter((name) => name.endsWith(".html")).sort()
}

export const brokenLinks = (folder: string, base: string): string[] =>
  pagesOf(folder).flatMap((page) =>
    brokenLinksOf(readFileSync(join(folder, page), "utf8"), page, folder, base).map((problem) => `${page}: ${problem}`),
  )

export function brokenLinksOf(html: string, page: string, folder: string, base: string): string[] {
  const here = new URL(base + page.replace(/index\.html$/, ""), "http://site.test")
  const { document } = parseHTML(html)
  const own = idsIn(document)
  const references = [...document.querySelectorAll(REFERENCES)].map(
    (element) => element.getAttribute("href") ?? element.getAttribute("src") ?? "",
  )
  return [...new Set(references)].flatMap((reference) => {
    const url = new URL(reference, here)
    // What names another machine is not the site's; the page's own address is what `site` says.
    if (url.origin !== here.origin || url.protocol === "data:") return []
    const problem = problemOf(url, here, own, folder, base)
    return problem === undefined ? [] : [`${reference}: ${problem}`]
  })
}

function problemOf(url: URL, here: URL, own: readonly string[], folder: string, base: string): string | undefined {
  if (!url.pathname.startsWith(base)) return `outside of ${base}`
  const file = fileOf(join(folder, decodeURIComponent(url.pathname.slice(base.length))))
  if (file === undefined) return "no file"
  if (url.hash === "") return undefined
  const ids = url.pathname === here.pathname ? own : idsOf(file)
  const id = decodeURIComponent(url.hash.slice(1))
  const found = ids.filter((one) => one === id)
  return found.length === 1 ? undefined : found.length === 0 ? "no such anchor" : `${found.length} such anchors`
}

const idsIn = (document: Document): string[] => [...document.querySelectorAll("[id]")].map(({ id }) => id)

/** A page's anchors, read once: every page links to every other one. */
const known = new Map<string, readonly string[]>()
function idsOf(file: string): readonly string[] {
  const ids = known.get(file) ?? idsIn(parseHTML(readFileSync(file, "utf8")).document)
  known.set(file, ids)
  return ids
}

function fileOf(path: string): string | undefined {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "index.html") : path
  return existsSync(file) ? file : undefined
}
