/** Who sent what to whom, and when: a sequence diagram. */
import { cycle, type Hue, panel, stroke } from "./palette.ts"
import type { Participant, SequenceFrame, SequenceOptions } from "./sequence-data.ts"
import { arrow, box, cross, segment } from "./shapes.ts"
import { svg } from "./svg.ts"
import type { Row } from "./table.ts"
import { type TimeScale, timeScale } from "./time.ts"
import { label, SMALL, textWidth } from "./type.ts"
import { fragment, type Markup } from "./xml.ts"

interface Column extends Participant {
  readonly x: number
  readonly width: number
  readonly hue: Hue
}
interface Layout {
  readonly columns: ReadonlyMap<string, Column>
  readonly scale: TimeScale
  readonly width: number
  readonly head: number
  /** Where the times end. */
  readonly times: number
}

const MOST_BOX = 190
const MOST_SPAN = 340
const LEAST_SPAN = 132
const LEAST_WIDTH = 384
const LOOP = 34

/** The frames as SVG, time running down. Frames of one sender share a hue. */
export function sequence(options: SequenceOptions): string {
  const layout = layOut(options)
  const rows: Markup[] = []
  let y = layout.head + 14
  for (const frame of options.frames) {
    const height = below(frame) === "" && frame.from !== frame.to ? 34 : 50
    rows.push(drawFrame(frame, layout, y))
    y += height
  }
  return svg(
    { label: options.label, description: options.description ?? description(options.frames, layout.scale) },
    layout.width,
    y + 8,
    label(layout.times, layout.head - 8, layout.scale.unit, { size: SMALL, faint: true, anchor: "end" }),
    [...layout.columns.values()].map((column) => drawColumn(column, layout.head, y + 4)),
    rows,
  )
}

/** The same as rows, one a frame. */
export function sequenceRows(options: SequenceOptions): Row[] {
  const scale = timeScale(options.frames.map(({ time }) => time))
  return options.frames.map((frame) => ({
    [`time (${scale.unit})`]: scale.format(frame.time),
    from: frame.from,
    to: frame.to,
    label: frame.label,
    detail: frame.detail ?? "",
    ...(options.frames.some(({ verdict }) => verdict !== undefined) ? { verdict: frame.verdict ?? "" } : {}),
  }))
}

const description = (frames: readonly SequenceFrame[], scale: TimeScale): string =>
  frames
    .map(
      (frame) =>
        `${scale.format(frame.time)} ${scale.unit}: ${frame.from} to ${frame.to}, ${frame.label}${frame.verdict === undefined ? "" : ` (${frame.verdict})`}.`,
    )
    .join(" ")

function participantsOf(options: SequenceOptions): Participant[] {
  const given = (options.participants ?? []).map((one) => (typeof one === "string" ? { name: one } : one))
  const known = new Set(given.map(({ name }) => name))
  const others = new Set(options.frames.flatMap(({ from, to }) => [from, to]).filter((name) => !known.has(name)))
  return [...given, ...[...others].map((name) => ({ name }))]
}

const boxWidth = ({ name, detail }: Participant): number =>
  Math.min(MOST_BOX, Math.max(64, textWidth(name, 13, false, true), textWidth(detail ?? "", SMALL, true)) + 20)
/** A frame that is lost needs room for its cross, too. */
const frameWidth = (frame: SequenceFrame): number =>
  Math.min(
    MOST_SPAN,
    Math.max(textWidth(frame.label, SMALL, true, true), textWidth(below(frame), SMALL, true)) +
      (lost(frame) === undefined ? 30 : 90),
  )

function layOut(options: SequenceOptions): Layout {
  const participants = participantsOf(options)
  const scale = timeScale(options.frames.map(({ time }) => time))
  const times = Math.max(28, ...options.frames.map(({ time }) => textWidth(scale.format(time), SMALL, true))) + 12
  const index = new Map(participants.map(({ name }, i) => [name, i]))
  const spans = participants
    .slice(1)
    .map((one, i) => Math.max(LEAST_SPAN, (boxWidth(one) + boxWidth(participants[i] as Participant)) / 2 + 14))
  for (const frame of options.frames)
    widen(spans, index.get(frame.from) as number, index.get(frame.to) as number, frameWidth(frame))
  spread(spans, LEAST_WIDTH - times - ends(participants))
  const columns = new Map<string, Column>()
  let x = times + (participants[0] === undefined ? 0 : boxWidth(participants[0]) / 2)
  let edge = x
  participants.forEach((one, i) => {
    const width = boxWidth(one)
    columns.set(one.name, { ...one, x, width, hue: cycle(i) })
    edge = Math.max(
      edge,
      x + width / 2,
      ...options.frames
        .filter((frame) => frame.from === one.name && frame.to === one.name)
        .map((frame) => x + LOOP + frameWidth(frame)),
    )
    x += spans[i] ?? 0
  })
  return {
    columns,
    scale,
    width: edge + 4,
    times: times - 10,
    head: participants.some(({ detail }) => detail !== undefined) ? 48 : 34,
  }
}

