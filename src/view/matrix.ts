/** Who may talk to whom: a grid, senders down the side and receivers along the top. */
import { type Hue, panel, stroke } from "./palette.ts"
import { box, cross, route } from "./shapes.ts"
import { type FigureText, svg } from "./svg.ts"
import type { Row } from "./table.ts"
import { label, SMALL, textWidth } from "./type.ts"
import { element, fragment, type Markup } from "./xml.ts"

/** `l7`: allowed at L3/L4, and each request is judged. `none`: nothing is said. */
export type MatrixVerdict = "allow" | "deny" | "l7" | "none"

/** A pair of the grid. */
export interface MatrixCell {
  readonly from: string
  readonly to: string
  readonly verdict: MatrixVerdict
  /** What it was before; drawn as a corner when it differs. */
  readonly before?: MatrixVerdict
  /** The rule that decided, or why none did: a tooltip, and a column of the rows. */
  readonly reason?: string
}

/** What {@link matrix} draws. Pairs without a cell stay empty. */
export interface MatrixOptions extends FigureText {
  readonly cells: readonly MatrixCell[]
  /** Senders, top to bottom (those of the cells, as they appear). */
  readonly from?: readonly string[]
  /** Receivers, left to right (those of the cells, as they appear). */
  readonly to?: readonly string[]
  /** What stands in the corner: `80/TCP`. */
  readonly corner?: string
}

const HUE: Readonly<Record<MatrixVerdict, Hue>> = { allow: "green", deny: "vermilion", l7: "blue", none: "ink" }
const WORD: Readonly<Record<MatrixVerdict, string>> = {
  allow: "allowed",
  deny: "denied",
  l7: "judged by request",
  none: "not asked",
}
const CELL = 34
const MOST_NAME = 200
const TILT = Math.PI / 4

/** The grid as SVG. A sign and a colour say the verdict; a dark corner says that it changed. */
export function matrix(options: MatrixOptions): string {
  const rows = options.from ?? unique(options.cells.map(({ from }) => from))
  const columns = options.to ?? unique(options.cells.map(({ to }) => to))
  const byPair = new Map(options.cells.map((cell) => [pair(cell.from, cell.to), cell]))
  const left = Math.min(MOST_NAME, Math.max(40, ...rows.map((name) => textWidth(name, SMALL, true)))) + 14
  const longest = Math.min(MOST_NAME, Math.max(0, ...columns.map((name) => textWidth(name, SMALL, true))))
  const top = Math.max(30, longest * Math.sin(TILT) + 22)
  const bottom = top + rows.length * CELL
  const changed = options.cells.some(({ verdict, before }) => before !== undefined && before !== verdict)
  const verdicts = unique(options.cells.map(({ verdict }) => verdict)).filter((verdict) => verdict !== "none")
  const key = legend(verdicts, changed, bottom + 18)
  const right = left + columns.length * CELL + Math.max(12, longest * Math.cos(TILT) - CELL / 2 + 8)
  return svg(
    { label: options.label, description: options.description ?? describe(options.cells) },
    Math.max(right, key.width),
    bottom + 40,
    options.corner !== undefined && label(4, top - 8, options.corner, { size: SMALL, mono: true, faint: true }),
    columns.map((name, i) => heading(left + (i + 0.5) * CELL, top - 8, name)),
    rows.map((name, i) =>
      label(left - 8, top + (i + 0.5) * CELL + 4, name, { size: SMALL, mono: true, anchor: "end", max: MOST_NAME }),
    ),
    rows.map((from, i) =>
      columns.map((to, j) => drawCell(left + j * CELL, top + i * CELL, byPair.get(pair(from, to)), from, to)),
    ),
    key.markup,
  )
}

/** The same as rows, one a pair. */
export function matrixRows(options: MatrixOptions): Row[] {
  const reasons = options.cells.some(({ reason }) => reason !== undefined)
  const changes = options.cells.some(({ before }) => before !== undefined)
  return options.cells.map((cell) => ({
    from: cell.from,
    to: cell.to,
    verdict: WORD[cell.verdict],
    ...(changes ? { before: cell.before === undefined ? "" : WORD[cell.before] } : {}),
    ...(reasons ? { reason: cell.reason ?? "" } : {}),
  }))
}

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)]
/** A character no name has keeps the two apart. */
const pair = (from: string, to: string): string => `${from}\u0000${to}`

function describe(cells: readonly MatrixCell[]): string {
  return cells
    .filter(({ verdict }) => verdict !== "none")
    .map(({ from, to, verdict, before }) => {
      const change = before === undefined || before === verdict ? "" : ` (was ${WORD[before]})`
      return `${from} to ${to}: ${WORD[verdict]}${change}.`
    })
    .join(" ")
}

function heading(x: number, y: number, name: string): Markup {
  return element(
    "g",
    { transform: `translate(${Math.round(x)} ${Math.round(y)}) rotate(-45)` },
    label(0, 0, name, { size: SMALL, mono: true, max: MOST_NAME }),
  )
}

function drawCell(x: number, y: number, cell: MatrixCell | undefined, from: string, to: string): Markup {
  const verdict = cell?.verdict ?? "none"
  const tint = verdict === "none" ? 0.04 : 0.2
  const tooltip = `${from} to ${to}: ${WORD[verdict]}${cell?.reason === undefined ? "" : `, ${cell.reason}`}`
  const changed = cell?.before !== undefined && cell.before !== verdict
  return element(
    "g",
    {},
    element("title", {}, tooltip),
    box(x + 1.5, y + 1.5, CELL - 3, CELL - 3, 4, panel(HUE[verdict], tint, 1, verdict === "none" ? 0.25 : 0.9)),
    sign(verdict, x + CELL / 2, y + CELL / 2),
    changed && corner(x + CELL - 2, y + 2),
  )
}

function sign(verdict: MatrixVerdict, x: number, y: number): Markup | false {
  if (verdict === "deny") return cross(x, y, "vermilion")
  if (verdict === "l7") return label(x, y + 4.5, "L7", { size: SMALL, bold: true, anchor: "middle", hue: "blue" })
  if (verdict === "none") return false
  const points = [
    { x: x - 6, y },
    { x: x - 2, y: y + 5 },
    { x: x + 7, y: y - 5 },
  ]
  return route(points, { ...stroke("green", 2.5), "stroke-linecap": "round" })
}

const corner = (x: number, y: number): Markup =>
  element("path", { d: `M${x} ${y}h-10l10 10Z`, ...panel("ink", 0.85, 0) })

function legend(verdicts: readonly MatrixVerdict[], changed: boolean, y: number): { markup: Markup; width: number } {
  const parts: Markup[] = []
  let x = 6
  for (const verdict of verdicts) {
    parts.push(
      element(
        "g",
        { transform: `translate(${Math.round(x)} ${y - 9}) scale(.5)` },
        box(0, 0, CELL - 3, CELL - 3, 4, panel(HUE[verdict], 0.2, 1.5)),
        sign(verdict, (CELL - 3) / 2, (CELL - 3) / 2),
      ),
      label(x + 22, y + 4, WORD[verdict], { size: SMALL, faint: true }),
    )
    x += 22 + textWidth(WORD[verdict], SMALL, false) + 18
  }
  if (changed) {
    parts.push(corner(Math.round(x) + 12, y - 6), label(x + 18, y + 4, "changed", { size: SMALL, faint: true }))
    x += 18 + textWidth("changed", SMALL, false) + 12
  }
  return { markup: fragment(parts), width: x }
}
