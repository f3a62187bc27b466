/** A packet's journey: each device it passed, when, and what changed there. */
import { box, element, figure, label } from "./svg.ts"

export interface PathHop {
  /** The machine or pod. */
  where: string
  device: string
  /** Nanoseconds since the first hop. */
  time: number
  /** What the frame looks like here: `10.244.1.2 > 10.244.2.2 ttl 63`. */
  packet: string
  /** What happened on the way here: "bridged", "routed, TTL 64 → 63", "encapsulated". */
  action?: string
}

const ROW = 46
const WIDTH = 760

/** One line to copy: `path(capture.path(), { title: "One request" })`. */
export function path(hops: readonly PathHop[], options: { title?: string } = {}): string {
  const parts: string[] = []
  let place = ""
  let lane = 0
  hops.forEach((hop, i) => {
    const y = 14 + i * ROW
    if (hop.where !== place) {
      place = hop.where
      lane++
    }
    const kind = ["fa", "fc", "fb", "fill"][lane % 4] as string
    if (i > 0) parts.push(element("line", { x1: 108, y1: y - 14, x2: 108, y2: y, class: "line" }))
    parts.push(label(84, y + 21, `${(hop.time / 1000).toFixed(0)} µs`, { class: "mono dim", "text-anchor": "end" }), box(96, y, 250, 32, { class: kind }))
    parts.push(label(108, y + 21, hop.device, { class: "mono strong" }), label(336, y + 21, hop.where, { class: "dim", "text-anchor": "end" }), label(362, y + 14, hop.packet, { class: "mono" }))
    if (hop.action !== undefined) parts.push(label(362, y + 30, hop.action, { class: "dim" }))
  })
  const description = hops.map((hop) => `${hop.device} on ${hop.where}: ${hop.packet}${hop.action === undefined ? "" : `, ${hop.action}`}`).join("; ")
  return figure(WIDTH, 20 + hops.length * ROW, options.title ?? "A packet's way", description, parts)
}
