/** What a text and its translation have in common. */
import { fromMarkdown } from "mdast-util-from-markdown"
import { gfmFromMarkdown } from "mdast-util-gfm"
import { gfm } from "micromark-extension-gfm"

type Node = ReturnType<typeof fromMarkdown>["children"][number]

const treeOf = (text: string): Node =>
  fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }) as unknown as Node

function allIn(node: Node): Node[] {
  return [node, ...("children" in node ? (node.children as Node[]).flatMap(allIn) : [])]
}

/** What a reader reads: no code, no marks. */
export const textIn = (text: string): string =>
  allIn(treeOf(text))
    .map((node) => (node.type === "text" ? node.value : ""))
    .join(" ")

/** What a translation must not change. */
export function factsOf(text: string): Record<string, readonly string[]> {
  const nodes = allIn(treeOf(text))
  const once = (found: readonly string[]): string[] => [...new Set(found)].sort()
  return {
    code: once(nodes.flatMap((node) => (node.type === "inlineCode" ? [node.value] : []))),
    blocks: nodes.flatMap((node) => (node.type === "code" ? [[node.lang, node.meta, node.value].join("\n")] : [])),
    links: once(nodes.flatMap((node) => (node.type === "link" ? [node.url] : []))),
    headings: nodes.flatMap((node) => (node.type === "heading" ? ["#".repeat(node.depth)] : [])),
    items: nodes.flatMap((node) => (node.type === "listItem" ? ["-"] : [])),
    rows: nodes.flatMap((node) => (node.type === "tableRow" ? ["|".repeat(node.children.length)] : [])),
    numbers: once(numbersIn(textIn(text))),
  }
}

/** English writes some numbers as words, which Japanese writes as figures; the smallest are everywhere. */
const WORDS: Readonly<Record<string, string>> = {
  zero: "0",
  ten: "10",
  twelfth: "12",
  fifteen: "15",
  fifty: "50",
  October: "10",
}

const numbersIn = (text: string): string[] =>
  (text.replace(/[A-Za-z]+/g, (word) => WORDS[word] ?? word).match(/\d[\d.:]*\d|\d/g) ?? []).filter(
    (number) => !/^[1-9]$/.test(number),
  )
