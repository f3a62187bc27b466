/** kubectl describe node. Models NodeDescriber. */

import { nodeRoles } from "../../../kube/api/printers/node.ts"
import { formatBinary, formatMilli, parseQuantity } from "../../../kube/api/quantity.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { Lease, Node, Pod } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { age, eventLines, longTime, metaLines } from "./common.ts"
import type { Lines } from "./lines.ts"

export function describeNode(client: Client, lines: Lines, node: Node): void {
  const { metadata, spec, status } = node
  lines.add(0, `Name:\t${metadata.name}`)
  lines.add(0, `Roles:\t${nodeRoles(node) || "<none>"}`)
  metaLines(lines, metadata)
  lines.add(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`)
  const taints = [...(spec.taints ?? [])]
    .sort((a, b) => (`${a.effect},${a.key}` < `${b.effect},${b.key}` ? -1 : 1))
    .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ""}:${effect}`)
  for (const [i, taint] of (taints.length === 0 ? ["<none>"] : taints).entries())
    lines.add(0, `${i === 0 ? "Taints:" : ""}\t${taint}`)
  lines.add(0, `Unschedulable:\t${spec.unschedulable ?? false}`)
  leaseLines(client, lines, metadata.name)
  if ((status.conditions ?? []).length > 0)
    lines.add(
      0,
      "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------",
    )
  for (const condition of status.conditions ?? [])
    lines.add(
      1,
      `${condition.type} \t${condition.status} \t${longTime(condition.lastHeartbeatTime)} \t${longTime(condition.lastTransitionTime)} \t${condition.reason ?? ""} \t${condition.message ?? ""}`,
    )
  lines.add(0, "Addresses:")
  for (const { type, address } of status.addresses ?? []) lines.add(1, `${type}:\t${address}`)
  quantityLines(lines, "Capacity", status.capacity ?? {})
  quantityLines(lines, "Allocatable", status.allocatable ?? {})
  systemInfo(lines, node)
  if (spec.podCIDR) lines.add(0, `PodCIDR:\t${spec.podCIDR}`)
  if ((spec.podCIDRs ?? []).length > 0) lines.add(0, `PodCIDRs:\t${(spec.podCIDRs ?? []).join(",")}`)
  if (spec.providerID) lines.add(0, `ProviderID:\t${spec.providerID}`)
  podLines(client, lines, node)
  eventLines(client, lines, node, [metadata.uid, metadata.name])
}

function leaseLines(client: Client, lines: Lines, name: string): void {
  const lease = client.find(client.resource("leases"), name, "kube-node-lease")
  if (isStatus(lease)) {
    lines.add(0, `Lease:\tFailed to get lease: ${lease.message ?? ""}`)
    return
  }
  const { holderIdentity, acquireTime, renewTime } = (lease as Lease).spec
  lines.add(0, "Lease:")
  lines.add(1, `HolderIdentity:\t${holderIdentity ?? "<unset>"}`)
  lines.add(1, `AcquireTime:\t${longTime(acquireTime)}`)
  lines.add(1, `RenewTime:\t${longTime(renewTime)}`)
}

function quantityLines(lines: Lines, title: string, values: Readonly<Record<string, string>>): void {
  if (Object.keys(values).length > 0) lines.add(0, `${title}:`)
  for (const name of Object.keys(values).sort()) lines.add(1, `${name}:\t${values[name]}`)
}

function systemInfo(lines: Lines, { status }: Node): void {
  const info = status.nodeInfo
  lines.add(0, "System Info:")
  const rows: [string, string | undefined][] = [
    ["Machine ID", info?.machineID],
    ["System UUID", info?.systemUUID],
    ["Boot ID", info?.bootID],
    ["Kernel Version", info?.kernelVersion],
    ["OS Image", info?.osImage],
    ["Operating System", info?.operatingSystem],
    ["Architecture", info?.architecture],
    ["Container Runtime Version", info?.containerRuntimeVersion],
    ["Kubelet Version", info?.kubeletVersion],
    ["Kube-Proxy Version", info?.kubeProxyVersion],
  ]
  for (const [name, value] of rows) lines.add(1, `${name}:\t${value ?? ""}`)
}

const NAMES = ["cpu", "memory", "ephemeral-storage"] as const
type Amounts = Record<string, number>

/** What a pod asks for: the sum of its containers, or its greediest init container. */
function podAmounts({ spec }: Pod, kind: "requests" | "limits"): Amounts {
  const sum: Amounts = {}
  for (const container of spec.containers)
    for (const [name, value] of Object.entries(container.resources?.[kind] ?? {}))
      sum[name] = (sum[name] ?? 0) + (parseQuantity(value) ?? 0)
  for (const container of spec.initContainers ?? [])
    for (const [name, value] of Object.entries(container.resources?.[kind] ?? {}))
      sum[name] = Math.max(sum[name] ?? 0, parseQuantity(value) ?? 0)
  return sum
}

function podLines(client: Client, lines: Lines, node: Node): void {
  const pods = (client.api.registry.list(client.resource("pods")) as Pod[]).filter(
    ({ spec, status }) =>
      spec.nodeName === node.metadata.name && status.phase !== "Failed" && status.phase !== "Succeeded",
  )
  const allocatable = (name: string): number => parseQuantity(node.status.allocatable?.[name] ?? "0") ?? 0
  const share = (name: string, value: number): string => {
    const text = name === "cpu" ? formatMilli(value) : formatBinary(value)
    return `${text} (${allocatable(name) === 0 ? 0 : Math.trunc((value / allocatable(name)) * 100)}%)`
  }
  lines.add(0, `Non-terminated Pods:\t(${pods.length} in total)`)
  lines.add(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge")
  lines.add(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---")
  const totals: Record<"requests" | "limits", Amounts> = { requests: {}, limits: {} }
  for (const pod of pods) {
    const [requests, limits] = [podAmounts(pod, "requests"), podAmounts(pod, "limits")]
    for (const [kind, amounts] of Object.entries({ requests, limits }))
      for (const [name, value] of Object.entries(amounts))
        totals[kind as "requests"][name] = (totals[kind as "requests"][name] ?? 0) + value
    const cells = [
      share("cpu", requests["cpu"] ?? 0),
      share("cpu", limits["cpu"] ?? 0),
      share("memory", requests["memory"] ?? 0),
      share("memory", limits["memory"] ?? 0),
    ]
    lines.add(
      1,
      `${pod.metadata.namespace}\t${pod.metadata.name}\t\t${cells.join("\t")}\t${age(client.proc.kernel.sim, pod.metadata.creationTimestamp)}`,
    )
  }
  lines.add(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)")
  lines.add(1, "Resource\tRequests\tLimits\n  --------\t--------\t------")
  const extended = Object.keys(node.status.allocatable ?? {})
    .filter((name) => name.startsWith("hugepages-"))
    .sort()
  for (const name of [...NAMES, ...extended])
    lines.add(1, `${name}\t${share(name, totals.requests[name] ?? 0)}\t${share(name, totals.limits[name] ?? 0)}`)
}