const ends = (participants: readonly Participant[]): number =>
  [participants[0], participants[participants.length - 1]].reduce(
    (sum, one) => sum + (one === undefined ? 0 : boxWidth(one) / 2),
    0,
  )

/** Fills a phone's width when there is little to say. */
function spread(spans: number[], room: number): void {
  const spare = (room - spans.reduce((a, b) => a + b, 0)) / spans.length
  if (spare > 0) for (const [i, span] of spans.entries()) spans[i] = span + spare
}

/** Makes room for a frame's words between two neighbours, where no lifeline crosses them: in the widest gap on its way. */
function widen(spans: number[], from: number, to: number, width: number): void {
  const [left, right] = from === to ? [from, from + 1] : [Math.min(from, to), Math.max(from, to)]
  const need = from === to ? width + LOOP : width
  const gap = widest(spans.slice(0, right), left)
  if (right <= spans.length && (spans[gap] as number) < need) spans[gap] = need
}

function widest(spans: readonly number[], from: number): number {
  let best = from
  for (let i = from; i < spans.length; i++) if ((spans[i] as number) > (spans[best] as number)) best = i
  return best
}

function drawColumn(column: Column, head: number, bottom: number): Markup {
  const { x, width, detail } = column
  return fragment(
    segment({ x, y: head }, { x, y: bottom }, { ...stroke("ink", 1, 0.45), "stroke-dasharray": "3 4" }),
    box(x - width / 2, 2, width, head - 2, 6, panel(column.hue, 0.14, 1.25)),
    label(x, detail === undefined ? 2 + (head - 2) / 2 + 4.5 : 21, column.name, {
      bold: true,
      anchor: "middle",
      max: width - 12,
    }),
    detail !== undefined &&
      label(x, 38, detail, { size: SMALL, mono: true, faint: true, anchor: "middle", max: width - 12 }),
  )
}

/** The words for a frame that did not arrive. */
const lost = ({ verdict }: SequenceFrame): string | undefined => (verdict?.startsWith("dropped") ? verdict : undefined)
const below = (frame: SequenceFrame): string =>
  [frame.detail, lost(frame)].filter((part) => part !== undefined).join(" · ")

function drawFrame(frame: SequenceFrame, layout: Layout, y: number): Markup {
  const from = layout.columns.get(frame.from) as Column
  const to = layout.columns.get(frame.to) as Column
  const time = label(layout.times, y + 26, layout.scale.format(frame.time), {
    size: SMALL,
    mono: true,
    faint: true,
    anchor: "end",
  })
  return fragment(time, from === to ? drawLoop(frame, from, y) : drawArrow(frame, layout, from, to, y))
}

function drawArrow(frame: SequenceFrame, layout: Layout, from: Column, to: Column, y: number): Markup {
  const why = lost(frame)
  const way = Math.sign(to.x - from.x)
  const xs = [...layout.columns.values()]
    .map(({ x }) => x)
    .filter((x) => x >= Math.min(from.x, to.x) && x <= Math.max(from.x, to.x))
  const gap = widest(
    xs.slice(1).map((x, i) => x - (xs[i] as number)),
    0,
  )
  const [left, right] = [xs[gap] as number, xs[gap + 1] as number]
  const style = {
    size: SMALL,
    mono: true,
    anchor: "middle",
    max: right - left - (why === undefined ? 22 : 70),
  } as const
  const end = why === undefined ? to.x : to.x - way * 24
  return fragment(
    label((left + right) / 2, y + 14, frame.label, { ...style, bold: true }),
    arrow(
      [
        { x: from.x, y: y + 22 },
        { x: end - (why === undefined ? 0 : way * 9), y: y + 22 },
      ],
      why === undefined ? from.hue : "vermilion",
      1.75,
      why !== undefined,
    ),
    why !== undefined && cross(end, y + 22, "vermilion"),
    below(frame) !== "" && label((left + right) / 2, y + 38, below(frame), { ...style, faint: true }),
  )
}

function drawLoop(frame: SequenceFrame, at: Column, y: number): Markup {
  const points = [
    { x: at.x, y: y + 12 },
    { x: at.x + LOOP - 8, y: y + 12 },
    { x: at.x + LOOP - 8, y: y + 30 },
    { x: at.x, y: y + 30 },
  ]
  const room = MOST_SPAN - LOOP
  return fragment(
    arrow(points, at.hue, 1.75),
    label(at.x + LOOP, y + 19, frame.label, { size: SMALL, mono: true, bold: true, max: room }),
    frame.detail !== undefined &&
      label(at.x + LOOP, y + 35, frame.detail, { size: SMALL, mono: true, faint: true, max: room }),
  )
}
