/** Shapes several figures share. Arrowheads are drawn, not `<marker>`s: ids would collide when a page holds two figures. */
import { type Hue, panel, stroke } from "./palette.ts"
import { label, SMALL, textWidth } from "./type.ts"
import { element, fragment, type Markup, round } from "./xml.ts"

export interface Point {
  readonly x: number
  readonly y: number
}

export const box = (
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
  paint: Readonly<Record<string, string | number | undefined>>,
): Markup => element("rect", { x, y, width, height, rx: radius === 0 ? undefined : radius, ...paint })

export const segment = (from: Point, to: Point, paint: Readonly<Record<string, string | number | undefined>>): Markup =>
  element("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, ...paint })

const d = (points: readonly Point[]): string =>
  points.map((p, i) => `${i === 0 ? "M" : "L"}${round(p.x)} ${round(p.y)}`).join("")

/** A line through `points`, corners rounded by the join. */
export const route = (points: readonly Point[], paint: Readonly<Record<string, string | number | undefined>>): Markup =>
  element("path", { d: d(points), "stroke-linejoin": "round", ...paint })

const HEAD = 8

/** A line through `points` that ends in a head; the shaft stops inside the head so that the tip stays sharp. */
export function arrow(points: readonly Point[], hue: Hue, width: number, dashed = false): Markup {
  const tip = points[points.length - 1] as Point
  const from = points[points.length - 2] as Point
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1
  const ux = (tip.x - from.x) / length
  const uy = (tip.y - from.y) / length
  const head = HEAD + width
  const base = { x: tip.x - ux * head, y: tip.y - uy * head }
  const half = (head * 5) / 11
  const corners = [
    tip,
    { x: base.x - uy * half, y: base.y + ux * half },
    { x: base.x + uy * half, y: base.y - ux * half },
  ]
  const shaft = [...points.slice(0, -1), { x: tip.x - ux * head * 0.7, y: tip.y - uy * head * 0.7 }]
  return fragment(
    route(shaft, { ...stroke(hue, width), "stroke-dasharray": dashed ? "5 4" : undefined }),
    element("path", { d: `${d(corners)}Z`, ...panel(hue, 1, 0) }),
  )
}

/** White text on it has a contrast of 5:1, and it stands out from paper and from night alike. */
const BADGE = "#b04a00"

const BADGE_HEIGHT = 18
const badgeWidth = (text: string): number => Math.max(BADGE_HEIGHT, textWidth(text, SMALL, false, true) + 9)

/** How far a badge must move to the right so that its left end stays where a single digit has it. */
export const badgeShift = (text: string): number => (badgeWidth(text) - BADGE_HEIGHT) / 2

/** A pill with a number (or several) in it, centred. */
export function badge(x: number, y: number, text: string, color: string = BADGE): Markup {
  const width = badgeWidth(text)
  return fragment(
    element("rect", {
      x: x - width / 2,
      y: y - BADGE_HEIGHT / 2,
      width,
      height: BADGE_HEIGHT,
      rx: BADGE_HEIGHT / 2,
      fill: color,
    }),
    label(x, y + 4, text, { size: SMALL, bold: true, anchor: "middle", fill: "#fff" }),
  )
}

/** A cross, for what got lost. */
export const cross = (x: number, y: number, hue: Hue): Markup =>
  element("path", {
    d: `M${round(x - 6)} ${round(y - 6)}l12 12m0 -12l-12 12`,
    "stroke-linecap": "round",
    ...stroke(hue, 2.5),
  })
