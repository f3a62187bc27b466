/**
 * A node's signs of life. A kubelet renews its Lease every 10 seconds and reports an unchanged status every 5 minutes; here both follow
 * from the clock when somebody looks, so that an idle cluster has nothing to do. Models pkg/kubelet/nodelease and kubelet_node_status.go.
 */
import { SECOND, type Simulation } from "../../sim/simulation.ts"
import { microTimestamp, timestamp } from "../api/time.ts"
import type { ApiObject, Node } from "../api/types.ts"

const RENEW_INTERVAL = 10 * SECOND
/** nodeStatusReportFrequency. */
const REPORT_INTERVAL = 300 * SECOND

export class Heartbeat {
  readonly #sim: Simulation
  #started = 0
  /** The kubelet was stopped then. */
  #stopped: number | undefined

  constructor(sim: Simulation) {
    this.#sim = sim
    this.#started = sim.now
  }

  get beating(): boolean {
    return this.#stopped === undefined
  }

  start(): void {
    this.#started = this.#sim.now
    this.#stopped = undefined
  }

  stop(): void {
    this.#stopped = this.#sim.now
  }

  #last(interval: number): number {
    const until = this.#stopped ?? this.#sim.now
    return this.#started + Math.floor((until - this.#started) / interval) * interval
  }

  /** When the Lease was renewed last. */
  get lastRenewal(): number {
    return this.#last(RENEW_INTERVAL)
  }

  /** A Lease as it is now. */
  lease(object: ApiObject): ApiObject {
    const spec = { ...(object["spec"] as object), renewTime: microTimestamp(this.#sim, this.lastRenewal) }
    return { ...object, spec }
  }

  /** A Node with the heartbeats of its conditions; what the node controller wrote of a silent node stays. */
  node(object: ApiObject): ApiObject {
    const { status } = object as Node
    const beat = timestamp(this.#sim, this.#last(REPORT_INTERVAL))
    const conditions = (status.conditions ?? []).map((condition) =>
      KUBELET_CONDITIONS.includes(condition.type) &&
      condition.status !== "Unknown" &&
      (condition.lastHeartbeatTime ?? "") < beat
        ? { ...condition, lastHeartbeatTime: beat }
        : condition,
    )
    return { ...object, status: { ...status, conditions } }
  }
}

/** The conditions a kubelet itself reports. */
export const KUBELET_CONDITIONS: readonly string[] = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]
