/** A figure on a page: the picture, perhaps another for narrow screens, a caption, and its data as a table. */
import { dataTable, type Row, type TableOptions } from "./table.ts"
import { element, type Markup } from "./xml.ts"

/** What stands around a figure. */
export interface FigureOptions {
  /** Names the scrolling region; the picture's own label will do. */
  readonly label: string
  /** Shown instead of the picture on narrow screens (under 40 rem). */
  readonly narrow?: string
  /** Below the picture. */
  readonly caption?: string
  /** Goes into a fold below. */
  readonly data?: { readonly rows: readonly Row[] } & TableOptions & { readonly summary?: string }
}

const SWITCH = ".pwf-narrow{display:none}@media (max-width:40rem){.pwf-wide{display:none}.pwf-narrow{display:block}}"

/** Wraps what a figure function returned (and only that: it is taken as markup). */
export function figure(picture: string, options: FigureOptions): string {
  const { narrow } = options
  return element(
    "figure",
    { class: "pwf-figure", style: "margin:0" },
    narrow !== undefined && { xml: `<style>${SWITCH}</style>` },
    scroll(picture, options.label, narrow === undefined ? undefined : "pwf-wide"),
    narrow !== undefined && scroll(narrow, options.label, "pwf-narrow"),
    options.caption !== undefined &&
      element("figcaption", { style: "opacity:.8;font-size:.9em;margin-top:.5em" }, options.caption),
    options.data !== undefined && { xml: dataTable(options.data.rows, options.data) },
  ).xml
}

/** A region that scrolls sideways must be reachable by keyboard (WCAG 2.1.1), and then must have a name. */
const scroll = (picture: string, label: string, name: string | undefined): Markup =>
  element(
    "div",
    { class: name, style: "overflow-x:auto", tabindex: 0, role: "region", "aria-label": label },
    { xml: picture },
  )
