/** The machines of a cluster, what each has inside, the network they share, and the way a packet takes through them. */

import { panel, stroke } from "./palette.ts"
import { box, segment } from "./shapes.ts"
import { svg } from "./svg.ts"
import type { Row } from "./table.ts"
import type { TopologyDevice, TopologyOptions } from "./topology-data.ts"
import { layOutNodes, type NodeBox, type StackBox } from "./topology-layout.ts"
import { drawRoute } from "./topology-route.ts"
import { label, SMALL } from "./type.ts"
import { fragment, type Markup } from "./xml.ts"

/** The topology as SVG. Solid lines are cables and bridge ports; dashed ones are steps the kernel takes by routing. */
export function topology(options: TopologyOptions): string {
  const layout = layOutNodes(options)
  const describe = options.description ?? description(options)
  return svg(
    { label: options.label, description: describe },
    layout.width,
    layout.height,
    drawUnderlay(layout.rails, layout.left, options.underlay),
    layout.nodes.map(drawNode),
    drawRoute(layout, options.highlight ?? []),
  )
}

/** The same as rows: one for each pod and device. */
export function topologyRows(options: TopologyOptions): Row[] {
  return options.nodes.flatMap((node) => [
    ...node.pods.map((pod) => ({ node: node.name, kind: "pod", name: pod.name, detail: pod.ip ?? "" })),
    ...(node.devices ?? []).map((device) => ({
      node: node.name,
      kind: "device",
      name: nameOf(device),
      detail: typeof device === "string" ? "" : (device.detail ?? ""),
    })),
    { node: node.name, kind: "uplink", name: node.uplink, detail: node.ip ?? "" },
  ])
}

const nameOf = (device: string | TopologyDevice): string => (typeof device === "string" ? device : device.name)

function description(options: TopologyOptions): string {
  const nodes = options.nodes.map(
    (node) =>
      `${node.name}${node.ip === undefined ? "" : ` (${node.ip})`}: ${node.pods.map((pod) => pod.name).join(", ") || "no pods"}`,
  )
  const stops = (options.highlight ?? [])
    .filter((stop) => stop.node !== undefined)
    .map((stop) => `${stop.pod ?? stop.device ?? stop.node} on ${stop.node}`)
  return [
    `${options.nodes.length} nodes. ${nodes.join(". ")}.`,
    stops.length > 0 && `The packet's way: ${stops.join(", ")}.`,
  ]
    .filter((part) => part !== false)
    .join(" ")
}

function drawUnderlay(
  rails: readonly { y: number; from: number; to: number }[],
  left: number,
  name: string | undefined,
): Markup {
  const last = rails[rails.length - 1]
  const first = rails[0]
  if (last === undefined || first === undefined) return fragment()
  return fragment(
    rails.map((rail) =>
      segment(
        { x: rail.from, y: rail.y },
        { x: rail.to, y: rail.y },
        { ...stroke("ink", 3, 0.45), "stroke-linecap": "round" },
      ),
    ),
    rails.length > 1 &&
      segment(
        { x: left, y: first.y },
        { x: left, y: last.y },
        { ...stroke("ink", 3, 0.45), "stroke-linecap": "round" },
      ),
    name !== undefined &&
      label((last.from + last.to) / 2, last.y + 20, name, { size: SMALL, mono: true, faint: true, anchor: "middle" }),
  )
}

function drawNode(node: NodeBox): Markup {
  const text = node.width - 24
  return fragment(
    box(node.x, node.y, node.width, node.height, 8, panel("ink", 0.035, 1, 0.3)),
    label(node.x + 12, node.y + 22, node.name, { bold: true, max: text }),
    node.detail !== "" &&
      label(node.x + 12, node.y + 39, node.detail, { size: SMALL, mono: true, faint: true, max: text }),
    node.links.map((link) =>
      segment(link.from, link.to, { ...stroke("ink", 1.5, 0.55), "stroke-dasharray": link.dashed ? "2 4" : undefined }),
    ),
    node.more !== undefined &&
      label(node.more.x, node.more.y, node.more.text, { size: SMALL, faint: true, anchor: node.more.anchor }),
    node.boxes.map(drawBox),
  )
}

function drawBox(item: StackBox): Markup {
  const room = item.width - 12
  const x = item.x + item.width / 2
  const middle = item.y + item.height / 2
  const two = item.detail !== ""
  return fragment(
    box(
      item.x,
      item.y,
      item.width,
      item.height,
      item.kind === "pod" ? 8 : 4,
      item.kind === "uplink" ? panel("ink", 0.08, 1.25, 0.6) : panel(item.hue, 0.14, 1.25),
    ),
    label(x, two ? middle - 2 : middle + 4.5, item.name, {
      size: item.kind === "pod" ? 13 : SMALL,
      mono: item.kind !== "pod",
      bold: item.kind !== "veth",
      anchor: "middle",
      max: room,
    }),
    two && label(x, middle + 14, item.detail, { size: SMALL, mono: true, faint: true, anchor: "middle", max: room }),
  )
}
