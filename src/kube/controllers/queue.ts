/** A controller's work: keys, each once, a little later. Models client-go/util/workqueue. */
import { MILLISECOND, type Simulation } from "../../sim/simulation.ts"

const DELAY = 2 * MILLISECOND

export class WorkQueue {
  readonly #sim: Simulation
  readonly #keys = new Set<string>()
  readonly #sync: (namespace: string, name: string) => void

  constructor(sim: Simulation, sync: (namespace: string, name: string) => void) {
    this.#sim = sim
    this.#sync = sync
  }

  get size(): number {
    return this.#keys.size
  }

  add(namespace: string | undefined, name: string): void {
    const key = `${namespace ?? ""}/${name}`
    if (this.#keys.has(key)) return
    this.#keys.add(key)
    this.#sim.schedule(DELAY, this, 0)
  }

  fire(): void {
    const key = this.#keys.values().next().value
    if (key === undefined) return
    this.#keys.delete(key)
    const slash = key.indexOf("/")
    this.#sync(key.slice(0, slash), key.slice(slash + 1))
  }
}
