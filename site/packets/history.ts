/** What happened to packets while a cell ran, instant by instant, and how the machines' tables stood then. */
import type { Capture, Hop, TopologyNode, topology } from "podwire"
import type { Happening, Moment } from "./protocol.ts"

/** A stop of a packet's way. */
interface Step {
  readonly time: number
  readonly packet: number
  /** The way until here. */
  readonly hops: readonly Hop[]
}

export class History {
  /** In nanoseconds since the first. */
  readonly times: readonly number[]
  readonly #capture: Capture
  readonly #nodes: readonly TopologyNode[]
  readonly #draw: typeof topology
  readonly #start: number
  readonly #steps = new Map<number, Step[]>()

  constructor(capture: Capture, nodes: readonly TopologyNode[], draw: typeof topology) {
    this.#capture = capture
    this.#nodes = nodes
    this.#draw = draw
    this.#start = capture.frames[0]?.time ?? 0
    for (const step of stepsOf(capture)) {
      const time = step.time - this.#start
      const known = this.#steps.get(time)
      if (known === undefined) this.#steps.set(time, [step])
      else known.push(step)
    }
    this.times = [...this.#steps.keys()].sort((a, b) => a - b)
  }

  /** The last instant until then. */
  at(time: number): Moment {
    const instant = this.times.findLast((one) => one <= time) ?? this.times[0]
    const steps = instant === undefined ? [] : (this.#steps.get(instant) ?? [])
    // Of several packets, or several stops of one, the one that went farthest is drawn.
    const shown = steps.reduce<Step | undefined>(
      (best, step) => (best === undefined || step.hops.length > best.hops.length ? step : best),
      undefined,
    )
    const tables = this.#tables(shown)
    return {
      figure: this.#figure(shown),
      happenings: steps.map(happeningOf),
      ...(tables === undefined ? {} : { tables }),
    }
  }

  #figure(shown: Step | undefined): string {
    const highlight = shown?.hops ?? []
    const place = placeOf(highlight.at(-1))
    return this.#draw({
      label: place === undefined ? "The cluster" : `A packet at ${place}`,
      nodes: this.#nodes,
      highlight,
    })
  }

  #tables(shown: Step | undefined): Moment["tables"] {
    const hop = shown?.hops.findLast(({ node }) => node !== undefined)
    const where = hop?.pod ?? hop?.node
    if (shown === undefined || where === undefined) return undefined
    const { routes, neighbours, fdb } = this.#capture.tables(where, shown.time)
    return { where, routes, neighbours, fdb }
  }
}

function stepsOf(capture: Capture): Step[] {
  const first = new Map(capture.frames.toReversed().map((frame) => [frame.packet, frame]))
  return [...first.values()].flatMap((frame) => {
    const hops = capture.journey(frame)
    return hops.map((hop, i) => ({ time: hop.time ?? frame.time, packet: frame.packet, hops: hops.slice(0, i + 1) }))
  })
}

function happeningOf({ packet, hops }: Step): Happening {
  const hop = hops.at(-1) as Hop
  const place = placeOf(hop)
  return {
    packet,
    action: hop.action,
    ...(place === undefined ? {} : { place }),
    ...(hop.detail === undefined ? {} : { detail: hop.detail }),
  }
}

const placeOf = (hop: Hop | undefined): string | undefined =>
  hop?.node === undefined ? undefined : `${hop.pod ?? hop.node} ${hop.device}`
