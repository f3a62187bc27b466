/** Where flows come from: a node's agent, or the relay that knows them all. Models pkg/hubble/observer and relay. */
import type { MonitorEvent } from "../monitor/event.ts"
import type { MonitorRing } from "../monitor/ring.ts"
import type { Flow } from "./flow.ts"
import { type HubbleMetadata, parseEvent } from "./parser.ts"

/** Flows a node keeps (hubble-event-buffer-capacity). */
export const MAX_FLOWS = 4095

/** Something `hubble` can connect to. */
export interface FlowServer {
  /** Oldest first. */
  flows(): readonly Flow[]
  /** Calls for each flow from now on; returns how to stop. */
  follow(listener: (flow: Flow) => void): () => void
  /** Flows ever seen. */
  readonly seen: number
  readonly maxFlows: number
  readonly nodes: readonly string[]
}

/** One node's flows: every event becomes a flow when it happens, with the names things had then. */
export class NodeObserver implements FlowServer {
  readonly #meta: HubbleMetadata
  readonly #flows: Flow[] = []
  readonly #listeners = new Set<(flow: Flow) => void>()
  seen = 0
  readonly maxFlows: number = MAX_FLOWS

  constructor(ring: MonitorRing, meta: HubbleMetadata) {
    this.#meta = meta
    ring.follow((event) => this.#take(event))
  }

  get nodes(): readonly string[] {
    return [this.#meta.nodeName]
  }

  #take(event: MonitorEvent): void {
    const flow = parseEvent(event, this.#meta)
    this.seen++
    this.#flows.push(flow)
    // Shortened now and then, not at every flow.
    if (this.#flows.length >= 2 * MAX_FLOWS) this.#flows.splice(0, this.#flows.length - MAX_FLOWS)
    for (const listener of this.#listeners) listener(flow)
  }

  flows(): readonly Flow[] {
    return this.#flows.slice(-MAX_FLOWS)
  }

  follow(listener: (flow: Flow) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** All nodes' flows in order of time. */
export class Relay implements FlowServer {
  readonly #servers: () => readonly FlowServer[]

  constructor(servers: () => readonly FlowServer[]) {
    this.#servers = servers
  }

  flows(): readonly Flow[] {
    const all = this.#servers().flatMap((server) => server.flows())
    return all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  }

  follow(listener: (flow: Flow) => void): () => void {
    const stops = this.#servers().map((server) => server.follow(listener))
    return () => {
      for (const stop of stops) stop()
    }
  }

  get seen(): number {
    return this.#servers().reduce((sum, server) => sum + server.seen, 0)
  }

  get maxFlows(): number {
    return this.#servers().reduce((sum, server) => sum + server.maxFlows, 0)
  }

  get nodes(): readonly string[] {
    return this.#servers().flatMap((server) => server.nodes)
  }
}
