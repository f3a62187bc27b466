/** A packet's way drawn over a topology: numbered stops, and arrows in the room between the boxes, never over them. */
import { stroke } from "./palette.ts"
import { arrow, badge, badgeShift, box, type Point } from "./shapes.ts"
import type { TopologyStop } from "./topology-data.ts"
import type { NodeBox, StackBox, TopologyLayout } from "./topology-layout.ts"
import { fragment, type Markup } from "./xml.ts"

/** A stop that was found. */
interface Place {
  readonly node: NodeBox
  readonly box: StackBox
}
const center = ({ box }: Place): number => box.x + box.width / 2
const bottom = ({ box }: Place): number => box.y + box.height

export function drawRoute(layout: TopologyLayout, stops: readonly TopologyStop[]): Markup {
  const places = stops.map((stop) => find(layout, stop))
  const lines: Markup[] = []
  let last: Place | undefined
  for (const place of places) {
    if (place === undefined) continue
    if (last !== undefined && !touch(last, place)) lines.push(arrow(between(layout, last, place), "vermilion", 2.5))
    last = place
  }
  return fragment(outlines(places), lines, badges(places))
}

/** A port sits on its bridge: no room for an arrow, and no need. */
const touch = (a: Place, b: Place): boolean => a.node === b.node && (bottom(a) === b.box.y || bottom(b) === a.box.y)

function find(layout: TopologyLayout, stop: TopologyStop): Place | undefined {
  const node = layout.nodes.find(({ name }) => name === stop.node)
  const found = node?.boxes.find((item) =>
    item.kind === "pod" ? item.name === stop.pod : stop.pod === undefined && item.name === stop.device,
  )
  return node === undefined || found === undefined ? undefined : { node, box: found }
}

const isBar = ({ box }: Place): boolean => box.kind === "device" || box.kind === "uplink"

function between(layout: TopologyLayout, from: Place, to: Place): Point[] {
  if (from.node !== to.node) return overWire(layout, from, to)
  const down = from.box.y <= to.box.y
  const points = down ? downwards(from, to) : downwards(to, from).reverse()
  return points
}

function downwards(upper: Place, lower: Place): Point[] {
  const y = lower.box.y + lower.box.height / 2
  const lane = upper.box.x + upper.box.width - 5
  if (isBar(upper) && isBlocked(upper, lower))
    return [
      { x: lane, y: bottom(upper) },
      { x: lane, y },
      { x: lower.box.x + lower.box.width, y },
    ]
  // A bar is met straight below whatever hangs on it.
  const x = isBar(lower) && !isBar(upper) ? center(upper) : center(lower)
  const port = upper.node.boxes.find(
    (item) =>
      item.kind === "veth" && item.y > bottom(upper) && item.y < lower.box.y && item.x < x && x < item.x + item.width,
  )
  return [
    { x, y: bottom(upper) },
    { x, y: (port ?? lower.box).y },
  ]
}

const isBlocked = (upper: Place, lower: Place): boolean =>
  upper.node.boxes.some(
    (item) => item.kind === "device" && item.y > bottom(upper) && item.y + item.height < lower.box.y,
  )

function overWire(layout: TopologyLayout, from: Place, to: Place): Point[] {
  const start: Point[] = [
    { x: center(from), y: bottom(from) },
    { x: center(from), y: from.node.rail },
  ]
  const round =
    from.node.rail === to.node.rail
      ? []
      : [
          { x: layout.left, y: from.node.rail },
          { x: layout.left, y: to.node.rail },
        ]
  return [...start, ...round, { x: center(to), y: to.node.rail }, { x: center(to), y: bottom(to) }]
}

const outlines = (places: readonly (Place | undefined)[]): Markup[] =>
  [...new Set(places.map((place) => place?.box))]
    .filter((item) => item !== undefined)
    .map((item) => box(item.x, item.y, item.width, item.height, item.kind === "pod" ? 8 : 4, stroke("vermilion", 2.5)))

/** One badge a place, with every number it got, on its upper right corner. */
function badges(places: readonly (Place | undefined)[]): Markup[] {
  const numbers = new Map<StackBox, string>()
  places.forEach((place, i) => {
    if (place !== undefined)
      numbers.set(place.box, [numbers.get(place.box), i + 1].filter((part) => part !== undefined).join(", "))
  })
  const bridges = new Set(
    places
      .filter((place) => place?.node.boxes.some(({ kind }) => kind === "veth") && place.box.hue === "green")
      .map((place) => place?.box),
  )
  // A bridge's corner is where its last port sits.
  return [...numbers].map(([item, text]) =>
    badge(
      item.x + item.width + (bridges.has(item) && item.kind === "device" ? 1 : -3) + badgeShift(text),
      // Above the edge rather than on it, where it would cover the end of a name.
      bridges.has(item) && item.kind === "device" ? item.y + item.height / 2 : item.y - 3,
      text,
    ),
  )
}
