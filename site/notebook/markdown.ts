/** Markdown cells to HTML: GitHub's dialect through mdast, sanitised; headings get the page's anchors. */
import { defaultSchema, sanitize } from "hast-util-sanitize"
import { toHtml } from "hast-util-to-html"
import { fromMarkdown } from "mdast-util-from-markdown"
import { gfmFromMarkdown } from "mdast-util-gfm"
import { toHast } from "mdast-util-to-hast"
import { toString as textOf } from "mdast-util-to-string"
import { gfm } from "micromark-extension-gfm"
import type { EN } from "../i18n/en.ts"
import type { Values } from "../i18n/fill.ts"

type Named = Pick<(typeof EN)["script"], "prose.heading" | "prose.table">
/** Names what has no name of its own, in the page's language. */
export type Say = <Key extends keyof Named>(key: Key, ...values: Values<Named[Key]>) => string

type Root = ReturnType<typeof fromMarkdown>
type RootContent = Root["children"][number]
type HastRoot = Extract<ReturnType<typeof toHast>, { type: "root" }>
type HastContent = HastRoot["children"][number]
type ElementContent = Extract<HastContent, { type: "element" }>["children"][number]

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

/** `taken` are the anchors the page has already; those of this text are added. `skipTitle` leaves out level-one headings: the page has its own. */
export function renderMarkdown(
  source: string,
  say: Say,
  options: { skipTitle?: boolean; taken?: Set<string> } = {},
): RenderedMarkdown {
  const taken = options.taken ?? new Set<string>()
  const tree = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  const headings: Heading[] = []
  linkPages(tree)
  tree.children = tree.children.filter(
    (node) => !(options.skipTitle === true && node.type === "heading" && node.depth === 1),
  )
  for (const node of tree.children) {
    if (node.type !== "heading") continue
    const text = textOf(node)
    const slug = freeSlug(text, taken)
    headings.push({ depth: node.depth, slug, text })
    node.data = { hProperties: { id: slug } }
  }
  return { parts: partsOf(tree, say), headings }
}

/** All of a text, where nothing highlights its code. */
export const markdownHtml = (source: string, say: Say): string =>
  renderMarkdown(source, say)
    .parts.map((part) => ("html" in part ? part.html : `<pre>${escaped(part.code)}</pre>`))
    .join("")

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

/** A link to another notebook's file leads to its page, to the same place in it. */
function linkPages(node: Root | RootContent): void {
  if (node.type === "link") node.url = node.url.replace(/^([\w-]+)\.ipynb(?=#|$)/, "../$1/")
  if ("children" in node) for (const child of node.children) linkPages(child as RootContent)
}

/** An anchor for a heading, as GitHub makes them: `break-it`, and `break-it-1` for the next of the same name. */
export function freeSlug(text: string, taken: Set<string>): string {
  const slug = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s+/g, "-")
  let free = slug
  for (let count = 1; free === "" || taken.has(free); count++) free = `${slug}-${count}`
  taken.add(free)
  return free
}

const SCHEMA = {
  ...defaultSchema,
  clobberPrefix: "",
  attributes: { ...defaultSchema.attributes, "*": [...(defaultSchema.attributes?.["*"] ?? []), "id"] },
}

function partsOf(tree: Root, say: Say): MarkdownPart[] {
  const parts: MarkdownPart[] = []
  let text: RootContent[] = []
  const flush = (): void => {
    if (text.length > 0) parts.push({ html: htmlOf(text, say) })
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

function htmlOf(children: RootContent[], say: Say): string {
  const safe = sanitize(toHast({ type: "root", children }), SCHEMA) as HastRoot
  return toHtml({ type: "root", children: safe.children.map((child) => withPageManners(child, say)) })
}

/** Headings link to themselves, as Starlight's do; tables scroll in a box that keys reach. */
function withPageManners(node: HastContent, say: Say): HastContent {
  if (node.type !== "element") return node
  if (node.tagName === "table")
    return element("div", { className: ["pw-table"], tabIndex: 0, role: "group", ariaLabel: tableName(node, say) }, [
      node,
    ])
  const id = node.properties["id"]
  if (!/^h[1-6]$/.test(node.tagName) || typeof id !== "string") return node
  const label = say("prose.heading", { title: plain(node) })
  const link = element("a", { className: ["sl-anchor-link"], href: `#${encodeURIComponent(id)}`, ariaLabel: label }, [
    element("span", { ariaHidden: "true", dataPagefindIgnore: "", className: ["sl-anchor-icon"] }, [
      { type: "text", value: "#" },
    ]),
  ])
  return element("div", { className: ["sl-heading-wrapper", `level-${node.tagName}`] }, [node, link])
}

const element = (
  tagName: string,
  properties: Record<string, string | number | string[]>,
  children: ElementContent[],
): HastContent & ElementContent => ({ type: "element", tagName, properties, children })

const tableName = (table: ElementContent, say: Say): string =>
  say("prose.table", { columns: find(table, "th").map(plain).join(", ") })

const find = (node: ElementContent, tagName: string): ElementContent[] =>
  node.type !== "element"
    ? []
    : node.tagName === tagName
      ? [node]
      : node.children.flatMap((child) => find(child, tagName))

const plain = (node: ElementContent): string =>
  node.type === "text" ? node.value : node.type === "element" ? node.children.map(plain).join("") : ""
