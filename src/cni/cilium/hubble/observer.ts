/** Where flows come from: a node's agent, or the relay that knows them all. Models pkg/hubble/observer. */
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
  /** Who is behind a relay, itself no node; a node alone does not know (GetNodes is Unimplemented). */
  readonly nodes?: readonly FlowServer[]
  /** `default/worker-1`; of a node. */
  readonly name: string
  /** Since when it has flows, in the simulation's nanoseconds. */
  readonly started: number
}

/** One node's flows: every event becomes a flow when it happens, with the names things had then. */
export class NodeObserver implements FlowServer {
  readonly #meta: HubbleMetadata
  readonly #flows: Flow[] = []
  readonly #listeners = new Set<(flow: Flow) => void>()
  seen = 0
  readonly maxFlows: number = MAX_FLOWS
  readonly started: number

  constructor(ring: MonitorRing, meta: HubbleMetadata, started: number) {
    this.#meta = meta
    this.started = started
    ring.follow((event) => this.#take(event))
  }

  get name(): string {
    return this.#meta.nodeName
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
