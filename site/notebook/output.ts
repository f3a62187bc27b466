/** What the page shows of an output: the richest of its forms that needs no script. */

import { errorText } from "../../src/notebook/error-text.ts"
import type { Output } from "../../src/notebook/ipynb.ts"
import { type Say, sayIn } from "../i18n/table.ts"
import { sanitizeFigure } from "./figure.ts"
import { markdownHtml } from "./markdown.ts"

export type ShownOutput =
  | { kind: "text"; text: string; tone: "plain" | "stderr" | "error" }
  | { kind: "figure"; html: string }
  | { kind: "prose"; html: string }
  | { kind: "image"; src: string }

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"]

/** `say` is in the page's language (English). */
export function shownOutput(output: Output, say: Say = sayIn("en")): ShownOutput {
  if (output.output_type === "stream")
    return { kind: "text", text: output.text, tone: output.name === "stderr" ? "stderr" : "plain" }
  if (output.output_type === "error") return { kind: "text", text: errorText(output), tone: "error" }
  return shownData(output.data, say)
}

function shownData(data: Readonly<Record<string, unknown>>, say: Say): ShownOutput {
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
  if (typeof markdown === "string") return { kind: "prose", html: markdownHtml(markdown, say) }
  const text = data["text/plain"]
  if (typeof text === "string") return { kind: "text", text, tone: "plain" }
  if ("application/json" in data)
    return { kind: "text", text: JSON.stringify(data["application/json"], null, 2), tone: "plain" }
  return { kind: "text", text: say("output.unshown", { types: Object.keys(data).join(", ") }), tone: "plain" }
}
