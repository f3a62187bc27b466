/** So many pods, always. Models pkg/controller/replicaset. */
import type { Registry } from "../api/registry.ts"
import { matchesLabels, selectorOf } from "../api/selector.ts"
import { isStatus } from "../api/status.ts"
import type { ApiObject, Pod, ReplicaSet } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"
import { controllerOf, createPod, deletePod, enqueueOwner, isActive, isReady, ownedPods } from "./pods.ts"
import { WorkQueue } from "./queue.ts"

export class ReplicaSetController {
  readonly #registry: Registry
  readonly #recorder: EventRecorder
  readonly queue: WorkQueue
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.#recorder = new EventRecorder(registry, "replicaset-controller")
    this.queue = new WorkQueue(registry.sim, (namespace, name) => this.#sync(namespace, name))
    this.informers = [
      new Informer(registry, registry.resource("replicasets"), {}, (_, object) =>
        this.queue.add(object.metadata.namespace, object.metadata.name),
      ),
      new Informer(registry, registry.resource("pods"), {}, (_, object) =>
        enqueueOwner(this.queue, object, "ReplicaSet"),
      ),
    ]
  }

  #sync(namespace: string, name: string): void {
    const found = this.#registry.get(this.#registry.resource("replicasets"), namespace, name)
    if (isStatus(found)) return
    const set = found as ReplicaSet
    this.#adopt(set)
    const pods = ownedPods(this.#registry, set).filter(isActive)
    const missing = (set.spec.replicas ?? 1) - pods.length
    if (set.metadata.deletionTimestamp === undefined && set.spec.template !== undefined) {
      for (let i = 0; i < missing; i++)
        if (isStatus(createPod(this.#registry, this.#recorder, set, set.spec.template))) break
      if (missing < 0)
        for (const pod of [...pods].sort(deletionOrder).slice(0, -missing))
          deletePod(this.#registry, this.#recorder, set, pod)
    }
    this.#report(set)
  }

  /** Takes on matching pods that nobody controls. */
  #adopt(set: ReplicaSet): void {
    const pods = this.#registry.resource("pods")
    const selector = selectorOf(set.spec.selector)
    if (selector.length === 0 || set.metadata.deletionTimestamp !== undefined) return
    for (const pod of this.#registry.list(pods, { namespace: set.metadata.namespace }) as Pod[]) {
      if (controllerOf(pod) !== undefined || !isActive(pod) || !matchesLabels(selector, pod.metadata.labels ?? {}))
        continue
      this.#registry.modify(pods, pod.metadata.namespace, pod.metadata.name, (object) => {
        const { metadata } = object as ApiObject
        const { name, uid } = set.metadata
        metadata.ownerReferences = [
          ...(metadata.ownerReferences ?? []),
          { apiVersion: set.apiVersion, kind: set.kind, name, uid, controller: true, blockOwnerDeletion: true },
        ]
      })
    }
  }

  #report(set: ReplicaSet): void {
    const pods = ownedPods(this.#registry, set).filter(isActive)
    const ready = pods.filter(isReady).length
    const replicas = pods.length
    this.#registry.modify(
      this.#registry.resource("replicasets"),
      set.metadata.namespace,
      set.metadata.name,
      (object) => {
        object["status"] = {
          replicas,
          ...(replicas === 0 ? {} : { fullyLabeledReplicas: replicas }),
          ...(ready === 0 ? {} : { readyReplicas: ready, availableReplicas: ready }),
          observedGeneration: set.metadata.generation ?? 1,
        }
      },
      "status",
    )
  }
}

/** Unscheduled before scheduled, pending before running, unready before ready, young before old. */
function deletionOrder(a: Pod, b: Pod): number {
  const rank = (pod: Pod): number =>
    pod.spec.nodeName === undefined ? 0 : pod.status.phase === "Pending" ? 1 : isReady(pod) ? 3 : 2
  return rank(a) - rank(b) || Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion)
}
