/** Where everything in a topology goes. Rows line up across nodes: pods with pods, bridges with bridges, all uplinks on the rail. */
import type { Hue } from "./palette.ts"
import type { Point } from "./shapes.ts"
import type { TopologyDevice, TopologyNode, TopologyOptions, TopologyPod } from "./topology-data.ts"
import { SMALL, textWidth } from "./type.ts"

export interface StackBox {
  readonly kind: "pod" | "veth" | "device" | "uplink"
  readonly name: string
  readonly detail: string
  readonly hue: Hue
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface Link {
  readonly from: Point
  readonly to: Point
  readonly dashed: boolean
}
export interface NodeBox {
  readonly name: string
  readonly detail: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly boxes: readonly StackBox[]
  readonly links: readonly Link[]
  /** What is not drawn: "no pods", "+ 7 more". */
  readonly more?: {
    readonly x: number
    readonly y: number
    readonly text: string
    readonly anchor: "start" | "middle" | "end"
  }
  /** The network its uplink hangs on. */
  readonly rail: number
}
export interface TopologyLayout {
  readonly width: number
  readonly height: number
  readonly nodes: readonly NodeBox[]
  readonly rails: readonly { readonly y: number; readonly from: number; readonly to: number }[]
  /** Where several rails join. */
  readonly left: number
}

const PAD = 12
const GAP = 14
const HEAD = 52
const POD = { height: 44, least: 92, most: 168, gap: 10 }
const CABLE = 26
/** A port sits on its bridge. */
const VETH = { height: 22, most: 150 }
const DEVICE = { height: 42, gap: 26, most: 190 }
const DROP = 28
/** From the top of the pods to the top of the first device. */
const PORTS = POD.height + CABLE + VETH.height
const PODS_SHOWN = 4

export function layOutNodes(options: TopologyOptions): TopologyLayout {
  const columns = Math.max(1, Math.min(options.columns ?? 4, options.nodes.length))
  const depth = Math.max(0, ...options.nodes.map((node) => node.devices?.length ?? 0))
  const measured = options.nodes.map((node) => measure(node, depth, options))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...measured.filter((_, i) => i % columns === column).map(({ width }) => width)),
  )
  const several = measured.length > columns
  const left = several ? 24 : 2
  const nodes: NodeBox[] = []
  const rails: TopologyLayout["rails"][number][] = []
  let y = 10
  for (let i = 0; i < measured.length; i += columns) {
    const rail = y + heightOf(depth) + DROP
    const row = measured.slice(i, i + columns)
    let x = left
    row.forEach((one, column) => {
      const width = widths[column] as number
      nodes.push(layOutNode(one, { x, y, width, depth, rail }))
      x += width + GAP
    })
    rails.push({ y: rail, from: several ? 8 : left + PAD, to: x - GAP - PAD })
    y = rail + 20
  }
  return {
    width: left + sum(widths) + GAP * (columns - 1) + 10,
    height: y + (options.underlay === undefined ? -12 : 6),
    nodes,
    rails,
    left: 8,
  }
}

const heightOf = (depth: number): number => HEAD + PORTS + (depth + 1) * DEVICE.height + depth * DEVICE.gap + PAD

function shownPods(node: TopologyNode, options: TopologyOptions): readonly TopologyPod[] {
  if (node.pods.length <= PODS_SHOWN) return node.pods
  const named = new Set((options.highlight ?? []).filter((stop) => stop.node === node.name).map((stop) => stop.pod))
  const first = node.pods.filter((pod) => named.has(pod.name)).slice(0, PODS_SHOWN - 1)
  const others = node.pods.filter((pod) => !named.has(pod.name)).slice(0, PODS_SHOWN - 1 - first.length)
  return node.pods.filter((pod) => first.includes(pod) || others.includes(pod))
}

const wanted = (name: string, detail: string, mono: boolean, most: number): number =>
  Math.min(most, Math.max(textWidth(name, mono ? SMALL : 13, mono, true), textWidth(detail, SMALL, true)) + 18)
const deviceOf = (device: string | TopologyDevice): TopologyDevice =>
  typeof device === "string" ? { name: device } : device
const podWidth = (pod: TopologyPod): number =>
  Math.max(POD.least, wanted(pod.name, pod.ip ?? "", false, POD.most), vethWidth(pod))
const vethWidth = (pod: TopologyPod): number =>
  pod.veth === undefined ? 0 : Math.min(VETH.most, textWidth(pod.veth, SMALL, true) + 12)

