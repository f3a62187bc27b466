/** A packet's journey, hop by hop, with its headers as they stand at each hop and what changed since the last. */

import { fill, type Hue, panel, stroke } from "./palette.ts"
import type { Hop, HopField, PathOptions } from "./path-data.ts"
import { type HopLine, journeyLines, type PathLine } from "./path-lines.ts"
import { badge, box, segment } from "./shapes.ts"
import { svg } from "./svg.ts"
import type { Row } from "./table.ts"
import { type TimeScale, timeScale } from "./time.ts"
import { label, SMALL, textWidth, wrap } from "./type.ts"
import { fragment, type Markup } from "./xml.ts"

const ACTIONS: Readonly<Record<string, Hue>> = {
  sent: "sky",
  received: "sky",
  bridged: "green",
  routed: "blue",
  encapsulated: "orange",
  decapsulated: "orange",
  delivered: "sky",
  dropped: "vermilion",
}

const RAIL = 22
const TEXT = 44
const LEAST_WIDTH = 384
const MOST_WIDTH = 620
const NAME = 70

/** The journey as SVG, top to bottom. */
export function path(options: PathOptions): string {
  const lines = journeyLines(options.hops)
  const scale = scaleOf(options.hops)
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, ...lines.map(widthOf)))
  const { hops, frames, bottom } = place(lines, width)
  const key = legend(lines, bottom + 9)
  return svg(
    { label: options.label, description: options.description ?? description(options.hops) },
    width,
    bottom + (key === undefined ? 0 : 27),
    frames.map((frame) => drawFrame(frame, width)),
    spine(hops),
    hops.map((hop) => drawHop(hop, width, scale)),
    key,
  )
}

function scaleOf(hops: readonly Hop[]): TimeScale | undefined {
  const times = hops.map(({ time }) => time).filter((time) => time !== undefined)
  return times.length === 0 ? undefined : timeScale(times)
}

/** The same as rows, one a hop. */
export function pathRows(options: PathOptions): Row[] {
  const scale = scaleOf(options.hops)
  return options.hops.map((hop, i) => ({
    hop: i + 1,
    ...(scale === undefined ? {} : { [`time (${scale.unit})`]: hop.time === undefined ? "" : scale.format(hop.time) }),
    node: hop.node ?? "",
    device: deviceOf(hop),
    action: hop.action,
    headers: (hop.headers ?? []).map((header) => `${header.name} ${header.fields.map(fieldText).join(" ")}`).join("; "),
    detail: hop.detail ?? "",
  }))
}

/** `client-pod eth0`: which eth0. */
const deviceOf = (hop: Hop): string => (hop.pod === undefined ? hop.device : `${hop.pod} ${hop.device}`)
const fieldText = (field: HopField): string => (field.name === undefined ? field.value : `${field.name} ${field.value}`)

const description = (hops: readonly Hop[]): string =>
  hops
    .map(
      (hop, i) =>
        `${i + 1}. ${deviceOf(hop)}${hop.node === undefined ? "" : ` on ${hop.node}`}: ${hop.action}${hop.detail === undefined ? "" : `, ${hop.detail}`}.`,
    )
    .join(" ")

const lineWidth = (line: PathLine): number =>
  TEXT + NAME + 14 + line.pieces.reduce((x, piece) => x + textWidth(piece.text, SMALL, true) + GAP, 0)
const widthOf = ({ hop, lines }: HopLine): number =>
  Math.max(
    TEXT + textWidth(deviceOf(hop), 13, true) + textWidth(hop.action, SMALL, false, true) + 130,
    ...lines.map(lineWidth),
  )

const HEAD = 30
const LINE = 19
const GAP = 8

interface PlacedHop extends HopLine {
  readonly index: number
  readonly y: number
  readonly details: readonly string[]
}
interface Frame {
  readonly name: string
  readonly top: number
  readonly bottom: number
}

/** Hops below each other, those of one node in one frame. */
function place(lines: readonly HopLine[], width: number): { hops: PlacedHop[]; frames: Frame[]; bottom: number } {
  const hops: PlacedHop[] = []
  const frames: Frame[] = []
  let y = 1
  let top = y
  lines.forEach((line, index) => {
    const { node } = line.hop
    if (index === 0 || lines[index - 1]?.hop.node !== node) {
      top = y
      y += node === undefined ? 0 : HEAD
    }
    const details = line.hop.detail === undefined ? [] : wrap(line.hop.detail, SMALL, width - TEXT - 14)
    hops.push({ ...line, index, y, details })
    y += 36 + details.length * 16 + (line.lines.length > 0 ? line.lines.length * LINE + 6 : 0)
    if (index + 1 === lines.length || lines[index + 1]?.hop.node !== node) {
      if (node !== undefined) frames.push({ name: node, top, bottom: y })
      y += 10
    }
  })
  return { hops, frames, bottom: y - 9 }
}

