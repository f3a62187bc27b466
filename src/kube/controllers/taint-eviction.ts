/** Pods leave nodes whose NoExecute taints they do not tolerate, or not for long. Models pkg/controller/tainteviction. */
import type { Taint } from "kubernetes-types/core/v1.js"
import { SECOND } from "../../sim/simulation.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { Node, Pod } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"
import { tolerates } from "../scheduler/filter.ts"

interface Eviction {
  readonly timer: number
  readonly pod: Pod
}

export class TaintEviction {
  readonly #registry: Registry
  readonly #recorder: EventRecorder
  /** Pods that will have to go, by uid. */
  readonly #planned = new Map<string, Eviction>()
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.#recorder = new EventRecorder(registry, "taint-eviction-controller")
    this.informers = [
      new Informer(registry, registry.resource("nodes"), {}, (type, object) => {
        if (type !== "DELETED") this.#nodeChanged(object as Node)
      }),
    ]
  }

  #nodeChanged(node: Node): void {
    const taints = (node.spec.taints ?? []).filter(({ effect }) => effect === "NoExecute")
    const mine = [...this.#planned.values()].some(({ pod }) => pod.spec.nodeName === node.metadata.name)
    if (taints.length === 0 && !mine) return
    const pods = this.#registry.list(this.#registry.resource("pods")) as Pod[]
    for (const pod of pods) if (pod.spec.nodeName === node.metadata.name) this.#consider(pod, taints)
  }

  #consider(pod: Pod, taints: readonly Taint[]): void {
    const { uid, deletionTimestamp } = pod.metadata
    const planned = this.#planned.get(uid)
    const seconds = deletionTimestamp === undefined ? patience(pod, taints) : Number.POSITIVE_INFINITY
    if (seconds === Number.POSITIVE_INFINITY) {
      if (planned === undefined) return
      this.#registry.sim.cancel(planned.timer)
      this.#planned.delete(uid)
      this.#recorder.event(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${nameOf(pod)}`)
      return
    }
    if (planned !== undefined) return
    const timer = this.#registry.sim.schedule(seconds * SECOND, { fire: () => this.#evict(pod) }, 0)
    this.#planned.set(uid, { timer, pod })
  }

  #evict(pod: Pod): void {
    const { uid, namespace, name } = pod.metadata
    this.#planned.delete(uid)
    const pods = this.#registry.resource("pods")
    const now = this.#registry.get(pods, namespace, name)
    if (isStatus(now) || now.metadata.uid !== uid) return
    this.#recorder.event(now, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${nameOf(pod)}`)
    this.#registry.delete(pods, namespace, name)
  }
}

const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`

/** Seconds a pod may stay with these taints: the shortest of what its tolerations grant. */
function patience(pod: Pod, taints: readonly Taint[]): number {
  const each = taints.map((taint) => {
    const fitting = (pod.spec.tolerations ?? []).filter((toleration) => tolerates([toleration], taint))
    if (fitting.length === 0) return 0
    return Math.min(...fitting.map(({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY))
  })
  return Math.min(Number.POSITIVE_INFINITY, ...each)
}
