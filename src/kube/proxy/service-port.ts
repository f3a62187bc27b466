/** One port of one Service with the endpoints a node may send it to. Models pkg/proxy/serviceport.go, endpointslicecache.go and topology.go. */
import type { ServicePort as PortSpec } from "kubernetes-types/core/v1.js"
import type { EndpointSlice, Service } from "../api/types.ts"
import { SERVICE_NAME } from "../controllers/endpoint-slices.ts"

export interface ProxyEndpoint {
  /** `10.244.2.2:80`. */
  readonly text: string
  readonly ip: string
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly local: boolean
}

export interface ServicePort {
  /** `default/backend`, `kube-system/kube-dns:dns`. */
  readonly name: string
  /** `tcp`, `udp`, `sctp`. */
  readonly protocol: string
  readonly clusterIP: string
  readonly port: number
  /** 0: none. */
  readonly nodePort: number
  readonly externalIPs: readonly string[]
  readonly loadBalancerIPs: readonly string[]
  readonly loadBalancerSourceRanges: readonly string[]
  readonly internalLocal: boolean
  readonly externalLocal: boolean
  readonly healthCheckNodePort: number
  /** Seconds a client stays with its endpoint; 0: no affinity. */
  readonly affinity: number
  readonly endpoints: readonly ProxyEndpoint[]
}

/** What a node does with the traffic of a port. */
export interface Categories {
  /** Where traffic may go whatever its node. */
  readonly cluster: readonly ProxyEndpoint[]
  /** Where traffic with a policy of `Local` may go. */
  readonly local: readonly ProxyEndpoint[]
  /** Both: what needs a chain here. */
  readonly reachable: readonly ProxyEndpoint[]
  /** There is something to send to, here or elsewhere. */
  readonly any: boolean
}

export const isExternal = (port: ServicePort): boolean =>
  port.nodePort !== 0 || port.externalIPs.length > 0 || port.loadBalancerIPs.length > 0

/** Ready endpoints; when there is none, those that still serve on their way out. */
export function categorize(port: ServicePort): Categories {
  const usable = (all: readonly ProxyEndpoint[]): ProxyEndpoint[] => {
    const ready = all.filter((endpoint) => endpoint.ready)
    return ready.length > 0 ? ready : all.filter((endpoint) => endpoint.serving && endpoint.terminating)
  }
  const usesCluster = !port.internalLocal || isExternal(port)
  const usesLocal = port.internalLocal || (port.externalLocal && isExternal(port))
  const everywhere = usable(port.endpoints)
  const cluster = usesCluster ? everywhere : []
  const local = usesLocal ? usable(port.endpoints.filter((endpoint) => endpoint.local)) : []
  const reachable = [...cluster, ...local.filter((endpoint) => !cluster.includes(endpoint))].sort(byText)
  return { cluster, local, reachable, any: everywhere.length > 0 }
}

const byText = (a: ProxyEndpoint, b: ProxyEndpoint): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)

/** Every port that a proxy serves, by name. */
export function servicePorts(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  node: string,
): ServicePort[] {
  const byService = Map.groupBy(
    slices.filter((slice) => slice.addressType === "IPv4"),
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME] ?? ""}`,
  )
  return services
    .filter(isProxied)
    .flatMap((service) => {
      const own = byService.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? []
      return (service.spec.ports ?? []).map((port) => servicePort(service, port, own, node))
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.protocol < b.protocol ? -1 : 1))
}

/** Headless Services have no address, external names no endpoints; some ask for another proxy. */
function isProxied({ metadata, spec }: Service): boolean {
  const { clusterIP = "" } = spec
  return (
    clusterIP !== "" &&
    clusterIP !== "None" &&
    spec.type !== "ExternalName" &&
    metadata.labels?.["service.kubernetes.io/service-proxy-name"] === undefined
  )
}

function servicePort(service: Service, port: PortSpec, slices: readonly EndpointSlice[], node: string): ServicePort {
  const { metadata, spec, status } = service
  const name = `${metadata.namespace}/${metadata.name}`
  return {
    name: (port.name ?? "") === "" ? name : `${name}:${port.name}`,
    protocol: (port.protocol ?? "TCP").toLowerCase(),
    clusterIP: spec.clusterIP ?? "",
    port: port.port,
    nodePort: port.nodePort ?? 0,
    externalIPs: spec.externalIPs ?? [],
    loadBalancerIPs: (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip])),
    loadBalancerSourceRanges: spec.loadBalancerSourceRanges ?? [],
    internalLocal: spec.internalTrafficPolicy === "Local",
    externalLocal: spec.externalTrafficPolicy === "Local",
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
    affinity: spec.sessionAffinity === "ClientIP" ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800) : 0,
    endpoints: endpointsOf(port, slices, node),
  }
}

function endpointsOf(port: PortSpec, slices: readonly EndpointSlice[], node: string): ProxyEndpoint[] {
  const found = new Map<string, ProxyEndpoint>()
  for (const slice of slices) {
    const number = slice.ports?.find(
      (candidate) =>
        (candidate.name ?? "") === (port.name ?? "") && (candidate.protocol ?? "TCP") === (port.protocol ?? "TCP"),
    )?.port
    if (number === undefined) continue
    for (const { addresses, conditions, nodeName } of slice.endpoints ?? []) {
      const ip = addresses[0] ?? ""
      const ready = conditions?.ready ?? true
      const text = `${ip}:${number}`
      found.set(text, {
        text,
        ip,
        ready,
        serving: conditions?.serving ?? ready,
        terminating: conditions?.terminating ?? false,
        local: nodeName === node,
      })
    }
  }
  return [...found.values()].sort(byText)
}