const drawFrame = (frame: Frame, width: number): Markup =>
  fragment(
    box(1, frame.top, width - 2, frame.bottom - frame.top, 8, panel("ink", 0.035, 1, 0.3)),
    label(TEXT, frame.top + 21, frame.name, { bold: true, max: width - TEXT - 12 }),
  )

/** The line that strings the hops together; the badges stand on it. */
function spine(hops: readonly PlacedHop[]): Markup {
  const [first, last] = [hops[0], hops[hops.length - 1]]
  if (first === undefined || last === undefined) return fragment()
  return segment({ x: RAIL, y: first.y + 14 }, { x: RAIL, y: last.y + 14 }, stroke("ink", 2, 0.3))
}

function drawHop({ hop, lines, index, y, details }: PlacedHop, width: number, scale: TimeScale | undefined): Markup {
  const hue = ACTIONS[hop.action] ?? "ink"
  const chip = Math.min(150, textWidth(hop.action, SMALL, false, true) + 16)
  const room = Math.min(textWidth(deviceOf(hop), 13, true, true), width - TEXT - chip - 110)
  const time = scale === undefined || hop.time === undefined ? undefined : `${scale.format(hop.time)} ${scale.unit}`
  const rows = y + 30 + details.length * 16
  return fragment(
    badge(RAIL, y + 14, `${index + 1}`),
    label(TEXT, y + 18, deviceOf(hop), { mono: true, bold: true, max: room + 2 }),
    box(TEXT + room + 10, y + 4, chip, 20, 10, panel(hue, 0.2, 1, 0.8)),
    label(TEXT + room + 10 + chip / 2, y + 18, hop.action, {
      size: SMALL,
      bold: true,
      anchor: "middle",
      max: chip - 8,
    }),
    time !== undefined && label(width - 14, y + 18, time, { size: SMALL, mono: true, faint: true, anchor: "end" }),
    details.map((text, i) => label(TEXT, y + 39 + i * 16, text, { size: SMALL, faint: true, max: width - TEXT - 14 })),
    lines.map((line, i) => drawLine(line, rows + (details.length > 0 ? 4 : 0) + i * LINE, width)),
  )
}

function drawLine(line: PathLine, y: number, width: number): Markup {
  const hue: Hue = line.outer ? "blue" : "orange"
  const marks: Markup[] = []
  let x = TEXT + NAME + 6
  for (const piece of line.pieces) {
    const room = width - 12 - x
    if (room < 12) break
    const wide = Math.min(room, textWidth(piece.text, SMALL, true))
    if (piece.changed) marks.push(box(x - 3, y + 1.5, wide + 5, LINE - 3, 3, fill("vermilion", 0.22)))
    marks.push(label(x, y + 14, piece.text, { size: SMALL, mono: true, bold: piece.changed, max: room }))
    x += wide + GAP
  }
  return fragment(
    box(TEXT, y, width - TEXT - 12, LINE, 0, fill(hue, line.added ? 0.2 : 0.08)),
    box(TEXT, y, 4, LINE, 0, fill(hue, 1)),
    label(TEXT + 10, y + 14, line.name, { size: SMALL, bold: line.added, hue, max: NAME - 6 }),
    marks,
  )
}

/** Says only what the figure uses. */
function legend(hops: readonly HopLine[], y: number): Markup | undefined {
  const lines = hops.flatMap((hop) => hop.lines)
  const changed = lines.some((line) => line.pieces.some((piece) => piece.changed))
  const outer = lines.some((line) => line.outer)
  if (!outer && !changed) return undefined
  const entries: [Hue, number, string][] = []
  if (outer) entries.push(["blue", 1, "outer headers"], ["orange", 1, "inner headers"])
  if (changed) entries.push(["vermilion", 0.3, "changed at this hop"])
  return fragment(
    entries.map(([hue, opacity, text], i) =>
      fragment(
        box(TEXT + i * 112, y, 12, 12, 2, fill(hue, opacity)),
        label(TEXT + i * 112 + 17, y + 10.5, text, { size: SMALL, faint: true }),
      ),
    ),
  )
}
