/** Nodes whose agent runs are told to be on the network; others are kept free of pods. Models operator/watchers/node_taint.go. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import { timestamp } from "../../../kube/api/time.ts"
import type { Node, Pod } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import type { Log } from "../agent/log.ts"
import type { Part } from "./operator.ts"

const TAINT = "node.cilium.io/agent-not-ready"
const MODULE = "operator.node-taint-sync"

export class NodeTaints implements Part {
  readonly #registry: Registry
  readonly #log: Log
  #informer: Informer | undefined

  constructor(registry: Registry, log: Log) {
    this.#registry = registry
    this.#log = log
  }

  start(): void {
    this.#informer = new Informer(
      this.#registry,
      this.#registry.resource("pods"),
      { namespace: "kube-system" },
      (type, object) => {
        const pod = object as Pod
        if (pod.metadata.labels?.["k8s-app"] !== "cilium" || pod.spec.nodeName === undefined) return
        this.#sync(pod.spec.nodeName, type !== "DELETED" && isReady(pod), type !== "DELETED")
      },
    )
  }

  stop(): void {
    this.#informer?.stop()
  }

  #sync(name: string, ready: boolean, scheduled: boolean): void {
    const nodes = this.#registry.resource("nodes")
    const node = this.#registry.get(nodes, undefined, name)
    if (isStatus(node)) return
    const tainted = ((node as Node).spec.taints ?? []).some(({ key }) => key === TAINT)
    if (ready && tainted) this.#setTaint(name, false)
    if (!ready && scheduled && !tainted) this.#setTaint(name, true)
    if (ready) this.#setCondition(node as Node)
  }

  #setTaint(name: string, on: boolean): void {
    this.#log("info", on ? "Setting node taint" : "Removing node taint", MODULE, { nodeName: name, taint: TAINT })
    this.#registry.modify(this.#registry.resource("nodes"), undefined, name, (object) => {
      const spec = object["spec"] as Node["spec"]
      const others = (spec.taints ?? []).filter(({ key }) => key !== TAINT)
      const taints = on ? [...others, { key: TAINT, effect: "NoSchedule" }] : others
      if (taints.length > 0) spec.taints = taints
      else delete spec.taints
    })
  }

  #setCondition(node: Node): void {
    const old = (node.status.conditions ?? []).find(({ type }) => type === "NetworkUnavailable")
    if (old?.status === "False" && old.reason === "CiliumIsUp") return
    const now = timestamp(this.#registry.sim)
    const condition = {
      type: "NetworkUnavailable",
      status: "False",
      reason: "CiliumIsUp",
      message: "Cilium is running on this node",
      lastTransitionTime: now,
      lastHeartbeatTime: now,
    }
    this.#registry.patch(
      this.#registry.resource("nodes"),
      undefined,
      node.metadata.name,
      "strategic",
      { status: { conditions: [condition] } },
      { subresource: "status" },
    )
  }
}

const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True")
