/** Entities: names for what has no pod labels. Models pkg/policy/api/entity.go (single stack). */
import { equality, labelSelector, reservedSelector, type Selector, WILDCARD } from "./selector.ts"

const RESERVED = ["host", "remote-node", "init", "ingress", "health", "unmanaged", "kube-apiserver"] as const

const ENTITIES: readonly string[] = ["all", "world", "world-ipv4", "world-ipv6", "cluster", "none", ...RESERVED]

export function isEntity(name: string): boolean {
  return ENTITIES.includes(name)
}

export function entitySelectors(name: string, clusterName: string): Selector[] {
  if (name === "all") return [WILDCARD]
  if (name !== "cluster") return [reservedSelector(name)]
  const pods = labelSelector([equality("k8s:io.cilium.k8s.policy.cluster", clusterName)], [])
  return [...RESERVED.map(reservedSelector), pods]
}
