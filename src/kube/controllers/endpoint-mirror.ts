/** EndpointSlices for Endpoints that somebody wrote by hand. Models pkg/controller/endpointslicemirroring. */
import type { Endpoint } from "kubernetes-types/discovery/v1.js"
import { equal } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { selectorOfMap } from "../api/selector.ts"
import { isStatus } from "../api/status.ts"
import type { EndpointSlice, Endpoints, Service } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { MANAGED_BY, SERVICE_NAME } from "./endpoint-slices.ts"
import { controllerReference } from "./pods.ts"
import { WorkQueue } from "./queue.ts"

const MANAGER = "endpointslicemirroring-controller.k8s.io"
const SKIP = "endpointslice.kubernetes.io/skip-mirror"

type Subset = NonNullable<Endpoints["subsets"]>[number]

export class EndpointSliceMirroring {
  readonly #registry: Registry
  readonly queue: WorkQueue
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.queue = new WorkQueue(registry.sim, (namespace, name) => this.#sync(namespace, name))
    this.informers = ["endpoints", "services"].map(
      (plural) =>
        new Informer(registry, registry.resource(plural), {}, (type, { metadata }) => {
          // The Service's controller writes its own slices.
          if (plural === "endpoints" || type !== "MODIFIED") this.queue.add(metadata.namespace, metadata.name)
        }),
    )
  }

  #sync(namespace: string, name: string): void {
    const registry = this.#registry
    const slices = registry.resource("endpointslices")
    const labels = selectorOfMap({ [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER })
    const old = registry.list(slices, { namespace, labels }) as EndpointSlice[]
    const endpoints = this.#mirrored(namespace, name)
    const subsets = endpoints?.subsets ?? []
    for (const [i, subset] of subsets.entries()) {
      const ports = (subset.ports ?? []).map((port) => ({ ...port, name: port.name ?? "" }))
      const list = endpointsOf(subset)
      const slice = old[i]
      if (slice === undefined) this.#create(endpoints as Endpoints, ports, list)
      else if (!equal(slice.endpoints, list) || !equal(slice.ports, ports))
        registry.modify(slices, namespace, slice.metadata.name, (object) =>
          Object.assign(object, { endpoints: list, ports }),
        )
    }
    for (const { metadata } of old.slice(subsets.length)) registry.delete(slices, namespace, metadata.name)
  }

  /** The Endpoints, when they are to be mirrored: by their Service's lack of a selector. */
  #mirrored(namespace: string, name: string): Endpoints | undefined {
    const registry = this.#registry
    const service = registry.get(registry.resource("services"), namespace, name)
    if (isStatus(service) || Object.keys((service as Service).spec.selector ?? {}).length > 0) return undefined
    const endpoints = registry.get(registry.resource("endpoints"), namespace, name)
    if (isStatus(endpoints) || endpoints.metadata.labels?.[SKIP] === "true") return undefined
    return endpoints as Endpoints
  }

  #create(endpoints: Endpoints, ports: object[], list: Endpoint[]): void {
    const { name, namespace = "", labels } = endpoints.metadata
    this.#registry.create(this.#registry.resource("endpointslices"), {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        generateName: `${name}-`,
        namespace,
        labels: { ...labels, [MANAGED_BY]: MANAGER, [SERVICE_NAME]: name },
        ownerReferences: [controllerReference(endpoints) as never],
      },
      addressType: "IPv4",
      endpoints: list,
      ports,
    })
  }
}

function endpointsOf({ addresses = [], notReadyAddresses = [] }: Subset): Endpoint[] {
  const endpoint =
    (ready: boolean) =>
    (address: (typeof addresses)[number]): Endpoint => ({
      addresses: [address.ip],
      conditions: { ready },
      ...(address.hostname === undefined ? {} : { hostname: address.hostname }),
      ...(address.nodeName === undefined ? {} : { nodeName: address.nodeName }),
      ...(address.targetRef === undefined ? {} : { targetRef: address.targetRef }),
    })
  return [...addresses.map(endpoint(true)), ...notReadyAddresses.map(endpoint(false))]
}
