/** What surprises readers of a Cilium policy that did not match (the causes behind most questions of its users). */
import { type Prefix, prefixCovers } from "./cidr.ts"
import type { LabelSet } from "./labels.ts"
import { IPPROTO, type PortSpec } from "./rule.ts"
import type { Selector } from "./selector.ts"

/** Addresses select only what has no labels of the cluster: pods and nodes never, whatever addresses they have. */
export function peerNote({ cidr }: Selector, labels: LabelSet, addresses: readonly Prefix[]): string | undefined {
  if (cidr === undefined) return undefined
  const inside = addresses.some(
    (address) => prefixCovers(cidr.prefix, address) && !cidr.except.some((cut) => prefixCovers(cut, address)),
  )
  if (!inside) return undefined
  const node = labels.has("reserved", "host") || labels.has("reserved", "remote-node")
  return node
    ? "the prefix covers its address, but nodes are selected by entity, never by address"
    : "the prefix covers its address, but pods are selected by label, never by address"
}

export function portNote(spec: PortSpec, protocol: number): string | undefined {
  const icmp = (one: number): boolean => one === IPPROTO.ICMP || one === IPPROTO.ICMPV6
  if (icmp(protocol) && !icmp(spec.protocol)) return "ports are those of TCP, UDP and SCTP: ICMP needs icmps"
  return undefined
}
