/** What is said about names and calls, in boxes: code in its colours, and doc comments. */
import { javascriptLanguage } from "@codemirror/lang-javascript"
import { highlightCode } from "@lezer/highlight"
import { COLOURS } from "../kernel/colours.ts"
import type { Description } from "./protocol.ts"

const PARSER = javascriptLanguage.configure({ dialect: "ts" }, "typescript").parser

/** Everything about a name. It may be longer than its box: then it scrolls, by keyboard too. */
export function card({ declaration, doc }: Description): HTMLElement {
  const card = box(coloured(declaration), doc)
  card.tabIndex = 0
  card.setAttribute("role", "group")
  card.setAttribute("aria-label", declaration)
  return card
}

/** Code, and the first paragraph of what is said about it, beside the text somebody is writing. */
export const shortCard = (code: readonly Node[], doc: string): HTMLElement => box(code, doc.split("\n\n", 1)[0] ?? "")

function box(code: readonly Node[], doc: string): HTMLElement {
  const box = document.createElement("div")
  box.className = "pw-card"
  const shown = document.createElement("code")
  shown.append(...code)
  box.append(shown)
  if (doc !== "") box.append(prose(doc))
  return box
}

/** A doc comment's text, with what stands between backticks as code. */
function prose(text: string): HTMLElement {
  const paragraph = document.createElement("p")
  for (const [i, part] of text.split(/`([^`\n]+)`/).entries()) {
    const code = document.createElement("code")
    code.textContent = part
    paragraph.append(i % 2 === 0 ? part : code)
  }
  return paragraph
}

/** Code as nodes. What is in front in brackets, as in `(method) f()`, is no code. */
export function coloured(text: string): Node[] {
  const [kind = ""] = /^\([a-z ]+\) /.exec(text) ?? []
  const rest = text.slice(kind.length)
  const nodes: Node[] = kind === "" ? [] : [document.createTextNode(kind)]
  highlightCode(
    rest,
    PARSER.parse(rest),
    COLOURS,
    (part, classes) => {
      const span = document.createElement("span")
      span.className = classes
      span.textContent = part
      nodes.push(span)
    },
    () => nodes.push(document.createTextNode("\n")),
  )
  return nodes
}
