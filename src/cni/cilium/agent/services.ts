/** Services and their endpoints into the node's service map. Models pkg/loadbalancer/reflectors and reconciler. */
import type { ServicePort } from "kubernetes-types/core/v1.js"
import type { Registry } from "../../../kube/api/registry.ts"
import type { ApiObject, Service } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import { parseIpv4 } from "../../../wire/address.ts"
import type { LbMap } from "../datapath/maps/lb-map.ts"

interface Slice extends ApiObject {
  endpoints?: { addresses: string[]; nodeName?: string; conditions?: { ready?: boolean; serving?: boolean } }[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}

type Backend = { readonly address: number; readonly port: number }

const PROTOCOLS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 }
const SERVICE_NAME = "kubernetes.io/service-name"

export class ServiceReflector {
  readonly #registry: Registry
  readonly #map: LbMap
  readonly #nodeName: string
  readonly #informers: Informer[]
  /** Frontends in the map, by service. */
  readonly #frontends = new Map<string, { address: number; port: number; protocol: number }[]>()

  constructor(registry: Registry, map: LbMap, nodeName: string) {
    this.#registry = registry
    this.#map = map
    this.#nodeName = nodeName
    const slices = registry.resource("endpointslices")
    this.#informers = [
      new Informer(registry, registry.resource("services"), {}, (_type, { metadata }) =>
        this.#sync(metadata.namespace ?? "", metadata.name),
      ),
      new Informer(registry, slices, {}, (_type, { metadata }) =>
        this.#sync(metadata.namespace ?? "", metadata.labels?.[SERVICE_NAME] ?? ""),
      ),
    ]
  }

  get pending(): number {
    return this.#informers.reduce((sum, informer) => sum + informer.pending, 0)
  }

  stop(): void {
    for (const informer of this.#informers) informer.stop()
  }

  /** `default/web` of a frontend. */
  name(address: number, port: number): { namespace: string; name: string } | undefined {
    for (const [key, frontends] of this.#frontends)
      if (frontends.some((frontend) => frontend.address === address && (port === 0 || frontend.port === port))) {
        const slash = key.indexOf("/")
        return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
      }
    return undefined
  }

  #sync(namespace: string, name: string): void {
    const key = `${namespace}/${name}`
    const found = this.#registry.get(this.#registry.resource("services"), namespace, name)
    const service = found.kind === "Service" ? (found as Service) : undefined
    const address = parseIpv4(service?.spec.clusterIP ?? "")
    const wanted = service === undefined || address === undefined ? [] : (service.spec.ports ?? [])
    const frontends = wanted.map((port) => this.#upsert(key, service as Service, address as number, port))
    for (const old of this.#frontends.get(key) ?? [])
      if (
        !frontends.some((one) => one.address === old.address && one.port === old.port && one.protocol === old.protocol)
      )
        this.#map.delete(old.address, old.port, old.protocol)
    if (frontends.length === 0) this.#frontends.delete(key)
    else this.#frontends.set(key, frontends)
  }

  #upsert(
    key: string,
    service: Service,
    address: number,
    port: ServicePort,
  ): { address: number; port: number; protocol: number } {
    const protocol = PROTOCOLS[port.protocol ?? "TCP"] ?? 6
    const affinity = service.spec.sessionAffinity === "ClientIP"
    this.#map.upsert({
      address,
      port: port.port,
      protocol,
      backends: this.#backends(service, port),
      affinityTimeout: affinity ? (service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800) : 0,
      name: port.name === undefined ? key : `${key}:${port.name}`,
      origin: service,
    })
    return { address, port: port.port, protocol }
  }

  #backends(service: Service, { name = "", protocol = "TCP" }: ServicePort): Backend[] {
    const { namespace = "", name: serviceName } = service.metadata
    const slices = this.#registry.list(this.#registry.resource("endpointslices"), { namespace }) as Slice[]
    const local = service.spec.internalTrafficPolicy === "Local"
    const backends: Backend[] = []
    for (const slice of slices) {
      if (slice.metadata.labels?.[SERVICE_NAME] !== serviceName) continue
      const port = slice.ports?.find((one) => (one.name ?? "") === name && (one.protocol ?? "TCP") === protocol)?.port
      for (const { addresses, nodeName, conditions } of port === undefined ? [] : (slice.endpoints ?? [])) {
        if (conditions?.ready === false || (local && nodeName !== this.#nodeName)) continue
        for (const text of addresses) backends.push({ address: parseIpv4(text) ?? 0, port: port as number })
      }
    }
    return backends
  }
}
