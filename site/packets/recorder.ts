/** Listens to every cluster of a page's cells while they run, and answers what the packet view asks. Changes nothing of what they print. */
import type { Capture, CapturedFrame, Cluster, Hop, Recording } from "podwire"
import { flowOf } from "./flow.ts"
import { History } from "./history.ts"
import type { PacketAnswer, PacketDetail, PacketList, PacketQuestion, PacketRow, PacketStop } from "./protocol.ts"

type Podwire = typeof import("podwire")

/** What one cluster did while a cell ran. */
interface Taken {
  readonly cluster: Cluster
  readonly capture: Capture
}

export class Recorder {
  readonly #podwire: Podwire
  readonly #clusters: Cluster[] = []
  readonly #histories = new WeakMap<Capture, History>()
  readonly #cells = new Map<string, readonly Taken[]>()
  #running: { readonly cluster: Cluster; readonly recording: Recording }[] | undefined
  /** For cells to import: clusters that are made with it are listened to. */
  readonly module: Podwire

  constructor(podwire: Podwire) {
    this.#podwire = podwire
    this.module = {
      ...podwire,
      createCluster: async (options) => {
        const cluster = await podwire.createCluster(options)
        this.#clusters.push(cluster)
        if (this.#running !== undefined) this.#running.push(await this.#listen(cluster))
        return cluster
      },
    }
  }

  /** The cluster that was made last. */
  get newest(): Cluster | undefined {
    return this.#clusters.at(-1)
  }

  async #listen(cluster: Cluster): Promise<{ cluster: Cluster; recording: Recording }> {
    return { cluster, recording: await cluster.record({ tables: true }) }
  }

  /** Runs a cell's code with open ears. */
  async during<T>(cell: string, run: () => Promise<T>): Promise<T> {
    this.#running = await Promise.all(this.#clusters.map((cluster) => this.#listen(cluster)))
    try {
      return await run()
    } finally {
      const taken = this.#running.map(({ cluster, recording }) => ({ cluster, capture: recording.stop() }))
      this.#running = undefined
      this.#cells.set(cell, taken)
    }
  }

  /** Throws a RangeError for a cell that has not run. */
  async answer(question: PacketQuestion): Promise<PacketAnswer> {
    const all = this.#cells.get(question.cell)
    if (all === undefined) throw new RangeError(`cell ${question.cell} has not run; those that have: ${this.#ran()}`)
    const taken = all[question.cluster]
    if (taken === undefined) return nothing(question.kind)
    if (question.kind === "packet") return this.#packet(taken, question.packet)
    if (question.kind === "seeds") return { seeds: this.#clusters.map(({ sim }) => sim.prng.seed) }
    if (question.kind === "times") return { times: this.#history(taken).times }
    if (question.kind === "moment") return this.#history(taken).at(question.time)
    if (question.kind === "file") return taken.capture.filter(question.filter).toPcapng()
    const clusters = all.map(({ capture }) => new Set(capture.frames.map(({ packet }) => packet)).size)
    return { clusters, ...listOf(taken.capture, question.filter) }
  }

  /** Put together when it is first looked at. */
  #history({ cluster, capture }: Taken): History {
    const known = this.#histories.get(capture)
    if (known !== undefined) return known
    const history = new History(capture, cluster.topology(), this.#podwire.topology)
    this.#histories.set(capture, history)
    return history
  }

  #ran = (): string => [...this.#cells.keys()].join(", ") || "none"

  async #packet({ cluster, capture }: Taken, packet: number): Promise<PacketDetail> {
    const frames = capture.frames.filter((frame) => frame.packet === packet)
    const hops = capture.journey(frames[0])
    const stops = stopsOf(hops, frames, this.#podwire.dissect)
    const policy = await this.#policy(cluster, capture, frames[0])
    return { stops, ...(policy === undefined ? {} : { policy }) }
  }

  /** A reply is allowed with its request: the first packet of a connection is what policies judge. */
  async #policy(cluster: Cluster, capture: Capture, frame: CapturedFrame | undefined): Promise<string | undefined> {
    const { dissect } = this.#podwire
    const flow = frame === undefined ? undefined : flowOf(dissect(frame.bytes))
    if (flow === undefined) return undefined
    const first =
      capture.frames.map(({ bytes }) => flowOf(dissect(bytes))).find((other) => other?.key === flow.key) ?? flow
    try {
      const { source, destination, port, protocol } = first
      return String(await cluster.lookup(source, destination, { port, protocol }))
    } catch (error) {
      return (error as Error).message
    }
  }
}

function listOf(capture: Capture, filter: string): Omit<PacketList, "clusters"> {
  let passed: Capture
  try {
    passed = capture.filter(filter)
  } catch (error) {
    return { rows: [], error: (error as Error).message }
  }
  const wanted = new Set(passed.frames.map(({ packet }) => packet))
  const reasons = new Map(capture.drops.map(({ packet, reason }) => [packet, reason]))
  const byPacket = new Map<number, PacketRow & { frames: number }>()
  for (const { packet, time, where, device, info } of capture.rows) {
    if (!wanted.has(packet)) continue
    const known = byPacket.get(packet)
    const dropped = reasons.get(packet)
    if (known !== undefined) known.frames++
    else
      byPacket.set(packet, {
        packet,
        time,
        place: `${where} ${device}`,
        info,
        frames: 1,
        ...(dropped === undefined ? {} : { dropped }),
      })
  }
  return { rows: [...byPacket.values()] }
}

/** A journey's stops that show headers are its frames, in the same order. */
function stopsOf(hops: readonly Hop[], frames: readonly CapturedFrame[], dissect: Podwire["dissect"]): PacketStop[] {
  const start = hops[0]?.time ?? 0
  let next = 0
  return hops.map((hop) => {
    const bytes = hop.headers === undefined ? undefined : frames[next++]?.bytes
    const where = hop.pod ?? hop.node
    return {
      device: hop.device,
      time: (hop.time ?? start) - start,
      action: hop.action,
      ...(where === undefined ? {} : { where }),
      ...(hop.detail === undefined ? {} : { detail: hop.detail }),
      ...(bytes === undefined ? {} : { bytes, layers: dissect(bytes) }),
    }
  })
}

/** Of a cell that ran without a cluster. */
function nothing(kind: PacketQuestion["kind"]): PacketAnswer {
  if (kind === "file") return new Uint8Array()
  if (kind === "packet") return { stops: [] }
  if (kind === "times") return { times: [] }
  if (kind === "seeds") return { seeds: [] }
  return kind === "moment" ? { figure: "", happenings: [] } : { clusters: [], rows: [] }
}
