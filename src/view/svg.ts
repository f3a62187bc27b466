/** The frame of every figure: name, description, style, size. */
import { STYLE } from "./palette.ts"
import { LEAST, SIZE, SMALL } from "./type.ts"
import { type Child, element, type Markup } from "./xml.ts"

/** What every figure asks of its caller. */
export interface FigureText {
  /** What the figure shows, in a sentence; screen readers say it in its place. */
  readonly label: string
  /** More, for who cannot see it. A figure makes one of its data when this is left out. */
  readonly description?: string
}

/** An SVG of `width` × `height`; it takes the room it is given, but is never so small that its text falls under 11 px. */
export function svg(text: FigureText, width: number, height: number, ...children: Child[]): string {
  const wide = Math.ceil(width)
  const high = Math.ceil(height)
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "pwf",
      role: "img",
      "aria-label": text.label,
      viewBox: `0 0 ${wide} ${high}`,
      width: wide,
      height: high,
      "font-size": SIZE,
      fill: "currentColor",
      style: `max-width:${wide}px;min-width:${Math.ceil((wide * LEAST) / SMALL)}px`,
    },
    element("title", {}, text.label),
    text.description !== undefined && text.description !== "" && element("desc", {}, text.description),
    style(),
    ...children,
  ).xml
}

/** The sheet holds no character that XML or HTML would read as markup. */
export const style = (): Markup => ({ xml: `<style>${STYLE}</style>` })
