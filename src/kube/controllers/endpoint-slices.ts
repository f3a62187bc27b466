/** The EndpointSlices of a Service. Models staging/src/k8s.io/endpointslice/reconciler.go. */
import type { Endpoint, EndpointPort } from "kubernetes-types/discovery/v1.js"
import { equal } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { selectorOfMap } from "../api/selector.ts"
import { isStatus } from "../api/status.ts"
import type { EndpointSlice, Service } from "../api/types.ts"
import { HEADLESS, isHeadless, type PodEndpoint, portsKey, type ResolvedPort, TRIGGER_TIME } from "./endpoint.ts"
import { controllerReference } from "./pods.ts"

export const SERVICE_NAME = "kubernetes.io/service-name"
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
const MANAGER = "endpointslice-controller.k8s.io"
/** --max-endpoints-per-slice. */
const MOST = 100

/** What one set of ports leads to. */
interface Group {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Endpoint[]
}

export class EndpointSliceReconciler {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  #slices({ metadata }: Service): EndpointSlice[] {
    const labels = selectorOfMap({ [SERVICE_NAME]: metadata.name, [MANAGED_BY]: MANAGER })
    const resource = this.#registry.resource("endpointslices")
    return this.#registry.list(resource, { namespace: metadata.namespace, labels }) as EndpointSlice[]
  }

  /** Brings the slices in line. Endpoints stay in the slice they are in; a slice that is no longer needed becomes one that is. */
  reconcile(service: Service, endpoints: readonly PodEndpoint[], trigger: string): void {
    const left = new Set(this.#slices(service))
    const plans = groupByPorts(endpoints).flatMap((group) => plan(group, left))
    // A Service without endpoints has one slice that says so.
    if (plans.length === 0) plans.push({ slice: undefined, ports: [], endpoints: [] })
    for (const { slice, ports, endpoints: list } of plans) {
      const [spare] = left
      if (slice === undefined && spare !== undefined) left.delete(spare)
      this.#write(service, slice ?? spare, ports, list, trigger)
    }
    for (const { metadata } of left)
      this.#registry.delete(this.#registry.resource("endpointslices"), metadata.namespace, metadata.name)
  }

  #write(
    service: Service,
    slice: EndpointSlice | undefined,
    ports: readonly EndpointPort[],
    endpoints: readonly Endpoint[],
    trigger: string,
  ): void {
    const registry = this.#registry
    const resource = registry.resource("endpointslices")
    const { name, namespace } = service.metadata
    const labels = sliceLabels(service)
    if (slice === undefined) {
      registry.create(resource, {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          generateName: `${name}-`,
          namespace: namespace ?? "",
          labels,
          annotations: { [TRIGGER_TIME]: trigger },
          ownerReferences: [controllerReference(service) as never],
        },
        addressType: "IPv4",
        ...(endpoints.length === 0 ? {} : { endpoints, ports }),
      })
      return
    }
    const same =
      equal(slice.endpoints ?? [], endpoints) && equal(slice.ports ?? [], ports) && equal(slice.metadata.labels, labels)
    if (same) return
    const written = registry.modify(resource, namespace, slice.metadata.name, (object) => {
      const copy = object as unknown as EndpointSlice
      copy.metadata.labels = labels
      copy.metadata.annotations = { ...copy.metadata.annotations, [TRIGGER_TIME]: trigger }
      object["endpoints"] = endpoints.length === 0 ? undefined : endpoints
      object["ports"] = ports.length === 0 ? undefined : ports
    })
    if (isStatus(written)) throw new Error(`endpointslice ${slice.metadata.name}: ${written.message}`)
  }
}

/** A slice as it is to be; `slice` is the one that holds these ports already. */
interface Plan extends Group {
  slice: EndpointSlice | undefined
}

/** The slices of one set of ports; takes those it keeps out of `left`. */
function plan({ ports, endpoints }: Group, left: Set<EndpointSlice>): Plan[] {
  const wanted = new Map(endpoints.map((endpoint) => [endpoint.targetRef?.uid ?? "", endpoint]))
  const plans: Plan[] = []
  for (const slice of [...left].filter((candidate) => equal(candidate.ports ?? [], ports))) {
    const stay = (slice.endpoints ?? []).flatMap(({ targetRef }) => {
      const endpoint = wanted.get(targetRef?.uid ?? "")
      wanted.delete(targetRef?.uid ?? "")
      return endpoint === undefined ? [] : [endpoint]
    })
    if (stay.length === 0) continue
    left.delete(slice)
    plans.push({ slice, ports, endpoints: stay })
  }
  for (const endpoint of wanted.values()) {
    let room = plans.find((candidate) => candidate.endpoints.length < MOST)
    if (room === undefined) {
      room = { slice: undefined, ports, endpoints: [] }
      plans.push(room)
    }
    room.endpoints.push(endpoint)
  }
  return plans
}

/** The Service's own labels, and those by which a slice is found. */
function sliceLabels(service: Service): Record<string, string> {
  return {
    ...service.metadata.labels,
    [MANAGED_BY]: MANAGER,
    [SERVICE_NAME]: service.metadata.name,
    ...(isHeadless(service) ? { [HEADLESS]: "" } : {}),
  }
}

function groupByPorts(endpoints: readonly PodEndpoint[]): Group[] {
  const groups = new Map<string, Group>()
  for (const endpoint of endpoints) {
    const key = portsKey(endpoint.ports)
    const group = groups.get(key) ?? { ports: endpoint.ports.map(slicePort), endpoints: [] }
    group.endpoints.push(sliceEndpoint(endpoint))
    groups.set(key, group)
  }
  return [...groups.values()]
}

const slicePort = ({ name, port, protocol, appProtocol }: ResolvedPort): EndpointPort => ({
  ...(appProtocol === undefined ? {} : { appProtocol }),
  name,
  port,
  protocol,
})

function sliceEndpoint({ pod, ip, ready, serving, terminating, hostname }: PodEndpoint): Endpoint {
  const { name, namespace = "", uid } = pod.metadata
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    nodeName: pod.spec.nodeName ?? "",
    targetRef: { kind: "Pod", name, namespace, uid },
  }
}