interface Measured {
  readonly node: TopologyNode
  readonly pods: readonly TopologyPod[]
  readonly widths: readonly number[]
  readonly devices: readonly TopologyDevice[]
  readonly podsWide: number
  readonly deviceWide: number
  /** What it needs, padding included. */
  readonly width: number
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

function measure(node: TopologyNode, depth: number, options: TopologyOptions): Measured {
  const pods = shownPods(node, options)
  const widths = pods.map(podWidth)
  const devices = (node.devices ?? []).map(deviceOf)
  const podsWide = sum(widths) + POD.gap * Math.max(0, pods.length - 1)
  const deviceWide = Math.max(
    ...[...devices, { name: node.uplink, detail: node.ip ?? "" }].map((device) =>
      wanted(device.name, device.detail ?? "", true, DEVICE.most),
    ),
  )
  const title = Math.min(
    210,
    Math.max(textWidth(node.name, 13, false, true), textWidth(node.podCIDR ?? "", SMALL, true)),
  )
  // Room beside the devices for a way round them.
  const inner = Math.max(podsWide, deviceWide + (depth > 1 ? 20 : 0), title)
  return { node, pods, widths, devices, podsWide, deviceWide, width: inner + 2 * PAD }
}

/** Where a node stands: its corner, its width, the rail below. */
interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly depth: number
  readonly rail: number
}

function layOutNode(measured: Measured, place: Place): NodeBox {
  const { node, podsWide, deviceWide } = measured
  const { x, y, width, depth, rail } = place
  const middle = x + width / 2
  const boxes: StackBox[] = []
  const links: Link[] = []
  const top = y + HEAD + PORTS
  if (measured.pods.length > 0) layOutPods(measured, middle - podsWide / 2, y + HEAD, boxes, links)
  const uplinkY = y + heightOf(depth) - PAD - DEVICE.height
  measured.devices.forEach((device, i) => {
    const wide = i === 0 ? Math.max(podsWide, deviceWide) : deviceWide
    const at = top + i * (DEVICE.height + DEVICE.gap)
    const below = i + 1 < measured.devices.length ? at + DEVICE.height + DEVICE.gap : uplinkY
    boxes.push({
      kind: "device",
      name: device.name,
      detail: device.detail ?? "",
      hue: i === 0 ? "green" : "orange",
      x: middle - wide / 2,
      y: at,
      width: wide,
      height: DEVICE.height,
    })
    links.push({ from: { x: middle, y: at + DEVICE.height }, to: { x: middle, y: below }, dashed: true })
  })
  boxes.push({
    kind: "uplink",
    name: node.uplink,
    detail: node.ip ?? "",
    hue: "ink",
    x: middle - deviceWide / 2,
    y: uplinkY,
    width: deviceWide,
    height: DEVICE.height,
  })
  links.push({ from: { x: middle, y: uplinkY + DEVICE.height }, to: { x: middle, y: rail }, dashed: false })
  return {
    name: node.name,
    detail: node.podCIDR ?? "",
    x,
    y,
    width,
    height: heightOf(depth),
    boxes,
    links,
    rail,
    ...moreOf(measured, place),
  }
}

function layOutPods(measured: Measured, left: number, y: number, boxes: StackBox[], links: Link[]): void {
  let x = left
  const bridge = y + PORTS
  measured.pods.forEach((pod, i) => {
    const width = measured.widths[i] as number
    const center = x + width / 2
    const veth = vethWidth(pod)
    const end = veth > 0 ? bridge - VETH.height : bridge
    boxes.push({ kind: "pod", name: pod.name, detail: pod.ip ?? "", hue: "blue", x, y, width, height: POD.height })
    if (veth > 0)
      boxes.push({
        kind: "veth",
        name: pod.veth ?? "",
        detail: "",
        hue: "green",
        x: center - veth / 2,
        y: end,
        width: veth,
        height: VETH.height,
      })
    if (veth > 0 || measured.devices.length > 0)
      links.push({ from: { x: center, y: y + POD.height }, to: { x: center, y: end }, dashed: false })
    x += width + POD.gap
  })
}

function moreOf({ node, pods }: Measured, { x, y, width }: Place): Pick<NodeBox, "more"> {
  const hidden = node.pods.length - pods.length
  if (node.pods.length === 0)
    return { more: { x: x + width / 2, y: y + HEAD + POD.height / 2 + 4, text: "no pods", anchor: "middle" } }
  return hidden > 0 ? { more: { x: x + width - PAD, y: y + 39, text: `+ ${hidden} more`, anchor: "end" } } : {}
}
