/** Rows as an HTML table. */
import { escapeText } from "./svg.ts"

/** Columns are the keys of the first row unless named. */
export function table(rows: readonly Readonly<Record<string, string | number>>[], options: { caption: string; columns?: readonly string[] }): string {
  const columns = options.columns ?? Object.keys(rows[0] ?? {})
  const head = columns.map((name) => `<th scope="col">${escapeText(name)}</th>`).join("")
  const body = rows.map((row) => `<tr>${columns.map((name) => `<td>${escapeText(String(row[name] ?? ""))}</td>`).join("")}</tr>`).join("")
  return `<table><caption>${escapeText(options.caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`
}
