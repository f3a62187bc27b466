/** What the page shows of an output: the richest of its forms that needs no script. */

import { errorText } from "../../src/notebook/error-text.ts"
import type { Output } from "../../src/notebook/ipynb.ts"
import { sanitizeFigure } from "./figure.ts"
import { renderMarkdown } from "./markdown.ts"

export type ShownOutput =
  | { kind: "text"; text: string; tone: "plain" | "stderr" | "error" }
  | { kind: "figure"; html: string }
  | { kind: "prose"; html: string }
  | { kind: "image"; src: string }

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"]

export function shownOutput(output: Output): ShownOutput {
  if (output.output_type === "stream")
    return { kind: "text", text: output.text, tone: output.name === "stderr" ? "stderr" : "plain" }
  if (output.output_type === "error") return { kind: "text", text: errorText(output), tone: "error" }
  return shownData(output.data)
}

function shownData(data: Readonly<Record<string, unknown>>): ShownOutput {
  for (const mime of ["text/html", "image/svg+xml"]) {
    const html = data[mime]
    if (typeof html === "string") return { kind: "figure", html: sanitizeFigure(html) }
  }
  for (const mime of IMAGES) {
    const base64 = data[mime]
    if (typeof base64 === "string" && /^[A-Za-z0-9+/=\s]+$/.test(base64))
      return { kind: "image", src: `data:${mime};base64,${base64.replace(/\s/g, "")}` }
  }
  const markdown = data["text/markdown"]
  if (typeof markdown === "string") return { kind: "prose", html: proseOf(markdown) }
  const text = data["text/plain"]
  if (typeof text === "string") return { kind: "text", text, tone: "plain" }
  if ("application/json" in data)
    return { kind: "text", text: JSON.stringify(data["application/json"], null, 2), tone: "plain" }
  return { kind: "text", text: `output of type ${Object.keys(data).join(", ")}, in the notebook file`, tone: "plain" }
}

const proseOf = (markdown: string): string =>
  renderMarkdown(markdown)
    .parts.map((part) => ("html" in part ? part.html : sanitizeFigure(`<pre>${escaped(part.code)}</pre>`)))
    .join("")

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;")
