/** One pod on every node that takes it. Models pkg/controller/daemon. */
import type { PodSpec, Toleration } from "kubernetes-types/core/v1.js"
import { type Dict, section } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { DaemonSet, Node, Pod } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"
import { nodeAffinity, tolerates } from "../scheduler/filter.ts"
import { createPod, deletePod, enqueueOwner, isActive, isReady, ownedPods, TemplateHashes } from "./pods.ts"
import { WorkQueue } from "./queue.ts"

const HASH = "controller-revision-hash"

/** What every daemon pod tolerates, so that it stays on a node in trouble. */
const TOLERATIONS: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
]
const HOST_NETWORK_TOLERATION: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
}

export class DaemonSetController {
  readonly #registry: Registry
  readonly #recorder: EventRecorder
  readonly #hashes = new TemplateHashes()
  readonly queue: WorkQueue
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.#recorder = new EventRecorder(registry, "daemonset-controller")
    this.queue = new WorkQueue(registry.sim, (namespace, name) => this.#sync(namespace, name))
    const sets = registry.resource("daemonsets")
    this.informers = [
      new Informer(registry, sets, {}, (_, object) => this.queue.add(object.metadata.namespace, object.metadata.name)),
      new Informer(registry, registry.resource("nodes"), {}, () => {
        for (const { metadata } of registry.list(sets)) this.queue.add(metadata.namespace, metadata.name)
      }),
      new Informer(registry, registry.resource("pods"), {}, (_, pod) => enqueueOwner(this.queue, pod, "DaemonSet")),
    ]
  }

  #sync(namespace: string, name: string): void {
    const found = this.#registry.get(this.#registry.resource("daemonsets"), namespace, name)
    if (isStatus(found)) return
    const set = found as DaemonSet
    const hash = this.#hashes.of(set)
    const nodes = this.#registry.list(this.#registry.resource("nodes")) as Node[]
    const wanted = nodes.filter((node) => runsOn(set, node))
    if (set.metadata.deletionTimestamp === undefined) this.#manage(set, hash, nodes, wanted)
    this.#report(set, hash, nodes, wanted)
  }

  #manage(set: DaemonSet, hash: string, nodes: readonly Node[], wanted: readonly Node[]): void {
    const pods = ownedPods(this.#registry, set)
    const on = (node: Node): Pod[] => pods.filter((pod) => nodeOf(pod) === node.metadata.name)
    for (const node of nodes) {
      const alive = on(node).filter(isActive)
      if (!wanted.includes(node)) for (const pod of alive) deletePod(this.#registry, this.#recorder, set, pod)
      else if (on(node).length === 0)
        createPod(this.#registry, this.#recorder, set, set.spec.template, (pod) => dress(pod, node, hash))
      else for (const pod of alive.slice(1)) deletePod(this.#registry, this.#recorder, set, pod)
      // A failed daemon pod makes room for the next.
      for (const pod of on(node))
        if (pod.status.phase === "Failed" && pod.metadata.deletionTimestamp === undefined)
          deletePod(this.#registry, this.#recorder, set, pod)
    }
    if (set.spec.updateStrategy?.type !== "OnDelete") this.#roll(set, hash, pods.filter(isActive), wanted.length)
  }

  /** Replaces old pods while not more than maxUnavailable are missing. */
  #roll(set: DaemonSet, hash: string, pods: readonly Pod[], desired: number): void {
    const old = pods.filter((pod) => pod.metadata.labels?.[HASH] !== hash)
    const limit = share(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, desired)
    let room = limit - (desired - pods.filter(isReady).length)
    for (const pod of old) {
      if (isReady(pod) && room-- <= 0) continue
      deletePod(this.#registry, this.#recorder, set, pod)
    }
  }

  #report(set: DaemonSet, hash: string, nodes: readonly Node[], wanted: readonly Node[]): void {
    const pods = ownedPods(this.#registry, set).filter(isActive)
    const names = new Set(wanted.map((node) => node.metadata.name))
    const right = pods.filter((pod) => names.has(nodeOf(pod)))
    const ready = right.filter(isReady).length
    const updated = right.filter((pod) => pod.metadata.labels?.[HASH] === hash).length
    const missing = wanted.length - ready
    this.#registry.modify(
      this.#registry.resource("daemonsets"),
      set.metadata.namespace,
      set.metadata.name,
      (object) => {
        object["status"] = {
          currentNumberScheduled: right.length,
          desiredNumberScheduled: wanted.length,
          numberMisscheduled: pods.length - right.length,
          numberReady: ready,
          observedGeneration: set.metadata.generation ?? 1,
          ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
          ...(ready === 0 ? {} : { numberAvailable: ready }),
          ...(missing === 0 || nodes.length === 0 ? {} : { numberUnavailable: missing }),
        }
      },
      "status",
    )
  }
}

/** A percentage of the whole, rounded up, or a number. */
function share(value: number | string, whole: number): number {
  return typeof value === "number" ? value : Math.ceil((Number.parseInt(value, 10) * whole) / 100)
}

/** The node a daemon pod is for: bound already, or named by its affinity. */
function nodeOf(pod: Pod): string {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return pod.spec.nodeName ?? terms[0]?.matchFields?.[0]?.values?.[0] ?? ""
}

function runsOn(set: DaemonSet, node: Node): boolean {
  const spec = set.spec.template.spec
  if (spec === undefined) return false
  const probe = { ...set, spec: { ...spec, tolerations: tolerations(spec) } } as unknown as Pod
  if (nodeAffinity(probe, { node, pods: [] }) !== undefined) return false
  return (node.spec.taints ?? []).every(
    (taint) => taint.effect === "PreferNoSchedule" || tolerates(probe.spec.tolerations, taint),
  )
}

const tolerations = (spec: PodSpec): Toleration[] => [
  ...(spec.tolerations ?? []),
  ...TOLERATIONS,
  ...(spec.hostNetwork === true ? [HOST_NETWORK_TOLERATION] : []),
]

/** Binds the pod to its node by affinity, and marks its revision. */
function dress(pod: Dict, node: Node, hash: string): void {
  const spec = section(pod, "spec") as unknown as PodSpec
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node.metadata.name] }]
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const nodeSelectorTerms = (terms ?? [{}]).map(() => ({ matchFields }))
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: {
      ...spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    },
  }
  spec.tolerations = tolerations(spec)
  Object.assign(section(section(pod, "metadata"), "labels"), { [HASH]: hash, "pod-template-generation": "1" })
}
