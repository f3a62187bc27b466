/** Puts pods on nodes. Models pkg/scheduler: filter, score, bind; what fits nowhere waits for the cluster to change. */
import type { Prng } from "../../sim/prng.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import type { Dict } from "../api/json.ts"
import { section } from "../api/json.ts"
import { parseQuantity } from "../api/quantity.ts"
import type { ApiServer } from "../api/server.ts"
import { isStatus } from "../api/status.ts"
import { timestamp } from "../api/time.ts"
import type { Node, Pod } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"
import { filterNode, matchesTerm, type NodeInfo, type Refusal, requested, tolerates } from "./filter.ts"

const NAME = "default-scheduler"
/** One decision and its binding. */
const CYCLE = 2 * MILLISECOND
/** What a container without requests is taken to need. Models pkg/scheduler/util/pod_resources.go. */
const DEFAULT_CPU = 0.1
const DEFAULT_MEMORY = 200 * 2 ** 20

export class Scheduler {
  readonly #server: ApiServer
  readonly #recorder: EventRecorder
  readonly #prng: Prng
  /** Pods waiting for their turn, by uid. */
  readonly #queue = new Map<string, { namespace: string; name: string }>()
  /** Pods that fit nowhere. */
  readonly #unschedulable = new Map<string, { namespace: string; name: string }>()
  #running = false
  #informers: Informer[] = []

  constructor(server: ApiServer) {
    this.#server = server
    this.#recorder = new EventRecorder(server.registry, NAME)
    this.#prng = server.sim.prng.fork("kube-scheduler")
  }

  start(): void {
    const { registry } = this.#server
    this.#informers = [
      new Informer(registry, registry.resource("pods"), {}, (type, object) =>
        this.#podChanged(type === "DELETED", object as Pod),
      ),
      new Informer(registry, registry.resource("nodes"), {}, () => this.#retryAll()),
    ]
  }

  /** No pod waits for a decision. */
  get quiet(): boolean {
    return this.#queue.size === 0 && this.#informers.every((informer) => informer.pending === 0)
  }

  #podChanged(deleted: boolean, pod: Pod): void {
    const { uid, namespace = "", name } = pod.metadata
    if (deleted || pod.metadata.deletionTimestamp !== undefined) {
      this.#queue.delete(uid)
      this.#unschedulable.delete(uid)
      if (deleted) this.#retryAll()
      return
    }
    if ((pod.spec.nodeName ?? "") !== "") {
      this.#unschedulable.delete(uid)
      return
    }
    if (pod.spec.schedulerName !== NAME || (pod.spec.schedulingGates ?? []).length > 0 || this.#unschedulable.has(uid))
      return
    this.#queue.set(uid, { namespace, name })
    this.#schedule()
  }

  #retryAll(): void {
    for (const [uid, pod] of this.#unschedulable) this.#queue.set(uid, pod)
    this.#unschedulable.clear()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#running || this.#queue.size === 0) return
    this.#running = true
    this.#server.sim.schedule(CYCLE, this, 0)
  }

  fire(): void {
    this.#running = false
    const next = this.#queue.entries().next()
    if (next.done === true) return
    const [uid, { namespace, name }] = next.value
    this.#queue.delete(uid)
    const pod = this.#server.registry.get(this.#server.registry.resource("pods"), namespace, name)
    if (!isStatus(pod) && pod.metadata.uid === uid && ((pod as Pod).spec.nodeName ?? "") === "") this.#place(pod as Pod)
    this.#schedule()
  }

  #nodes(): NodeInfo[] {
    const { registry } = this.#server
    const pods = registry.list(registry.resource("pods")) as Pod[]
    const byNode = Map.groupBy(
      pods.filter((pod) => pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed"),
      (pod) => pod.spec.nodeName ?? "",
    )
    return (registry.list(registry.resource("nodes")) as Node[]).map((node) => ({
      node,
      pods: byNode.get(node.metadata.name) ?? [],
    }))
  }

