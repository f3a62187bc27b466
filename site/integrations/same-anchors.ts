/** A heading of a translated page has the anchor of the English one, which the line above it names; the lines themselves are not shown. */
import type { AstroIntegration } from "astro"
import { markedPart } from "../i18n/sections.ts"

/** As much of Markdown's tree, and of what changes it, as is needed here. */
interface Node {
  type: string
  value?: string
  children?: readonly Node[]
}
interface Context {
  parent(node: Node): Node | undefined
  indexOf(node: Node): number | undefined
  setProperty(node: Node, key: "data", value: Record<string, unknown>): void
  removeNode(node: Node): void
}

const marked = (node: Node | undefined): string | undefined =>
  node?.type === "html" ? markedPart(node.value ?? "") : undefined

const PLUGIN = {
  name: "podwire-same-anchors",
  heading(node: Node, context: Context): void {
    const id = marked(context.parent(node)?.children?.[(context.indexOf(node) ?? 0) - 1])
    if (id !== undefined) context.setProperty(node, "data", { hProperties: { id } })
  },
  html(node: Node, context: Context): void {
    if (marked(node) !== undefined) context.removeNode(node)
  },
}

export const sameAnchors = (): AstroIntegration => ({
  name: "podwire-same-anchors",
  hooks: {
    "astro:config:setup": ({ config }) => {
      const { name, options } = config.markdown.processor
      const { mdastPlugins } = options as { mdastPlugins?: unknown[] }
      if (mdastPlugins === undefined) throw new Error(`the Markdown processor "${name}" takes no mdastPlugins`)
      mdastPlugins.push(PLUGIN)
    },
  },
})
