/** Outputs of type HTML and SVG where there is no browser: when the site is built. */
import { parseHTML } from "linkedom"
import { sanitized } from "./sanitize.ts"

/** The safe part of a piece of HTML or SVG; empty where nothing of it is safe. */
export function sanitizeFigure(html: string): string {
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`)
  return sanitized(document.body)
}
