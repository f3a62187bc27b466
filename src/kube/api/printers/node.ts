/** The row of a Node. Models printNode. */
import type { Cell, Column, PrintContext } from "../resource.ts"
import type { ApiObject, Node } from "../types.ts"
import { AGE, column, NAME, NONE, wide } from "./common.ts"

export const nodeColumns: readonly Column[] = [
  NAME,
  column("Status"),
  column("Roles"),
  AGE,
  column("Version"),
  wide("Internal-IP"),
  wide("External-IP"),
  wide("OS-Image"),
  wide("Kernel-Version"),
  wide("Container-Runtime"),
]

export function nodeRow(object: ApiObject, context: PrintContext): Cell[] {
  const node = object as Node
  const info = node.status.nodeInfo
  const address = (type: string): string => (node.status.addresses ?? []).find((a) => a.type === type)?.address ?? NONE
  const known = (text: string | undefined): string => (text === undefined || text === "" ? "<unknown>" : text)
  return [
    node.metadata.name,
    nodeStatus(node),
    nodeRoles(node) || NONE,
    context.age(node.metadata.creationTimestamp),
    info?.kubeletVersion ?? "",
    address("InternalIP"),
    address("ExternalIP"),
    known(info?.osImage),
    known(info?.kernelVersion),
    known(info?.containerRuntimeVersion),
  ]
}

function nodeStatus(node: Node): string {
  const ready = (node.status.conditions ?? []).find((condition) => condition.type === "Ready")
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"]
  if (node.spec.unschedulable === true) words.push("SchedulingDisabled")
  return words.join(",")
}

const ROLE = "node-role.kubernetes.io/"

/** `control-plane`, `control-plane,worker`: from the node's role labels. */
export function nodeRoles(node: ApiObject): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE) && key.length > ROLE.length) roles.add(key.slice(ROLE.length))
    else if (key === "kubernetes.io/role" && value !== "") roles.add(value)
  }
  return [...roles].sort().join(",")
}
