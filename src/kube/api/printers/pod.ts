/** The row of a Pod. Models printPod. */
import type { ContainerStatus, PodCondition } from "kubernetes-types/core/v1.js"
import type { Cell, Column, PrintContext } from "../resource.ts"
import type { ApiObject, Pod } from "../types.ts"
import { AGE, column, NAME, NONE, wide } from "./common.ts"

export const podColumns: readonly Column[] = [
  NAME,
  column("Ready"),
  column("Status"),
  column("Restarts"),
  AGE,
  wide("IP"),
  wide("Node"),
  wide("Nominated Node"),
  wide("Readiness Gates"),
]

export function podRow(object: ApiObject, context: PrintContext): Cell[] {
  const pod = object as Pod
  const statuses = pod.status.containerStatuses ?? []
  const ready = statuses.filter((status) => status.ready && status.state?.running !== undefined).length
  return [
    pod.metadata.name,
    `${ready}/${pod.spec.containers.length}`,
    podReason(pod),
    restarts(pod, context),
    context.age(pod.metadata.creationTimestamp),
    pod.status.podIPs?.[0]?.ip ?? pod.status.podIP ?? NONE,
    pod.spec.nodeName ?? NONE,
    pod.status.nominatedNodeName ?? NONE,
    readinessGates(pod),
  ]
}

/** The STATUS column: `Running`, `Init:0/2`, `CrashLoopBackOff`, `Terminating`. */
export function podReason(pod: Pod): string {
  const initializing = initReason(pod)
  let reason = initializing ?? containersReason(pod)
  if (pod.metadata.deletionTimestamp !== undefined)
    reason = pod.status.reason === "NodeLost" ? "Unknown" : "Terminating"
  return reason
}

function startReason(pod: Pod): string {
  const scheduled = (pod.status.conditions ?? []).find((condition) => condition.type === "PodScheduled")
  if (scheduled?.reason === "SchedulingGated") return "SchedulingGated"
  return pod.status.reason !== undefined && pod.status.reason !== "" ? pod.status.reason : (pod.status.phase ?? "")
}

/** Set while an init container is not through. */
function initReason(pod: Pod): string | undefined {
  const statuses = pod.status.initContainerStatuses ?? []
  const total = (pod.spec.initContainers ?? []).length
  for (const [i, status] of statuses.entries()) {
    const { terminated, waiting } = status.state ?? {}
    if (terminated !== undefined && terminated.exitCode === 0) continue
    if (terminated !== undefined) return `Init:${terminatedText(terminated)}`
    if (waiting?.reason !== undefined && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`
    return `Init:${i}/${total}`
  }
  return undefined
}

function terminatedText(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason !== undefined && terminated.reason !== "") return terminated.reason
  return (terminated.signal ?? 0) !== 0 ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`
}

function containersReason(pod: Pod): string {
  let reason = startReason(pod)
  let running = false
  // The first container's word wins: the list is read from its end.
  for (const status of [...(pod.status.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated } = status.state ?? {}
    if (waiting?.reason !== undefined && waiting.reason !== "") reason = waiting.reason
    else if (terminated !== undefined) reason = terminatedText(terminated)
    else if (status.ready && status.state?.running !== undefined) running = true
  }
  if (reason === "Completed" && running) return isReady(pod.status.conditions) ? "Running" : "NotReady"
  return reason
}

const isReady = (conditions: readonly PodCondition[] = []): boolean =>
  conditions.some((condition) => condition.type === "Ready" && condition.status === "True")

function restarts(pod: Pod, context: PrintContext): string {
  const initializing = initReason(pod) !== undefined
  const statuses: readonly ContainerStatus[] =
    (initializing ? pod.status.initContainerStatuses : pod.status.containerStatuses) ?? []
  const count = statuses.reduce((sum, status) => sum + status.restartCount, 0)
  const last =
    statuses
      .map((status) => status.lastState?.terminated?.finishedAt ?? "")
      .sort()
      .pop() ?? ""
  return count === 0 || last === "" ? String(count) : `${count} (${context.age(last)} ago)`
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? []
  if (gates.length === 0) return NONE
  const met = gates.filter((gate) =>
    (pod.status.conditions ?? []).some((c) => c.type === gate.conditionType && c.status === "True"),
  )
  return `${met.length}/${gates.length}`
}
