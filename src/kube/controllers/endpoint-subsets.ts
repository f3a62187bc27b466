/** The Endpoints object of a Service: the older form of its slices. Models pkg/controller/endpoint and pkg/api/v1/endpoints RepackSubsets. */
import type { EndpointAddress, EndpointPort, EndpointSubset } from "kubernetes-types/core/v1.js"
import { equal } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { Endpoints, Service } from "../api/types.ts"
import { HEADLESS, isHeadless, type PodEndpoint, portsKey, type ResolvedPort, TRIGGER_TIME } from "./endpoint.ts"

/** Writes the Endpoints object of a Service, where it differs. */
export function reconcileEndpoints(
  registry: Registry,
  service: Service,
  all: readonly PodEndpoint[],
  trigger: string,
): void {
  const resource = registry.resource("endpoints")
  const { name, namespace = "" } = service.metadata
  // Pods on their way out are told by slices only, unless unready ones are wanted.
  const told = all.filter((endpoint) => !endpoint.terminating || service.spec.publishNotReadyAddresses === true)
  const subsets = repack(told)
  const labels = { ...service.metadata.labels, ...(isHeadless(service) ? { [HEADLESS]: "" } : {}) }
  const old = registry.get(resource, namespace, name)
  if (isStatus(old)) {
    registry.create(resource, {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name, namespace, labels, annotations: { [TRIGGER_TIME]: trigger } },
      ...(subsets.length === 0 ? {} : { subsets }),
    })
    return
  }
  const { subsets: before = [], metadata } = old as Endpoints
  if (equal(before, subsets) && equal(metadata.labels ?? {}, labels)) return
  registry.modify(resource, namespace, name, (object) => {
    const copy = object as unknown as Endpoints
    copy.metadata.labels = labels
    copy.metadata.annotations = { ...copy.metadata.annotations, [TRIGGER_TIME]: trigger }
    object["subsets"] = subsets.length === 0 ? undefined : subsets
  })
}

/** Addresses that share their ports share a subset. */
function repack(endpoints: readonly PodEndpoint[]): EndpointSubset[] {
  const groups = new Map<string, EndpointSubset>()
  for (const endpoint of endpoints) {
    const key = portsKey(endpoint.ports)
    const subset = groups.get(key) ?? { ports: endpoint.ports.map(subsetPort) }
    const field = endpoint.ready ? "addresses" : "notReadyAddresses"
    subset[field] = [...(subset[field] ?? []), address(endpoint)]
    groups.set(key, subset)
  }
  for (const subset of groups.values())
    for (const field of ["addresses", "notReadyAddresses"] as const)
      subset[field]?.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0))
  return [...groups.values()].map((subset) => ({
    ...subset,
    ...(subset.ports?.length === 0 ? { ports: undefined as unknown as EndpointPort[] } : {}),
  }))
}

const subsetPort = ({ name, port, protocol, appProtocol }: ResolvedPort): EndpointPort => ({
  ...(appProtocol === undefined ? {} : { appProtocol }),
  ...(name === "" ? {} : { name }),
  port,
  protocol,
})

function address({ pod, ip, hostname }: PodEndpoint): EndpointAddress {
  const { name, namespace = "", uid } = pod.metadata
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ip,
    nodeName: pod.spec.nodeName ?? "",
    targetRef: { kind: "Pod", name, namespace, uid },
  }
}
