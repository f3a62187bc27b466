/** The headers of one packet side by side: what the wire between the nodes sees, and what is inside. */
import { type Hue, panel, stroke } from "./palette.ts"
import { box, segment } from "./shapes.ts"
import { type FigureText, svg } from "./svg.ts"
import type { Row } from "./table.ts"
import { label, SIZE, SMALL, textWidth } from "./type.ts"
import { fragment, type Markup } from "./xml.ts"

/** A layer as `dissect` gives it. */
export interface HeaderLayer {
  /** `eth`, `ip`, `udp`, `vxlan`, … */
  readonly protocol: string
  /** Where it begins in the frame, in bytes. */
  readonly offset: number
  readonly length: number
  readonly fields: readonly { readonly name: string; readonly text: string }[]
}
/** What {@link headers} draws. */
export interface HeadersOptions extends FigureText {
  readonly layers: readonly HeaderLayer[]
}

const NAMES: Readonly<Record<string, string>> = {
  eth: "Ethernet",
  arp: "ARP",
  ip: "IPv4",
  icmp: "ICMP",
  udp: "UDP",
  tcp: "TCP",
  vxlan: "VXLAN",
  http: "HTTP",
  data: "Data",
  malformed: "Malformed",
}
const nameOf = (layer: HeaderLayer): string => NAMES[layer.protocol] ?? layer.protocol
/** `ip.ttl` → `ttl`: the layer's name stands above. */
const shortName = (name: string): string => name.slice(name.indexOf(".") + 1)

const ROW = 19
const HEAD = 28
const GAP = 34
const TOP = 30

interface Column {
  readonly title: string
  readonly hue: Hue
  readonly layers: readonly HeaderLayer[]
}

/** Everything up to the tunnel's header is outer; a frame without a tunnel is one column. */
function columnsOf(layers: readonly HeaderLayer[]): Column[] {
  const tunnel = layers.findIndex((layer) => layer.protocol === "vxlan")
  if (tunnel < 0) return [{ title: "Headers", hue: "orange", layers }]
  return [
    { title: "Outer: between the nodes", hue: "blue", layers: layers.slice(0, tunnel + 1) },
    { title: "Inner: between the pods", hue: "orange", layers: layers.slice(tunnel + 1) },
  ]
}

/** Outer headers left, inner headers right, joined where the tunnel's payload begins. */
export function headers(options: HeadersOptions): string {
  const columns = columnsOf(options.layers)
  const width = Math.max(...columns.map(columnWidth), 220)
  const height = Math.max(...columns.map((column) => heightOf(column.layers)))
  const total = columns.length * width + (columns.length - 1) * GAP + 2
  return svg(
    { label: options.label, description: options.description ?? description(columns) },
    total,
    TOP + height + 1,
    columns.map((column, i) => drawColumn(column, 1 + i * (width + GAP), width)),
    columns.length > 1 && joint(columns, width),
  )
}

/** The same as rows, one a field. */
export function headersRows(options: HeadersOptions): Row[] {
  return columnsOf(options.layers).flatMap(({ title, layers }) =>
    layers.flatMap((layer) =>
      layer.fields.map((field) => ({
        part: title,
        layer: nameOf(layer),
        field: shortName(field.name),
        value: field.text,
      })),
    ),
  )
}

const layerHeight = (layer: HeaderLayer): number => HEAD + layer.fields.length * ROW + (layer.fields.length > 0 ? 6 : 0)
const heightOf = (layers: readonly HeaderLayer[]): number =>
  layers.reduce((sum, layer) => sum + layerHeight(layer) + 8, -8)

function columnWidth({ layers }: Column): number {
  const fields = layers.flatMap((layer) => layer.fields)
  const names = fields.map((field) => textWidth(shortName(field.name), SMALL, false))
  const values = fields.map((field) => Math.min(190, textWidth(field.text, SMALL, true)))
  return Math.max(...names, 0) + Math.max(...values, 0) + 48
}

function drawColumn(column: Column, x: number, width: number): Markup {
  let y = TOP
  return fragment(
    label(x + 2, 18, column.title, { bold: true }),
    column.layers.map((layer) => {
      const top = y
      y += layerHeight(layer) + 8
      return drawLayer(layer, x, top, width, column.hue)
    }),
  )
}

function drawLayer(layer: HeaderLayer, x: number, y: number, width: number, hue: Hue): Markup {
  return fragment(
    box(x, y, width, layerHeight(layer), 6, panel(hue, 0.1, 1.2)),
    label(x + 12, y + 19, nameOf(layer), { bold: true, hue, size: SIZE }),
    label(x + width - 12, y + 19, `${layer.length} bytes`, { size: SMALL, faint: true, anchor: "end" }),
    layer.fields.map((field, i) => {
      const baseline = y + HEAD + i * ROW + 12
      return fragment(
        label(x + 12, baseline, shortName(field.name), { size: SMALL, faint: true }),
        label(x + width - 12, baseline, field.text, { size: SMALL, mono: true, anchor: "end", max: 192 }),
      )
    }),
  )
}

/** From below the tunnel's header to the first inner one. */
function joint(columns: readonly Column[], width: number): Markup {
  const outer = columns[0] as Column
  const last = outer.layers[outer.layers.length - 1] as HeaderLayer
  const y = TOP + heightOf(outer.layers) - layerHeight(last) / 2
  const [left, middle, right] = [1 + width, 1 + width + GAP / 2, 1 + width + GAP]
  const top = TOP + HEAD / 2
  const line = { ...stroke("ink", 1.5, 0.5), "stroke-dasharray": "4 3" }
  return fragment(
    segment({ x: left, y }, { x: middle, y }, line),
    segment({ x: middle, y }, { x: middle, y: top }, line),
    segment({ x: middle, y: top }, { x: right, y: top }, line),
  )
}

const description = (columns: readonly Column[]): string =>
  columns
    .map(
      ({ title, layers }) =>
        `${title}. ${layers
          .map((layer) => [nameOf(layer), ...layer.fields.map((f) => `${shortName(f.name)} ${f.text}`)].join(", "))
          .join(". ")}.`,
    )
    .join(" ")
