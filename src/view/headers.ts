/** The headers of one packet side by side: what the wire sees, and what is inside. */
import { box, element, figure, label } from "./plain.ts"

export interface HeaderField {
  name: string
  value: string
}
export interface HeaderLayer {
  /** `Ethernet`, `IPv4`, `UDP`, `VXLAN`. */
  name: string
  /** In bytes. */
  length: number
  fields: readonly HeaderField[]
}

const ROW = 20
const HEAD = 30
const COLUMN = 344
const GAP = 36

function drawLayer(layer: HeaderLayer, x: number, y: number, kind: string): { parts: string[]; height: number } {
  const height = HEAD + layer.fields.length * ROW + 8
  const parts = [
    box(x, y, COLUMN, height, { class: kind }),
    label(x + 14, y + 20, layer.name, { class: "strong" }),
    label(x + COLUMN - 14, y + 20, `${layer.length} bytes`, { class: "dim", "text-anchor": "end" }),
  ]
  layer.fields.forEach((field, i) => {
    const at = y + HEAD + i * ROW + 12
    parts.push(
      label(x + 14, at, field.name, { class: "dim" }),
      label(x + COLUMN - 14, at, field.value, { class: "mono", "text-anchor": "end" }),
    )
  })
  return { parts, height }
}

/** Outer headers left, inner headers right, joined where the tunnel's payload begins. */
export function headers(
  outer: readonly HeaderLayer[],
  inner: readonly HeaderLayer[],
  options: { title?: string } = {},
): string {
  const parts: string[] = [
    label(8, 20, "Outer: between the nodes", { class: "strong" }),
    label(8 + COLUMN + GAP, 20, "Inner: between the pods", { class: "strong" }),
  ]
  const column = (layers: readonly HeaderLayer[], x: number, kind: string): number => {
    let y = 34
    for (const layer of layers) {
      const drawn = drawLayer(layer, x, y, kind)
      parts.push(...drawn.parts)
      y += drawn.height + 8
    }
    return y
  }
  const left = column(outer, 8, "fa")
  const right = column(inner, 8 + COLUMN + GAP, "fb")
  const join = left - 30
  parts.push(
    element("path", {
      d: `M${8 + COLUMN} ${join}H${8 + COLUMN + GAP / 2}V50H${8 + COLUMN + GAP}`,
      class: "line",
      "stroke-dasharray": "4 4",
    }),
  )
  const text = (layers: readonly HeaderLayer[]): string =>
    layers
      .map((layer) => `${layer.name}: ${layer.fields.map((field) => `${field.name} ${field.value}`).join(", ")}`)
      .join("; ")
  return figure(
    16 + COLUMN * 2 + GAP,
    Math.max(left, right) + 4,
    options.title ?? "One packet, outer and inner headers",
    `Outer ${text(outer)}. Inner ${text(inner)}.`,
    parts,
  )
}
