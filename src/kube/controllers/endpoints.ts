/** Keeps the Endpoints and EndpointSlices of every Service with a selector. Models pkg/controller/endpoint and pkg/controller/endpointslice. */
import { equal } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { Pod, Service } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { type PodEndpoint, podEndpoint, selects } from "./endpoint.ts"
import { EndpointSliceReconciler } from "./endpoint-slices.ts"
import { reconcileEndpoints } from "./endpoint-subsets.ts"
import { WorkQueue } from "./queue.ts"

export class EndpointsController {
  readonly #registry: Registry
  readonly #slices: EndpointSliceReconciler
  /** Pods as they were last seen, by uid: a change that no Service cares about is no work. */
  readonly #seen = new Map<string, Pod>()
  readonly queue: WorkQueue
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.#slices = new EndpointSliceReconciler(registry)
    this.queue = new WorkQueue(registry.sim, (namespace, name) => this.#sync(namespace, name))
    this.informers = [
      new Informer(registry, registry.resource("services"), {}, (_, { metadata }) =>
        this.queue.add(metadata.namespace, metadata.name),
      ),
      new Informer(registry, registry.resource("pods"), {}, (type, object) =>
        this.#podChanged(type === "DELETED", object as Pod),
      ),
    ]
  }

  #podChanged(deleted: boolean, pod: Pod): void {
    const { uid, namespace } = pod.metadata
    const before = this.#seen.get(uid)
    if (deleted) this.#seen.delete(uid)
    else this.#seen.set(uid, pod)
    if (!deleted && before !== undefined && equal(concern(before), concern(pod))) return
    const services = this.#registry.list(this.#registry.resource("services"), { namespace }) as Service[]
    for (const service of services)
      if (selects(service, pod) || (before !== undefined && selects(service, before)))
        this.queue.add(namespace, service.metadata.name)
  }

  #sync(namespace: string, name: string): void {
    const registry = this.#registry
    const found = registry.get(registry.resource("services"), namespace, name)
    if (isStatus(found)) {
      registry.delete(registry.resource("endpoints"), namespace, name)
      return
    }
    const service = found as Service
    // Without a selector somebody else tells the endpoints.
    if (service.spec.type === "ExternalName" || Object.keys(service.spec.selector ?? {}).length === 0) return
    const pods = registry.list(registry.resource("pods"), { namespace }) as Pod[]
    const endpoints = pods.filter((pod) => selects(service, pod)).flatMap((pod) => podEndpoint(service, pod) ?? [])
    const trigger = triggerTime(service, endpoints)
    reconcileEndpoints(registry, service, endpoints, trigger)
    this.#slices.reconcile(service, endpoints, trigger)
  }
}

/** What of a pod matters to Services. Models podEndpointsChanged. */
function concern({ metadata, spec, status }: Pod): unknown {
  const ready = (status.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True")
  return [metadata.labels, metadata.deletionTimestamp, spec.nodeName, status.podIP, status.phase, ready]
}

/** The newest change that led to this state: a pod that got ready or stopped being so, or the Service itself. */
function triggerTime(service: Service, endpoints: readonly PodEndpoint[]): string {
  const changes = endpoints.map(
    ({ pod }) => (pod.status.conditions ?? []).find(({ type }) => type === "Ready")?.lastTransitionTime ?? "",
  )
  return [service.metadata.creationTimestamp, ...changes].sort().at(-1) ?? ""
}