  #place(pod: Pod): void {
    const nodes = this.#nodes()
    const refusals: Refusal[] = []
    const fitting = nodes.filter((info) => {
      const refusal = filterNode(pod, info)
      if (refusal !== undefined) refusals.push(refusal)
      return refusal === undefined
    })
    if (fitting.length === 0) {
      this.#fail(pod, nodes.length, refusals)
      return
    }
    const node = this.#best(pod, fitting).node.metadata.name
    this.#server.bind(pod, node)
    this.#recorder.event(
      pod,
      "Normal",
      "Scheduled",
      `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${node}`,
    )
  }

  /** The highest score; among equals the seed decides, as chance does in the real one. */
  #best(pod: Pod, nodes: readonly NodeInfo[]): NodeInfo {
    const scores = nodes.map((info) => score(pod, info, nodes))
    const most = Math.max(...scores)
    const best = nodes.filter((_, i) => most - (scores[i] as number) < 1e-9)
    return best[this.#prng.below(best.length)] as NodeInfo
  }

  #fail(pod: Pod, total: number, refusals: readonly Refusal[]): void {
    const message = failureText(total, refusals)
    const { namespace = "", name, uid } = pod.metadata
    this.#unschedulable.set(uid, { namespace, name })
    this.#recorder.event(pod, "Warning", "FailedScheduling", message)
    const now = timestamp(this.#server.sim)
    const { registry } = this.#server
    registry.modify(
      registry.resource("pods"),
      namespace,
      name,
      (object) => {
        const status = section(object, "status")
        const others = ((status["conditions"] ?? []) as Dict[]).filter(
          (condition) => condition["type"] !== "PodScheduled",
        )
        status["conditions"] = [
          ...others,
          {
            type: "PodScheduled",
            status: "False",
            lastProbeTime: null,
            lastTransitionTime: now,
            reason: "Unschedulable",
            message,
          },
        ]
      },
      "status",
    )
  }
}

/** `0/4 nodes are available: …`. Models pkg/scheduler/framework/types.go FitError. */
export function failureText(total: number, refusals: readonly Refusal[]): string {
  if (total === 0) return "no nodes available to schedule pods"
  const count = (reasons: readonly string[]): string => {
    const counts = new Map<string, number>()
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
    return [...counts]
      .map(([reason, n]) => `${n} ${reason}`)
      .sort()
      .join(", ")
  }
  const head = `0/${total} nodes are available: `
  const preemption = refusals.map(({ preemptible }) =>
    preemptible ? "No preemption victims found for incoming pod" : "Preemption is not helpful for scheduling",
  )
  return `${head}${count(refusals.flatMap(({ reasons }) => reasons))}. preemption: ${head}${count(preemption)}.`
}

/** Weights as in the default profile: TaintToleration 3, NodeAffinity 2, spreading 2, resources 1 each. */
function score(pod: Pod, info: NodeInfo, nodes: readonly NodeInfo[]): number {
  return (
    3 * taintScore(pod, info) +
    2 * affinityScore(pod, info) +
    2 * spreadScore(pod, info, nodes) +
    leastAllocated(pod, info)
  )
}

function taintScore(pod: Pod, { node }: NodeInfo): number {
  const disliked = (node.spec.taints ?? []).filter(
    (taint) => taint.effect === "PreferNoSchedule" && !tolerates(pod.spec.tolerations, taint),
  )
  return disliked.length === 0 ? 100 : 0
}

function affinityScore(pod: Pod, { node }: NodeInfo): number {
  const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const all = terms.reduce((sum, term) => sum + term.weight, 0)
  const met = terms.reduce((sum, term) => sum + (matchesTerm(term.preference, node) ? term.weight : 0), 0)
  return all === 0 ? 0 : (100 * met) / all
}

/** Pods of one owner are spread over nodes (system default constraints of PodTopologySpread). */
function spreadScore(pod: Pod, info: NodeInfo, nodes: readonly NodeInfo[]): number {
  const owner = pod.metadata.ownerReferences?.[0]?.uid
  if (owner === undefined) return 100
  const siblings = ({ pods }: NodeInfo): number =>
    pods.filter((other) => other.metadata.ownerReferences?.[0]?.uid === owner).length
  const most = Math.max(...nodes.map(siblings))
  return most === 0 ? 100 : (100 * (most - siblings(info))) / most
}

/** The share of the node that stays free. Models noderesources/least_allocated.go. */
function leastAllocated(pod: Pod, { node, pods }: NodeInfo): number {
  const need = (other: Pod, resource: "cpu" | "memory", floor: number): number =>
    requested(other, resource) || floor * other.spec.containers.length
  const free = (resource: "cpu" | "memory", floor: number): number => {
    const all = parseQuantity(node.status.allocatable?.[resource] ?? "0") ?? 0
    const used = [...pods, pod].reduce((sum, other) => sum + need(other, resource, floor), 0)
    return all === 0 ? 0 : Math.max(0, (100 * (all - used)) / all)
  }
  return Math.floor((free("cpu", DEFAULT_CPU) + free("memory", DEFAULT_MEMORY)) / 2)
}
