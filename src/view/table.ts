/** Rows as an HTML table that screen readers can walk, and the fold a figure's data goes into. */
import { type Child, element, type Markup } from "./xml.ts"

export type Cell = string | number | boolean | null | undefined
/** A row by column. */
export type Row = Readonly<Record<string, Cell>>

/** How {@link table} shows rows. */
export interface TableOptions {
  /** What the rows are; shown above them. */
  readonly caption?: string
  /** Which fields, in which order (all of the rows, in the order they first appear). */
  readonly columns?: readonly (string | { readonly key: string; readonly title: string })[]
}

const show = (cell: Cell): string => (cell === undefined || cell === null ? "" : `${cell}`)
const isNumber = (cell: Cell): boolean => typeof cell === "number"

function columnsOf(rows: readonly Row[], columns: TableOptions["columns"]): { key: string; title: string }[] {
  const given = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return given.map((column) => (typeof column === "string" ? { key: column, title: column } : { ...column }))
}

export function tableMarkup(rows: readonly Row[], options: TableOptions = {}): Markup {
  const columns = columnsOf(rows, options.columns)
  const numeric = columns.map(({ key }) => rows.length > 0 && rows.every((row) => isNumber(row[key])))
  const align = (i: number): string | undefined =>
    numeric[i] ? "text-align:end;font-variant-numeric:tabular-nums" : "text-align:start"
  const head = columns.map(({ title }, i) => element("th", { scope: "col", style: align(i) }, title))
  const cell = (row: Row, key: string, i: number): Markup =>
    i === 0
      ? element("th", { scope: "row", style: `${align(i)};font-weight:400` }, show(row[key]))
      : element("td", { style: align(i) }, show(row[key]))
  return element(
    "table",
    { class: "pwf-table" },
    options.caption !== undefined && element("caption", { style: "text-align:start" }, options.caption),
    element("thead", {}, element("tr", {}, head)),
    element(
      "tbody",
      {},
      rows.map((row) =>
        element(
          "tr",
          {},
          columns.map(({ key }, i) => cell(row, key, i)),
        ),
      ),
    ),
  )
}

/** `rows` as an HTML table; the first column heads its rows. */
export function table(rows: readonly Row[], options: TableOptions = {}): string {
  return tableMarkup(rows, options).xml
}

/** `rows` folded away behind a summary: what a figure shows, for who would rather read it. */
export function dataTable(rows: readonly Row[], options: TableOptions & { readonly summary?: string } = {}): string {
  return details(options.summary ?? "Data", tableMarkup(rows, options)).xml
}

export const details = (summary: string, ...children: Child[]): Markup =>
  element("details", { class: "pwf-data" }, element("summary", {}, summary), ...children)
