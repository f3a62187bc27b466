/** Markdown cells to HTML: GitHub's dialect through mdast, sanitised. */
import { defaultSchema, sanitize } from "hast-util-sanitize"
import { toHtml } from "hast-util-to-html"
import type { Root, RootContent } from "mdast"
import { fromMarkdown } from "mdast-util-from-markdown"
import { gfmFromMarkdown } from "mdast-util-gfm"
import { toHast } from "mdast-util-to-hast"
import { toString as textOf } from "mdast-util-to-string"
import { gfm } from "micromark-extension-gfm"

export interface Heading {
  depth: number
  slug: string
  text: string
}

/** A stretch of text, or a fenced block for the page's own highlighter. */
export type MarkdownPart = { html: string } | { code: string; lang: string }

export interface RenderedMarkdown {
  parts: MarkdownPart[]
  headings: Heading[]
}

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s+/g, "-")

/** `skipTitle` leaves out a level-one heading: the page has its own. */
export function renderMarkdown(source: string, skipTitle: boolean): RenderedMarkdown {
  const tree = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  const headings: Heading[] = []
  tree.children = tree.children.filter((node) => !(skipTitle && node.type === "heading" && node.depth === 1))
  for (const node of tree.children) {
    if (node.type !== "heading") continue
    const text = textOf(node)
    const slug = slugOf(text)
    headings.push({ depth: node.depth, slug, text })
    node.data = { hProperties: { id: slug } }
  }
  return { parts: partsOf(tree), headings }
}

const SCHEMA = {
  ...defaultSchema,
  clobberPrefix: "",
  attributes: { ...defaultSchema.attributes, "*": [...(defaultSchema.attributes?.["*"] ?? []), "id"] },
}

function partsOf(tree: Root): MarkdownPart[] {
  const parts: MarkdownPart[] = []
  let text: RootContent[] = []
  const flush = (): void => {
    if (text.length > 0) parts.push({ html: toHtml(sanitize(toHast({ type: "root", children: text }), SCHEMA)) })
    text = []
  }
  for (const node of tree.children) {
    if (node.type !== "code") {
      text.push(node)
      continue
    }
    flush()
    parts.push({ code: node.value, lang: node.lang ?? "text" })
  }
  flush()
  return parts
}
