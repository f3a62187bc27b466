/** Objects follow their owners, pods their nodes. Models pkg/controller/garbagecollector and podgc. */
import type { Registry } from "../api/registry.ts"
import type { Resource } from "../api/resource.ts"
import { isStatus } from "../api/status.ts"
import type { ApiObject, Pod } from "../api/types.ts"
import { Informer } from "../client/informer.ts"

/** Kinds that own others. */
const OWNERS = ["deployments", "replicasets", "daemonsets", "services", "endpoints", "nodes"]
/** Kinds that have owners. */
const OWNED = ["pods", "replicasets", "endpointslices"]

export class GarbageCollector {
  readonly #registry: Registry
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.informers = OWNERS.map((plural) => registry.resource(plural)).map(
      (resource) =>
        new Informer(registry, resource, {}, (type, object) => {
          if (type === "DELETED") this.#ownerGone(resource, object)
          else if (object.metadata.deletionTimestamp !== undefined) this.#ownerLeaving(resource, object)
        }),
    )
  }

  #dependents(owner: ApiObject): { resource: Resource; object: ApiObject }[] {
    return OWNED.map((plural) => this.#registry.resource(plural)).flatMap((resource) =>
      this.#registry
        .list(resource)
        .filter((object) =>
          (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === owner.metadata.uid),
        )
        .map((object) => ({ resource, object })),
    )
  }

  #ownerGone(resource: Resource, owner: ApiObject): void {
    for (const { resource: kind, object } of this.#dependents(owner))
      this.#registry.delete(kind, object.metadata.namespace, object.metadata.name)
    if (resource.kind === "Node") this.#nodeGone(owner.metadata.name)
  }

  /** Deletion in the foreground waits for the dependents; with `orphan` they are let go. */
  #ownerLeaving(resource: Resource, owner: ApiObject): void {
    const finalizers = owner.metadata.finalizers ?? []
    if (finalizers.includes("orphan")) {
      for (const { resource: kind, object } of this.#dependents(owner)) this.#disown(kind, object, owner)
      this.#release(resource, owner, "orphan")
    } else if (finalizers.includes("foregroundDeletion")) {
      const dependents = this.#dependents(owner)
      for (const { resource: kind, object } of dependents)
        if (object.metadata.deletionTimestamp === undefined)
          this.#registry.delete(kind, object.metadata.namespace, object.metadata.name, {
            propagationPolicy: kind.kind === "Pod" ? undefined : "Foreground",
          })
      if (this.#dependents(owner).length === 0) this.#release(resource, owner, "foregroundDeletion")
      else this.#registry.sim.schedule(5e8, { fire: () => this.#again(resource, owner) }, 0)
    }
  }

  #again(resource: Resource, owner: ApiObject): void {
    const now = this.#registry.get(resource, owner.metadata.namespace, owner.metadata.name)
    if (!isStatus(now) && now.metadata.uid === owner.metadata.uid) this.#ownerLeaving(resource, now)
  }

  #disown(resource: Resource, object: ApiObject, owner: ApiObject): void {
    this.#registry.modify(resource, object.metadata.namespace, object.metadata.name, (copy) => {
      const { metadata } = copy as ApiObject
      const rest = (metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid)
      if (rest.length === 0) delete metadata.ownerReferences
      else metadata.ownerReferences = rest
    })
  }

  #release(resource: Resource, owner: ApiObject, finalizer: string): void {
    this.#registry.modify(resource, owner.metadata.namespace, owner.metadata.name, (copy) => {
      const { metadata } = copy as ApiObject
      const rest = (metadata.finalizers ?? []).filter((name) => name !== finalizer)
      if (rest.length === 0) delete metadata.finalizers
      else metadata.finalizers = rest
    })
  }

  /** Pods of a node that is no more are removed at once. */
  #nodeGone(name: string): void {
    const pods = this.#registry.resource("pods")
    for (const pod of this.#registry.list(pods) as Pod[])
      if (pod.spec.nodeName === name)
        this.#registry.delete(pods, pod.metadata.namespace, pod.metadata.name, { gracePeriodSeconds: 0 })
  }
}
