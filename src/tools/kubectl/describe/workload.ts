/** kubectl describe for daemon sets, deployments and replica sets. Models kubectl/pkg/describe. */
import type { PodTemplateSpec } from "kubernetes-types/core/v1.js"
import { formatSelector, matchesLabels, selectorOf } from "../../../kube/api/selector.ts"
import type { ApiObject, DaemonSet, Deployment, Pod, ReplicaSet } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { annotationLines, eventLines, labelLines, longTime, metaLines, nameLines } from "./common.ts"
import { containerLines, volumeLines } from "./container.ts"
import type { Lines } from "./lines.ts"
import { tolerationLines } from "./pod.ts"

const REVISION = "deployment.kubernetes.io/revision"
const selectorText = (selector: unknown): string => formatSelector(selectorOf(selector)) || "<none>"

const owned = (object: ApiObject, owner: ApiObject): boolean =>
  (object.metadata.ownerReferences ?? []).some(
    ({ uid, controller }) => controller === true && uid === owner.metadata.uid,
  )

/** `4 Running / 0 Waiting / 0 Succeeded / 0 Failed`. */
function podsStatus(client: Client, lines: Lines, owner: ApiObject, selector: unknown): void {
  const pods = (
    client.api.registry.list(client.resource("pods"), { namespace: owner.metadata.namespace }) as Pod[]
  ).filter((pod) => matchesLabels(selectorOf(selector), pod.metadata.labels ?? {}) && owned(pod, owner))
  const count = (phase: string): number => pods.filter((pod) => pod.status.phase === phase).length
  lines.add(
    0,
    `Pods Status:\t${count("Running")} Running / ${count("Pending")} Waiting / ${count("Succeeded")} Succeeded / ${count("Failed")} Failed`,
  )
}

function templateLines(lines: Lines, { metadata, spec }: PodTemplateSpec): void {
  lines.add(0, "Pod Template:")
  labelLines(lines, "  Labels", metadata?.labels)
  if (Object.keys(metadata?.annotations ?? {}).length > 0) annotationLines(lines, metadata?.annotations, "  ")
  if (spec?.serviceAccountName) lines.add(1, `Service Account:\t${spec.serviceAccountName}`)
  if ((spec?.initContainers ?? []).length > 0) containerLines(lines, "Init Containers", spec?.initContainers ?? [], [])
  containerLines(lines, "Containers", spec?.containers ?? [], [])
  volumeLines(lines, spec?.volumes ?? [], true)
  if (spec?.priorityClassName) lines.add(1, `Priority Class Name:\t${spec.priorityClassName}`)
  labelLines(lines, "  Node-Selectors", spec?.nodeSelector)
  tolerationLines(lines, spec?.tolerations ?? [], "  ")
}

export function describeDaemonSet(client: Client, lines: Lines, object: ApiObject): void {
  const { metadata, spec, status } = object as DaemonSet
  lines.add(0, `Name:\t${metadata.name}`)
  lines.add(0, `Selector:\t${selectorText(spec.selector)}`)
  lines.add(0, `Node-Selector:\t${selectorText({ matchLabels: spec.template.spec?.nodeSelector ?? {} })}`)
  metaLines(lines, metadata)
  lines.add(0, `Desired Number of Nodes Scheduled: ${status.desiredNumberScheduled}`)
  lines.add(0, `Current Number of Nodes Scheduled: ${status.currentNumberScheduled}`)
  lines.add(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status.updatedNumberScheduled ?? 0}`)
  lines.add(0, `Number of Nodes Scheduled with Available Pods: ${status.numberAvailable ?? 0}`)
  lines.add(0, `Number of Nodes Misscheduled: ${status.numberMisscheduled}`)
  podsStatus(client, lines, object, spec.selector)
  templateLines(lines, spec.template)
  eventLines(client, lines, object)
}

export function describeReplicaSet(client: Client, lines: Lines, object: ApiObject): void {
  const { metadata, spec, status } = object as ReplicaSet
  nameLines(lines, metadata)
  lines.add(0, `Selector:\t${selectorText(spec.selector)}`)
  metaLines(lines, metadata)
  const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true)
  if (owner !== undefined) lines.add(0, `Controlled By:\t${owner.kind}/${owner.name}`)
  lines.add(0, `Replicas:\t${status.replicas} current / ${spec.replicas ?? 1} desired`)
  podsStatus(client, lines, object, spec.selector)
  templateLines(lines, spec.template as PodTemplateSpec)
  conditionLines(lines, status.conditions ?? [])
  eventLines(client, lines, object)
}

function conditionLines(lines: Lines, conditions: readonly { type: string; status: string; reason?: string }[]): void {
  if (conditions.length > 0) lines.add(0, "Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------")
  for (const { type, status, reason } of conditions) lines.add(1, `${type} \t${status}\t${reason ?? ""}`)
}

export function describeDeployment(client: Client, lines: Lines, object: ApiObject): void {
  const { metadata, spec, status } = object as Deployment
  nameLines(lines, metadata)
  lines.add(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`)
  metaLines(lines, metadata)
  lines.add(0, `Selector:\t${selectorText(spec.selector)}`)
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = status
  lines.add(
    0,
    `Replicas:\t${spec.replicas ?? 1} desired | ${updatedReplicas} updated | ${replicas} total | ${availableReplicas} available | ${unavailableReplicas} unavailable`,
  )
  lines.add(0, `StrategyType:\t${spec.strategy?.type ?? ""}`)
  lines.add(0, `MinReadySeconds:\t${spec.minReadySeconds ?? 0}`)
  const rolling = spec.strategy?.rollingUpdate
  if (rolling !== undefined)
    lines.add(0, `RollingUpdateStrategy:\t${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge`)
  templateLines(lines, spec.template)
  conditionLines(lines, status.conditions ?? [])
  replicaSetLines(client, lines, object)
  eventLines(client, lines, object)
}

function replicaSetLines(client: Client, lines: Lines, deployment: ApiObject): void {
  const { namespace, annotations = {} } = deployment.metadata
  const sets = (client.api.registry.list(client.resource("replicasets"), { namespace }) as ReplicaSet[]).filter((set) =>
    owned(set, deployment),
  )
  const isNew = (set: ReplicaSet): boolean => set.metadata.annotations?.[REVISION] === annotations[REVISION]
  const text = (some: readonly ReplicaSet[]): string =>
    some
      .map(
        ({ metadata, spec, status }) => `${metadata.name} (${status.replicas}/${spec.replicas ?? 1} replicas created)`,
      )
      .join(", ") || "<none>"
  lines.add(0, `OldReplicaSets:\t${text(sets.filter((set) => !isNew(set)))}`)
  lines.add(0, `NewReplicaSet:\t${text(sets.filter(isNew))}`)
}
