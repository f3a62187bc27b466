/** kubectl describe pod. Models PodDescriber. */
import type { Toleration } from "kubernetes-types/core/v1.js"
import { byCodePoint } from "../../../kube/api/json.ts"
import type { Pod } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { age, eventLines, labelLines, longTime, metaLines, nameLines } from "./common.ts"
import { containerLines, volumeLines } from "./container.ts"
import type { Lines } from "./lines.ts"

export function describePod(client: Client, lines: Lines, pod: Pod): void {
  const { metadata, spec, status } = pod
  nameLines(lines, metadata)
  if (spec.priority !== undefined) lines.add(0, `Priority:\t${spec.priority}`)
  if (spec.priorityClassName) lines.add(0, `Priority Class Name:\t${spec.priorityClassName}`)
  if (spec.serviceAccountName) lines.add(0, `Service Account:\t${spec.serviceAccountName}`)
  lines.add(0, `Node:\t${spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ""}` : "<none>"}`)
  if (status.startTime !== undefined) lines.add(0, `Start Time:\t${longTime(status.startTime)}`)
  metaLines(lines, metadata)
  if (metadata.deletionTimestamp === undefined) lines.add(0, `Status:\t${status.phase ?? ""}`)
  else {
    lines.add(0, `Status:\tTerminating (lasts ${age(client.proc.kernel.sim, metadata.deletionTimestamp)})`)
    lines.add(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s`)
  }
  if (status.reason) lines.add(0, `Reason:\t${status.reason}`)
  if (status.message) lines.add(0, `Message:\t${status.message}`)
  lines.add(0, `IP:\t${status.podIP ?? ""}`)
  const ips = status.podIPs ?? []
  lines.add(0, ips.length === 0 ? "IPs:\t<none>" : "IPs:")
  for (const { ip } of ips) lines.add(1, `IP:\t${ip ?? ""}`)
  const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true)
  if (owner !== undefined) lines.add(0, `Controlled By:\t${owner.kind}/${owner.name}`)
  if (status.nominatedNodeName) lines.add(0, `NominatedNodeName:\t${status.nominatedNodeName}`)
  const inits = spec.initContainers ?? []
  if (inits.length > 0) containerLines(lines, "Init Containers", inits, status.initContainerStatuses ?? [], pod)
  containerLines(lines, "Containers", spec.containers, status.containerStatuses ?? [], pod)
  if ((status.conditions ?? []).length > 0) lines.add(0, "Conditions:\n  Type\tStatus")
  for (const condition of status.conditions ?? []) lines.add(1, `${condition.type} \t${condition.status} `)
  volumeLines(lines, spec.volumes ?? [])
  lines.add(0, `QoS Class:\t${status.qosClass ?? ""}`)
  labelLines(lines, "Node-Selectors", spec.nodeSelector)
  tolerationLines(lines, spec.tolerations ?? [])
  eventLines(client, lines, pod)
}

export function tolerationLines(lines: Lines, tolerations: readonly Toleration[], indent = ""): void {
  if (tolerations.length === 0) lines.add(0, `${indent}Tolerations:\t<none>`)
  for (const [i, toleration] of tolerations.toSorted((a, b) => byCodePoint(a.key ?? "", b.key ?? "")).entries())
    lines.add(0, `${i === 0 ? `${indent}Tolerations:` : ""}\t${tolerationText(toleration)}`)
}

function tolerationText({ key = "", value = "", effect = "", operator, tolerationSeconds }: Toleration): string {
  const head = `${key}${value === "" ? "" : `=${value}`}${effect === "" ? "" : `:${effect}`}`
  const exists = operator === "Exists" && value === "" ? `${head === "" ? "" : " "}op=Exists` : ""
  return `${head}${exists}${tolerationSeconds === undefined ? "" : ` for ${tolerationSeconds}s`}`
}
