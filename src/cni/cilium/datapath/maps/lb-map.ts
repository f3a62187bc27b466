/** Services and their backends as the programs see them. Models pkg/maps/lbmap: cilium_lb4_services_v2, _backends_v3, _reverse_nat. */
import { NumberMap } from "../../../../linux/number-map.ts"

export interface LbBackend {
  /** Unique on the node, never reused while a connection may know it. */
  readonly id: number
  readonly address: number
  readonly port: number
  readonly protocol: number
}

export interface LbService {
  /** The frontend. */
  readonly address: number
  readonly port: number
  readonly protocol: number
  /** rev_nat_index. */
  readonly id: number
  /** Those that may be chosen. */
  readonly backends: readonly LbBackend[]
  /** Seconds a client keeps its backend (sessionAffinity ClientIP); 0: no affinity. */
  readonly affinityTimeout: number
  /** `default/kubernetes:https`: for explanations. */
  readonly name: string
  readonly origin: unknown
}

/** One frontend a row: `10.96.0.1:443/6`. */
export interface LbServiceSpec {
  readonly address: number
  readonly port: number
  readonly protocol: number
  readonly backends: readonly { readonly address: number; readonly port: number }[]
  readonly affinityTimeout?: number
  readonly name: string
  readonly origin?: unknown
}

interface Affinity {
  backend: number
  lastUsed: number
}

export class LbMap {
  generation = 0
  readonly #services = new NumberMap<LbService>()
  readonly #byId = new NumberMap<LbService>()
  readonly #backends = new NumberMap<LbBackend>()
  readonly #backendsById = new NumberMap<LbBackend>()
  readonly #users = new Map<LbBackend, number>()
  /** By service id and client address. */
  readonly #affinity = new NumberMap<Affinity>()
  #nextService = 1
  #nextBackend = 1

  /** The service whose frontend this is. Models lb4_lookup_service. */
  lookup(address: number, port: number, protocol: number): LbService | undefined {
    return this.#services.get(keyOf(address, port, protocol))
  }

  /** By rev_nat_index. */
  byId(id: number): LbService | undefined {
    return this.#byId.get(id)
  }

  backend(id: number): LbBackend | undefined {
    return this.#backendsById.get(id)
  }

  /** Adds a frontend or replaces it; its id stays. */
  upsert(spec: LbServiceSpec): LbService {
    const key = keyOf(spec.address, spec.port, spec.protocol)
    const old = this.#services.get(key)
    const { address, port, protocol, name } = spec
    const service: LbService = {
      address,
      port,
      protocol,
      name,
      id: old?.id ?? this.#nextService++,
      backends: spec.backends.map((backend) => this.#take(backend.address, backend.port, protocol)),
      affinityTimeout: spec.affinityTimeout ?? 0,
      origin: spec.origin,
    }
    for (const backend of old?.backends ?? []) this.#drop(backend)
    this.#services.set(key, service)
    this.#byId.set(service.id, service)
    this.generation++
    return service
  }

  delete(address: number, port: number, protocol: number): boolean {
    const key = keyOf(address, port, protocol)
    const old = this.#services.get(key)
    if (old === undefined) return false
    for (const backend of old.backends) this.#drop(backend)
    this.#services.delete(key)
    this.#byId.delete(old.id)
    this.generation++
    return true
  }

  /** In order of insertion. */
  services(): IterableIterator<LbService> {
    return this.#services.values()
  }

  backends(): IterableIterator<LbBackend> {
    return this.#backendsById.values()
  }

  /** The backend this client had, if it is still there and its time has not run out. Models lb4_affinity_backend_id_by_addr. */
  affine(service: LbService, client: number, now: number): LbBackend | undefined {
    const known = this.#affinity.get(affinityKey(service, client))
    if (known === undefined || known.lastUsed + service.affinityTimeout * 1e9 <= now) return undefined
    const backend = this.#backendsById.get(known.backend)
    if (backend === undefined || !service.backends.includes(backend)) return undefined
    known.lastUsed = now
    return backend
  }

  remember(service: LbService, client: number, backend: LbBackend, now: number): void {
    this.#affinity.set(affinityKey(service, client), { backend: backend.id, lastUsed: now })
  }

  #take(address: number, port: number, protocol: number): LbBackend {
    const key = keyOf(address, port, protocol)
    let backend = this.#backends.get(key)
    if (backend === undefined) {
      backend = { id: this.#nextBackend++, address, port, protocol }
      this.#backends.set(key, backend)
      this.#backendsById.set(backend.id, backend)
    }
    this.#users.set(backend, (this.#users.get(backend) ?? 0) + 1)
    return backend
  }

  #drop(backend: LbBackend): void {
    const users = (this.#users.get(backend) ?? 1) - 1
    if (users > 0) {
      this.#users.set(backend, users)
      return
    }
    this.#users.delete(backend)
    this.#backends.delete(keyOf(backend.address, backend.port, backend.protocol))
    this.#backendsById.delete(backend.id)
  }
}

/** 32 bits of address and 16 of port leave five for the protocol: TCP, UDP and SCTP. */
const keyOf = (address: number, port: number, protocol: number): number =>
  (address * 0x1_0000 + port) * 4 + (protocol === 6 ? 1 : protocol === 17 ? 2 : 3)

const affinityKey = (service: LbService, client: number): number => service.id * 0x1_0000_0000 + client
