/** The code in Markdown pages: what is a program, what is typed at a shell, and what each is said to print. */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fromMarkdown } from "mdast-util-from-markdown"
import { TRANSLATIONS } from "../../site/i18n/table.ts"

type Root = ReturnType<typeof fromMarkdown>
type Content = Root["children"][number]
type Code = Extract<Content, { type: "code" }>

export interface Snippet {
  /** The page's line the block begins at. */
  readonly line: number
  readonly lang: string
  /** After the language: `title="k8s-worker-1"`. */
  readonly meta: string
  readonly code: string
  /** The block right below that shows what is printed. */
  readonly output: Output | undefined
}

export interface Output {
  readonly text: string
  /** Where its lines are in the file. */
  readonly from: number
  readonly to: number
}

/** A page's `ts` blocks that are one program: a block that imports begins another. */
export interface Program {
  readonly snippets: readonly Snippet[]
}

/** A file that a page shows, `yaml title="pods.yaml"`, for commands that read it. */
export interface PageFile {
  readonly name: string
  readonly text: string
}

const DOCS = "site/content/docs"

const FILES = readdirSync(DOCS, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.mdx?$/.test(name))
  .sort()

const isTranslation = (name: string): boolean => TRANSLATIONS.some((language) => name.startsWith(`${language}/`))

/** The pages in English: what they show is run. */
export const PAGES: readonly string[] = [
  "README.md",
  ...FILES.filter((name) => !isTranslation(name)).map((name) => join(DOCS, name)),
]

/** A page in other languages, which shows the same blocks. */
export const translationsOf = (page: string): string[] =>
  TRANSLATIONS.map((language) => `${language}/${relative(DOCS, page)}`)
    .filter((name) => FILES.includes(name))
    .map((name) => join(DOCS, name))

export function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(page, "utf8")
  return codesOf(text)
    .filter(({ node }) => node.lang === "ts" || node.lang === "sh")
    .map(({ node, next }) => snippet(node, next, text))
}

/** Every block of a page, as it stands there. */
export const blocksOf = (page: string): string[] =>
  codesOf(readFileSync(page, "utf8")).map(({ node }) => [node.lang, node.meta, node.value].join("\n"))

export function filesOf(page: string): PageFile[] {
  return codesOf(readFileSync(page, "utf8")).flatMap(({ node }) => {
    const name = /title="([^"]+)"/.exec(node.meta ?? "")?.[1]
    return node.lang !== "yaml" || name === undefined ? [] : [{ name, text: `${node.value}\n` }]
  })
}

/** All blocks of code, each with what stands right below it. */
function codesOf(text: string): { node: Code; next: Content | undefined }[] {
  // Front matter is not Markdown; offsets stay.
  const body = text.replace(/^---\n[\s\S]*?\n---\n/, (matter) => matter.replace(/[^\n]/g, " "))
  const found: { node: Code; next: Content | undefined }[] = []
  const visit = (parent: Root | Content): void => {
    if (!("children" in parent)) return
    for (const [i, node] of parent.children.entries()) {
      if (node.type === "code") found.push({ node, next: parent.children[i + 1] })
      else visit(node)
    }
  }
  visit(fromMarkdown(body))
  return found
}

function snippet(node: Code, next: Content | undefined, text: string): Snippet {
  const output =
    next?.type === "code" && (next.lang === null || next.lang === "text") ? outputOf(next, text) : undefined
  return {
    line: node.position?.start.line ?? 0,
    lang: node.lang ?? "",
    meta: node.meta ?? "",
    code: node.value,
    output,
  }
}

function outputOf(node: Code, text: string): Output {
  const from = text.indexOf("\n", node.position?.start.offset ?? 0) + 1
  const to = text.lastIndexOf("\n", (node.position?.end.offset ?? 1) - 1) + 1
  return { text: text.slice(from, to), from, to }
}

export function programsOf(snippets: readonly Snippet[]): Program[] {
  const programs: Snippet[][] = []
  for (const one of snippets.filter(({ lang }) => lang === "ts"))
    if (/^import /m.test(one.code) || programs.length === 0) programs.push([one])
    else programs.at(-1)?.push(one)
  return programs.map((snippets) => ({ snippets }))
}
