/** Virtual time at the pace of the host's clock, for clients outside the simulation: they measure by their own. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Cluster } from "../../index.ts"

const TICK_MS = 5
/** A host that slept, or was busy, has not to be caught up with. */
const LEAP_MAX_MS = 250

export class HostClock {
  readonly #cluster: Cluster
  #running: Promise<void> | undefined
  #stopped = false

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    let last = performance.now()
    while (!this.#stopped) {
      await sleep(TICK_MS)
      const now = performance.now()
      await this.#cluster.advance(Math.min(now - last, LEAP_MAX_MS) / 1000)
      last = now
    }
  }
}
