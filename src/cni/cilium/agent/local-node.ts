/** What an agent waits for before it can begin: Cilium's kinds, its node, and a range for its pods. Models pkg/nodediscovery and pkg/k8s/synced. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { Node } from "../../../kube/api/types.ts"
import { type Prefix, parsePrefix } from "../../../wire/address.ts"
import { addressOf, type CiliumNode, ownNode, publishNode } from "./cilium-node.ts"
import type { Log } from "./log.ts"
import type { AgentOptions } from "./options.ts"

const MODULE = "agent.controlplane.daemon"
/** Without these the agent does not go on. */
const NEEDED_KINDS = [
  "CiliumNetworkPolicy",
  "CiliumClusterwideNetworkPolicy",
  "CiliumEndpoint",
  "CiliumIdentity",
  "CiliumNode",
] as const

export interface StartUp {
  readonly registry: Registry
  readonly log: Log
  /** Waits a little; false when the agent is to end. */
  pause(): Promise<boolean>
}

/** Waits for the kinds the operator registers; then this node's object, the text of an error, or nothing when the agent is to end. */
export async function localNode(place: StartUp, name: string): Promise<Node | string | undefined> {
  const { registry, log } = place
  const missing = (): string[] =>
    NEEDED_KINDS.filter((kind) => registry.resourceByKind("cilium.io/v2", kind) === undefined)
  for (let told = false; missing().length > 0; told = true) {
    const kinds = missing().map((kind) => `crd:${kind.toLowerCase().replace(/y$/, "ie")}s.cilium.io`)
    if (!told)
      log("info", "Still waiting for Cilium Operator to register CRDs", "agent.infra.crd-sync", {
        CRDs: `[${kinds.join(" ")}]`,
      })
    if (!(await place.pause())) return undefined
  }
  log("info", "All Cilium CRDs have been found and are available", "agent.infra.crd-sync")
  const node = registry.get(registry.resource("nodes"), undefined, name)
  return isStatus(node) ? (node.message ?? "") : (node as Node)
}

/** The range of this node's pods: the operator's, or Kubernetes' own. Nothing when the agent is to end before there is one. */
export async function podRange(place: StartUp, node: Node, options: AgentOptions): Promise<Prefix | undefined> {
  const { registry, log } = place
  const { name } = node.metadata
  const bootId = node.status.nodeInfo?.bootID ?? ""
  for (let told = false; ; told = true) {
    const found = wantedRange(registry, name, options)
    const known = ownNode(registry, name)
    publishNode(registry, node, {
      ...(options.ipam === "kubernetes" && found !== undefined ? { podCIDRs: [found] } : {}),
      ...(known === undefined ? {} : keptAddresses(known)),
      bootId,
    })
    const prefix = parsePrefix(found ?? "")
    if (prefix !== undefined) {
      const fields = { nodeName: name, v4Prefix: found ?? "" }
      log("info", "Received own node information from API server", MODULE, fields)
      return prefix
    }
    if (!told) log("warn", "Waiting for k8s node information", MODULE, { error: "required IPv4 PodCIDR not available" })
    if (!(await place.pause())) return undefined
  }
}

function wantedRange(registry: Registry, name: string, options: AgentOptions): string | undefined {
  if (options.ipam === "cluster-pool") return ownNode(registry, name)?.spec.ipam?.podCIDRs?.[0]
  const node = registry.get(registry.resource("nodes"), undefined, name)
  return isStatus(node) ? undefined : (node as Node).spec.podCIDR
}

/** What an earlier agent of this node has published. */
function keptAddresses(node: CiliumNode): { routerIp?: string; healthIp?: string } {
  const router = addressOf(node, "CiliumInternalIP")
  const health = node.spec.health?.ipv4
  return {
    ...(router === undefined ? {} : { routerIp: router }),
    ...(health === undefined ? {} : { healthIp: health }),
  }
}
