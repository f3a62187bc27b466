/** The cluster as a picture: machines side by side, their pods above, the wire below; a packet's way on top of it. */
import { box, element, figure, label } from "./svg.ts"

export interface TopologyPod {
  name: string
  ip: string
}
export interface TopologyNode {
  name: string
  ip: string
  podCIDR: string
  /** The uplink's name: enp0s8. */
  uplink: string
  pods: readonly TopologyPod[]
  /** Bridge and tunnel, when the node has them. */
  bridge?: string
  tunnel?: string
}
export interface TopologyOptions {
  title?: string
  /** From one pod to another: the way between them is drawn. */
  highlight?: { from: string; to: string }
}

const NODE_WIDTH = 216
const GAP = 20
const POD_HEIGHT = 42
const TOP = 16

interface Places {
  node: TopologyNode
  x: number
  podY: (index: number) => number
  bridgeY: number
  tunnelY: number
  uplinkY: number
}

/** One line to copy: `topology(cluster.topology(), { highlight: { from: "client-pod", to: "backend-pod" } })`. */
export function topology(nodes: readonly TopologyNode[], options: TopologyOptions = {}): string {
  const rows = Math.max(1, ...nodes.map((node) => node.pods.length))
  const podsBottom = TOP + 46 + rows * (POD_HEIGHT + 8)
  const places = nodes.map((node, i): Places => ({ node, x: GAP + i * (NODE_WIDTH + GAP), podY: (index) => TOP + 46 + index * (POD_HEIGHT + 8), bridgeY: podsBottom + 8, tunnelY: podsBottom + 52, uplinkY: podsBottom + 96 }))
  const bottom = podsBottom + 132
  const width = GAP + nodes.length * (NODE_WIDTH + GAP)
  const wireY = bottom + 28
  const parts = places.flatMap((place) => drawNode(place, bottom, wireY))
  parts.push(element("line", { x1: GAP, y1: wireY, x2: width - GAP, y2: wireY, class: "line", "stroke-width": 2 }))
  const network = nodes[0]?.ip.replace(/\.\d+$/, ".0/24") ?? ""
  parts.push(label(width - GAP, wireY + 20, network, { class: "mono dim", "text-anchor": "end" }))
  if (options.highlight !== undefined) parts.push(...drawWay(places, options.highlight.from, options.highlight.to, wireY))
  const description = nodes.map((node) => `${node.name} ${node.ip} owns ${node.podCIDR}${node.pods.length > 0 ? ` and runs ${node.pods.map((pod) => `${pod.name} ${pod.ip}`).join(", ")}` : ""}`).join("; ")
  return figure(width, wireY + 32, options.title ?? "The cluster", description, parts)
}

function drawNode({ node, x, podY, bridgeY, tunnelY, uplinkY }: Places, bottom: number, wireY: number): string[] {
  const middle = x + NODE_WIDTH / 2
  const row = (y: number, name: string, detail: string, kind: string): string[] => [
    box(x + 14, y, NODE_WIDTH - 28, 32, { class: kind }),
    label(x + 24, y + 21, name, { class: "mono" }),
    label(x + NODE_WIDTH - 24, y + 21, detail, { class: "mono dim", "text-anchor": "end" }),
  ]
  const parts = [box(x, TOP, NODE_WIDTH, bottom - TOP, { class: "frame", rx: 10 }), label(x + 14, TOP + 22, node.name, { class: "strong" }), label(x + 14, TOP + 38, `pods ${node.podCIDR}`, { class: "mono dim" })]
  node.pods.forEach((pod, i) => {
    parts.push(box(x + 14, podY(i), NODE_WIDTH - 28, POD_HEIGHT, { class: "fc" }), label(x + 24, podY(i) + 18, pod.name), label(x + 24, podY(i) + 34, pod.ip, { class: "mono dim" }))
  })
  if (node.bridge !== undefined) parts.push(...row(bridgeY, node.bridge, "bridge", "fill"))
  if (node.tunnel !== undefined) parts.push(...row(tunnelY, node.tunnel, "vxlan", "fb"))
  parts.push(...row(uplinkY, node.uplink, node.ip, "fa"))
  parts.push(element("line", { x1: middle, y1: uplinkY + 32, x2: middle, y2: wireY, class: "line" }))
  return parts
}

/** Down through the sender's devices, along the wire, up through the receiver's. */
function drawWay(places: readonly Places[], from: string, to: string, wireY: number): string[] {
  const find = (name: string): { place: Places; index: number } | undefined => {
    for (const place of places) {
      const index = place.node.pods.findIndex((pod) => pod.name === name)
      if (index >= 0) return { place, index }
    }
    return undefined
  }
  const a = find(from)
  const b = find(to)
  if (a === undefined || b === undefined) return []
  const x1 = a.place.x + NODE_WIDTH / 2 + 46
  const x2 = b.place.x + NODE_WIDTH / 2 + 46
  const y1 = a.place.podY(a.index) + POD_HEIGHT - 6
  const y2 = b.place.podY(b.index) + POD_HEIGHT - 2
  const same = a.place === b.place
  const turn = same ? a.place.bridgeY + 16 : wireY
  const end = same ? x1 + 40 : x2
  return [
    `<defs><marker id="pw-arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#d55e00"/></marker></defs>`,
    element("path", { d: `M${x1} ${y1}V${turn}H${end}V${y2}`, class: "b", fill: "none", "stroke-width": 2.5, "stroke-linejoin": "round", "stroke-dasharray": "7 5", "marker-end": "url(#pw-arrow)" }),
    element("circle", { cx: x1, cy: y1, r: 4, fill: "#d55e00" }),
  ]
}
