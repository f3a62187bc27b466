/** What follows from a node's conditions, and from its silence. Models pkg/controller/nodelifecycle. */
import type { NodeCondition, Taint } from "kubernetes-types/core/v1.js"
import { SECOND } from "../../sim/simulation.ts"
import { section } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import { timestamp } from "../api/time.ts"
import type { Node, Pod } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"

/** A condition's status, and the taint that stands for it. */
const TAINTS: readonly (readonly [condition: string, status: string, taint: string, effects: readonly string[]])[] = [
  ["Ready", "False", "node.kubernetes.io/not-ready", ["NoSchedule", "NoExecute"]],
  ["Ready", "Unknown", "node.kubernetes.io/unreachable", ["NoSchedule", "NoExecute"]],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable", ["NoSchedule"]],
]
const MINE: readonly string[] = TAINTS.map(([, , taint]) => taint)

/** --node-monitor-grace-period: after so long without a sign a node counts as lost. */
const GRACE = 40 * SECOND
/** --node-monitor-period: silence is noticed by the next round. */
const PERIOD = 5 * SECOND
const KUBELET_CONDITIONS: readonly string[] = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]

/** Keeps the taints that follow from a node's conditions, greets new nodes, and gives silent ones up. */
export class NodeLifecycle {
  readonly #registry: Registry
  readonly #recorder: EventRecorder
  readonly #known = new Set<string>()
  /** When a node last renewed its Lease, in virtual time; `undefined` for one nobody knows. */
  readonly #lastSign: (node: string) => number | undefined
  readonly informers: readonly Informer[]

  constructor(registry: Registry, lastSign: (node: string) => number | undefined) {
    this.#registry = registry
    this.#recorder = new EventRecorder(registry, "node-controller")
    this.#lastSign = lastSign
    this.informers = [
      new Informer(registry, registry.resource("nodes"), {}, (type, object) => {
        if (type !== "DELETED") this.#sync(object as Node)
      }),
    ]
  }

  /** No sign will come any more from a node: it is listened to until it is clear that none came. */
  expectSilence(node: string): void {
    const { sim } = this.#registry
    const since = sim.now - (this.#lastSign(node) ?? sim.now)
    sim.schedule(GRACE + PERIOD - since, { fire: () => this.#listen(node) }, 0)
  }

  #sync(node: Node): void {
    const { name, uid } = node.metadata
    if (!this.#known.has(uid)) {
      this.#known.add(uid)
      const greet = (): void =>
        this.#recorder.event(
          node,
          "Normal",
          "RegisteredNode",
          `Node ${name} event: Registered Node ${name} in Controller`,
        )
      this.#registry.sim.schedule(SECOND, { fire: greet }, 0)
    }
    const wanted = wantedTaints(node)
    const mine = (node.spec.taints ?? []).filter((taint) => MINE.includes(taint.key))
    if (mine.length === wanted.length && wanted.every((taint) => mine.some((now) => sameTaint(now, taint)))) return
    this.#registry.modify(this.#registry.resource("nodes"), undefined, name, (object) => {
      const spec = section(object, "spec") as Node["spec"]
      const now = timestamp(this.#registry.sim)
      const others = (spec.taints ?? []).filter((taint) => !MINE.includes(taint.key))
      const taints = [
        ...others,
        ...wanted.map((taint) => mine.find((known) => sameTaint(known, taint)) ?? { ...taint, timeAdded: now }),
      ]
      if (taints.length === 0) delete spec.taints
      else spec.taints = taints
    })
  }

  /** Has the node been silent all the while? */
  #listen(name: string): void {
    const { sim } = this.#registry
    const last = this.#lastSign(name)
    if (last !== undefined && sim.now - last < GRACE) return
    const nodes = this.#registry.resource("nodes")
    const node = this.#registry.get(nodes, undefined, name)
    if (isStatus(node)) return
    const before = (node as Node).status.conditions?.find(({ type }) => type === "Ready")
    if (before?.status === "Unknown") return
    const now = timestamp(sim)
    const lost = (condition: NodeCondition): NodeCondition => ({
      ...condition,
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
      lastTransitionTime: now,
    })
    this.#registry.modify(
      nodes,
      undefined,
      name,
      (object) => {
        const status = object["status"] as Node["status"]
        status.conditions = (status.conditions ?? []).map((condition) =>
          KUBELET_CONDITIONS.includes(condition.type) ? lost(condition) : condition,
        )
      },
      "status",
    )
    if (before?.status !== "True") return
    this.#recorder.event(node, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`)
    this.#markPods(name, now)
  }

  /** Nobody can say that the pods there are ready. */
  #markPods(node: string, now: string): void {
    const pods = this.#registry.resource("pods")
    for (const pod of this.#registry.list(pods) as Pod[]) {
      const ready = pod.status.conditions?.find(({ type }) => type === "Ready")
      if (pod.spec.nodeName !== node || ready?.status !== "True") continue
      this.#registry.modify(
        pods,
        pod.metadata.namespace,
        pod.metadata.name,
        (object) => {
          const status = object["status"] as Pod["status"]
          status.conditions = (status.conditions ?? []).map((condition) =>
            condition.type === "Ready" ? { ...condition, status: "False", lastTransitionTime: now } : condition,
          )
        },
        "status",
      )
      this.#recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready")
    }
  }
}

const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect

function wantedTaints(node: Node): Taint[] {
  const conditions = node.status.conditions ?? []
  return TAINTS.filter(([type, status]) => conditions.some((c) => c.type === type && c.status === status)).flatMap(
    ([, , key, effects]) => effects.map((effect) => ({ key, effect })),
  )
}
