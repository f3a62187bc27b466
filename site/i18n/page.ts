/** A page in another language: a section for what stands before the first heading, "title", and one for each heading, under its anchor. */
import { fromMarkdown } from "mdast-util-from-markdown"
import { toString as textOf } from "mdast-util-to-string"
import { freeSlug } from "../notebook/markdown.ts"
import { type Paired, type Part, pairSections } from "./sections.ts"

/** A section of a page. What is translated of it is all but the blocks of code, which are the same in every language. */
export interface PageSection extends Part {
  /** With the blocks of code. */
  text: string
}

type Node = ReturnType<typeof fromMarkdown>["children"][number]
type Place = { start: number; end: number }

const TITLE = "title"
const MATTER = /^---\n([\s\S]*?)\n---\n/

export function sectionsOf(page: string): PageSection[] {
  const matter = MATTER.exec(page)?.[1] ?? ""
  const body = withoutMatter(page)
  const nodes = fromMarkdown(body).children
  const taken = new Set<string>()
  const headings = nodes
    .filter((node) => node.type === "heading")
    .map((node) => ({ id: freeSlug(textOf(node), taken), start: placeOf(node).start }))
  const blocks = nodes.filter((node) => node.type === "code").map(placeOf)
  return [{ id: TITLE, start: 0 }, ...headings].map(({ id, start }, i) => {
    const end = headings[i]?.start ?? body.length
    const inside = blocks.filter((block) => block.start >= start && block.end <= end)
    const before = id === TITLE ? `${matter}\n\n` : ""
    const text = (before + body.slice(start, end).trim()).trim()
    return { id, text, source: (before + withoutBlocks(body, { start, end }, inside)).trim() }
  })
}

/** Pairs a page in another language with the English one. The title's section has the front matter, too. */
export function pairPage(file: string, text: string, name: string, page: string): Paired {
  const { prose, problems } = pairSections(file, withoutMatter(text), {
    name,
    kind: "section",
    parts: sectionsOf(page),
  })
  const matter = MATTER.exec(text)?.[1] ?? ""
  if (prose[TITLE] !== undefined) prose[TITLE] = `${matter}\n\n${prose[TITLE]}`
  return { prose, problems }
}

/** Front matter is not Markdown; lines and places stay. */
const withoutMatter = (page: string): string => page.replace(MATTER, (matter) => matter.replace(/[^\n]/g, " "))

const placeOf = ({ position }: Node): Place => ({
  start: position?.start.offset ?? 0,
  end: position?.end.offset ?? 0,
})

/** A block leaves its fence: where one stands in the text is a part of the text. */
function withoutBlocks(page: string, { start, end }: Place, blocks: readonly Place[]): string {
  let text = ""
  let at = start
  for (const block of blocks) {
    text += `${page.slice(at, block.start)}\`\`\``
    at = block.end
  }
  return (text + page.slice(at, end)).trim()
}
