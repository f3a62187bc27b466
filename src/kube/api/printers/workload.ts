/** The rows of Deployments, ReplicaSets and DaemonSets. Models printDeployment, printReplicaSet and printDaemonSet. */

import type { Cell, Column, PrintContext } from "../resource.ts"
import { formatSelector, selectorOf } from "../selector.ts"
import type { ApiObject, DaemonSet, Deployment, ReplicaSet } from "../types.ts"
import { AGE, column, containerCells, formatLabels, NAME, NONE, wide } from "./common.ts"

const CONTAINERS = [wide("Containers"), wide("Images"), wide("Selector")]

const selectorText = (selector: unknown): string => formatSelector(selectorOf(selector)) || NONE

export const deploymentColumns: readonly Column[] = [
  NAME,
  column("Ready"),
  column("Up-to-date"),
  column("Available"),
  AGE,
  ...CONTAINERS,
]

export function deploymentRow(object: ApiObject, context: PrintContext): Cell[] {
  const { metadata, spec, status } = object as Deployment
  return [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    context.age(metadata.creationTimestamp),
    ...containerCells(spec.template.spec),
    selectorText(spec.selector),
  ]
}

export const replicaSetColumns: readonly Column[] = [
  NAME,
  column("Desired"),
  column("Current"),
  column("Ready"),
  AGE,
  ...CONTAINERS,
]

export function replicaSetRow(object: ApiObject, context: PrintContext): Cell[] {
  const { metadata, spec, status } = object as ReplicaSet
  return [
    metadata.name,
    spec.replicas ?? 1,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    context.age(metadata.creationTimestamp),
    ...containerCells(spec.template?.spec),
    selectorText(spec.selector),
  ]
}

export const daemonSetColumns: readonly Column[] = [
  NAME,
  column("Desired"),
  column("Current"),
  column("Ready"),
  column("Up-to-date"),
  column("Available"),
  column("Node Selector"),
  AGE,
  ...CONTAINERS,
]

export function daemonSetRow(object: ApiObject, context: PrintContext): Cell[] {
  const { metadata, spec, status } = object as DaemonSet
  return [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    formatLabels(spec.template.spec?.nodeSelector),
    context.age(metadata.creationTimestamp),
    ...containerCells(spec.template.spec),
    selectorText(spec.selector),
  ]
}
