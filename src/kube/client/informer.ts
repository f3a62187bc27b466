/** Watches one resource and hands changes on, a little later and in order, as a controller sees them. Models client-go's shared informer. */
import { MILLISECOND } from "../../sim/simulation.ts"
import type { Query, Registry } from "../api/registry.ts"
import type { Resource } from "../api/resource.ts"
import type { WatchType } from "../api/store.ts"
import type { ApiObject } from "../api/types.ts"

/** From the write to the watcher: the API server, the wire, the queue. */
const DELAY = MILLISECOND

export class Informer {
  readonly #registry: Registry
  readonly #handler: (type: WatchType, object: ApiObject) => void
  readonly #queue: { type: WatchType; object: ApiObject }[] = []
  readonly #delay: number
  #stop: (() => void) | undefined

  /** What is there already is told as ADDED. `delay`: nanoseconds; 0 for what is to be in force before the next program can notice. */
  constructor(
    registry: Registry,
    resource: Resource,
    query: Query,
    handler: (type: WatchType, object: ApiObject) => void,
    delay: number = DELAY,
  ) {
    this.#registry = registry
    this.#handler = handler
    this.#delay = delay
    for (const object of registry.list(resource, query)) this.#push("ADDED", object)
    this.#stop = registry.watch(resource, query, undefined, (type, object) => this.#push(type, object))
  }

  /** Changes that were seen and not yet handed on. */
  get pending(): number {
    return this.#queue.length
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#queue.length = 0
  }

  #push(type: WatchType, object: ApiObject): void {
    this.#queue.push({ type, object })
    this.#registry.sim.schedule(this.#delay, this, 0)
  }

  fire(): void {
    const next = this.#queue.shift()
    if (next !== undefined) this.#handler(next.type, next.object)
  }
}
