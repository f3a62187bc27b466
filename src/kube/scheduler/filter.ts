/** Which nodes can run a pod. Models pkg/scheduler/framework/plugins. */
import type { NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration } from "kubernetes-types/core/v1.js"
import { parseQuantity } from "../api/quantity.ts"
import { matchesLabels, selectorOf } from "../api/selector.ts"
import type { Node, Pod } from "../api/types.ts"

/** A node with the pods bound to it. */
export interface NodeInfo {
  readonly node: Node
  readonly pods: readonly Pod[]
}

/** Why a node is out, in the scheduler's words; `preemptible` when taking other pods away might help. */
export interface Refusal {
  readonly reasons: readonly string[]
  readonly preemptible: boolean
}

const never = (reason: string): Refusal => ({ reasons: [reason], preemptible: false })

/** `undefined` when the pod fits. The first plugin that objects decides, in the scheduler's order. */
export function filterNode(pod: Pod, info: NodeInfo): Refusal | undefined {
  return (
    nodeUnschedulable(pod, info) ??
    nodeName(pod, info) ??
    taintToleration(pod, info) ??
    nodeAffinity(pod, info) ??
    nodePorts(pod, info) ??
    resourcesFit(pod, info) ??
    podAntiAffinity(pod, info)
  )
}

function nodeUnschedulable(pod: Pod, { node }: NodeInfo): Refusal | undefined {
  if (node.spec.unschedulable !== true) return undefined
  const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }
  return tolerates(pod.spec.tolerations, taint) ? undefined : never("node(s) were unschedulable")
}

function nodeName(pod: Pod, { node }: NodeInfo): Refusal | undefined {
  const wanted = pod.spec.nodeName ?? ""
  return wanted === "" || wanted === node.metadata.name
    ? undefined
    : never("node(s) didn't match the requested node name")
}

function taintToleration(pod: Pod, { node }: NodeInfo): Refusal | undefined {
  const taint = (node.spec.taints ?? []).find(
    (t) => t.effect !== "PreferNoSchedule" && !tolerates(pod.spec.tolerations, t),
  )
  return taint === undefined ? undefined : never(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`)
}

export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) => {
    const { key = "", operator = "Equal", value = "", effect = "" } = toleration
    if (effect !== "" && effect !== taint.effect) return false
    if (key !== "" && key !== taint.key) return false
    return operator === "Exists" || value === (taint.value ?? "")
  })
}

/** nodeSelector and required node affinity. */
export function nodeAffinity(pod: Pod, { node }: NodeInfo): Refusal | undefined {
  const labels = node.metadata.labels ?? {}
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const liked = terms === undefined || terms.some((term) => matchesTerm(term, node))
  return selected && liked ? undefined : never("node(s) didn't match Pod's node affinity/selector")
}

export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  const fields = { "metadata.name": node.metadata.name }
  return (
    matchesLabels(selectorOf({ matchExpressions }), labels) && matchFields.every((field) => matchesField(field, fields))
  )
}

const matchesField = (field: NodeSelectorRequirement, fields: Record<string, string>): boolean =>
  matchesLabels(selectorOf({ matchExpressions: [field] }), fields)

function hostPorts(pod: Pod): string[] {
  return pod.spec.containers.flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => `${port.protocol ?? "TCP"}/${port.hostPort}`),
  )
}

function nodePorts(pod: Pod, { pods }: NodeInfo): Refusal | undefined {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return undefined
  const taken = new Set(pods.flatMap(hostPorts))
  return wanted.some((port) => taken.has(port))
    ? { reasons: ["node(s) didn't have free ports for the requested pod ports"], preemptible: true }
    : undefined
}

/** What a pod asks for: the sum of its containers, or its largest init container. */
export function requested(pod: Pod, resource: "cpu" | "memory"): number {
  const of = (containers: Pod["spec"]["containers"]): number[] =>
    containers.map((container) => parseQuantity(container.resources?.requests?.[resource] ?? "0") ?? 0)
  const sum = of(pod.spec.containers).reduce((a, b) => a + b, 0)
  return Math.max(sum, ...of(pod.spec.initContainers ?? []))
}

function resourcesFit(pod: Pod, { node, pods }: NodeInfo): Refusal | undefined {
  const reasons: string[] = []
  const allocatable = node.status.allocatable ?? {}
  if (pods.length + 1 > (parseQuantity(allocatable["pods"] ?? "110") ?? 110)) reasons.push("Too many pods")
  for (const resource of ["cpu", "memory"] as const) {
    const wanted = requested(pod, resource)
    if (wanted === 0) continue
    const used = pods.reduce((sum, other) => sum + requested(other, resource), 0)
    if (used + wanted > (parseQuantity(allocatable[resource] ?? "0") ?? 0)) reasons.push(`Insufficient ${resource}`)
  }
  return reasons.length === 0 ? undefined : { reasons, preemptible: true }
}

/** Required pod anti-affinity within one node (topologyKey kubernetes.io/hostname). */
function podAntiAffinity(pod: Pod, { pods }: NodeInfo): Refusal | undefined {
  const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const clash = terms.some((term) => {
    if (term.topologyKey !== "kubernetes.io/hostname") return false
    const selector = selectorOf(term.labelSelector)
    return pods.some(
      (other) =>
        other.metadata.namespace === pod.metadata.namespace && matchesLabels(selector, other.metadata.labels ?? {}),
    )
  })
  return clash ? { reasons: ["node(s) didn't match pod anti-affinity rules"], preemptible: true } : undefined
}
