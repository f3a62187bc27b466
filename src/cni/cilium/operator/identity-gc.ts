/** Identities that no endpoint has had for long are deleted. Models operator/identitygc/crd_gc.go. */
import type { Registry } from "../../../kube/api/registry.ts"
import type { ApiObject } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import { SECOND } from "../../../sim/simulation.ts"
import type { Log } from "../agent/log.ts"
import type { Part } from "./operator.ts"

/** identity-gc-interval and identity-heartbeat-timeout. */
const INTERVAL = 15 * 60 * SECOND
const TIMEOUT = 30 * 60 * SECOND

export class IdentityCollector implements Part {
  readonly #registry: Registry
  readonly #log: Log
  /** When each unused identity was last seen in use. */
  readonly #idle = new Map<string, number>()
  #informer: Informer | undefined
  #start = 0
  #scheduled = false
  #stopped = false

  constructor(registry: Registry, log: Log) {
    this.#registry = registry
    this.#log = log
  }

  start(): void {
    this.#start = this.#registry.sim.now
    const endpoints = this.#registry.resourceByKind("cilium.io/v2", "CiliumEndpoint")
    if (endpoints !== undefined) this.#informer = new Informer(this.#registry, endpoints, {}, () => this.#note())
  }

  stop(): void {
    this.#stopped = true
    this.#informer?.stop()
  }

  /** Which identities nobody has, as of now. Rounds are only made while there are any. */
  #note(): void {
    const unused = this.#unused().map(({ metadata }) => metadata.name)
    for (const name of [...this.#idle.keys()]) if (!unused.includes(name)) this.#idle.delete(name)
    for (const name of unused) if (!this.#idle.has(name)) this.#idle.set(name, this.#registry.sim.now)
    if (unused.length > 0) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const { sim } = this.#registry
    const next = this.#start + (Math.floor((sim.now - this.#start) / INTERVAL) + 1) * INTERVAL
    sim.schedule(next - sim.now, { fire: () => this.#collect() }, 0)
  }

  #collect(): void {
    this.#scheduled = false
    const resource = this.#registry.resourceByKind("cilium.io/v2", "CiliumIdentity")
    if (this.#stopped || resource === undefined) return
    this.#note()
    for (const [name, since] of [...this.#idle]) {
      if (this.#registry.sim.now - since < TIMEOUT) continue
      this.#registry.delete(resource, undefined, name, { gracePeriodSeconds: 0 })
      this.#idle.delete(name)
      this.#log("info", "Garbage collected identity", "operator.identity-gc", { identity: name })
    }
    if (this.#idle.size > 0) this.#schedule()
  }

  #unused(): ApiObject[] {
    const identities = this.#registry.resourceByKind("cilium.io/v2", "CiliumIdentity")
    const endpoints = this.#registry.resourceByKind("cilium.io/v2", "CiliumEndpoint")
    if (identities === undefined || endpoints === undefined) return []
    const used = new Set(
      this.#registry
        .list(endpoints)
        .map((object) => String((object["status"] as { identity?: { id?: number } } | undefined)?.identity?.id)),
    )
    return this.#registry.list(identities).filter(({ metadata }) => !used.has(metadata.name))
  }
}
