/** The CiliumNode object of a node, and what other nodes' objects say. Models pkg/nodediscovery and pkg/node/types/node.go. */
import type { Registry } from "../../../kube/api/registry.ts"
import type { Resource } from "../../../kube/api/resource.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { ApiObject, Node } from "../../../kube/api/types.ts"

export interface CiliumNode extends ApiObject {
  spec: {
    addresses?: { ip: string; type: string }[]
    health?: { ipv4?: string }
    ipam?: { podCIDRs?: string[] }
  }
}

export const ciliumNodes = (registry: Registry): Resource | undefined =>
  registry.resourceByKind("cilium.io/v2", "CiliumNode")

export const addressOf = (node: CiliumNode, type: string): string | undefined =>
  node.spec.addresses?.find((address) => address.type === type)?.ip

export function ownNode(registry: Registry, name: string): CiliumNode | undefined {
  const resource = ciliumNodes(registry)
  const found = resource === undefined ? undefined : registry.get(resource, undefined, name)
  return found === undefined || isStatus(found) ? undefined : (found as CiliumNode)
}

/** Creates or completes the object of this node. */
export function publishNode(
  registry: Registry,
  node: Node,
  own: {
    readonly routerIp?: string
    readonly healthIp?: string
    readonly podCIDRs?: readonly string[]
    bootId: string
  },
): void {
  const resource = ciliumNodes(registry)
  if (resource === undefined) return
  const { name, uid, labels } = node.metadata
  const internal = (node.status.addresses ?? []).filter(({ type }) => type === "InternalIP" || type === "ExternalIP")
  const addresses = [
    ...internal.map(({ address, type }) => ({ ip: address, type })),
    ...(own.routerIp === undefined ? [] : [{ ip: own.routerIp, type: "CiliumInternalIP" }]),
  ]
  if (ownNode(registry, name) === undefined)
    registry.create(resource, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNode",
      metadata: {
        name,
        ...(labels === undefined ? {} : { labels }),
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }],
      },
      spec: { addresses, ...EMPTY, bootid: own.bootId, health: {}, ipam: ipamOf(own.podCIDRs) },
      status: { "alibaba-cloud": {}, azure: {}, eni: {}, ipam: { "operator-status": {} } },
    })
  registry.modify(resource, undefined, name, (object) => {
    const spec = object["spec"] as CiliumNode["spec"]
    spec.addresses = addresses
    spec.health = own.healthIp === undefined ? {} : { ipv4: own.healthIp }
    if (own.podCIDRs !== undefined) spec.ipam = { ...spec.ipam, podCIDRs: [...own.podCIDRs] }
  })
}

const EMPTY = { "alibaba-cloud": {}, azure: {}, encryption: {}, eni: {}, ingress: {} }

const ipamOf = (podCIDRs: readonly string[] | undefined): object => ({
  ...(podCIDRs === undefined ? {} : { podCIDRs: [...podCIDRs] }),
  pools: {},
})
