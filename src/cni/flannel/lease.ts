/** A node's subnet and how to reach it, as its annotations say. Models pkg/lease and pkg/subnet/kube. */

import type { Node } from "../../kube/api/types.ts"
import { type Prefix, parseIpv4 } from "../../wire/address.ts"

export const ANNOTATION = "flannel.alpha.coreos.com"

export interface Lease {
  readonly node: string
  readonly subnet: Prefix
  /** The address other nodes use. */
  readonly publicIp: string
  readonly backendType: string
  /** JSON: `{"VNI":1,"VtepMAC":"…"}`, `null`. */
  readonly backendData: string
}

export interface LeaseEvent {
  readonly type: "added" | "removed"
  readonly lease: Lease
}

/** A node's lease, or `undefined` while the node is not Flannel's. */
export function leaseOf(node: Node, subnet: Prefix | undefined): Lease | undefined {
  const annotation = (name: string): string => node.metadata.annotations?.[`${ANNOTATION}/${name}`] ?? ""
  if (annotation("kube-subnet-manager") !== "true" || subnet === undefined) return undefined
  return {
    node: node.metadata.name,
    subnet,
    publicIp: annotation("public-ip-overwrite") || annotation("public-ip"),
    backendType: annotation("backend-type"),
    backendData: annotation("backend-data"),
  }
}

/** What made a route, a neighbour or an FDB row: for explanations. */
export const originOf = (lease: Lease): string => `flanneld: Node ${lease.node} annotation ${ANNOTATION}/backend-data`

/** Go's `%#v` of a lease event, as flanneld logs it. */
export function formatLease({ type, lease }: LeaseEvent): string {
  const { subnet, publicIp, backendType, backendData } = lease
  const bytes = Array.from(new TextEncoder().encode(backendData), (byte) => `0x${byte.toString(16)}`).join(", ")
  const attrs = `lease.LeaseAttrs{PublicIP:0x${(parseIpv4(publicIp) ?? 0).toString(16)}, PublicIPv6:(*ip.IP6)(nil), BackendType:${JSON.stringify(backendType)}, BackendData:json.RawMessage{${bytes}}, BackendV6Data:json.RawMessage(nil)}`
  const net = `Subnet:ip.IP4Net{IP:0x${subnet.address.toString(16)}, PrefixLen:0x${subnet.length.toString(16)}}, IPv6Subnet:ip.IP6Net{IP:(*ip.IP6)(nil), PrefixLen:0x0}`
  return `lease.Event{Type:${type === "added" ? 0 : 1}, Lease:lease.Lease{EnableIPv4:true, EnableIPv6:false, ${net}, Attrs:${attrs}, Expiration:time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC), Asof:0} }`
}
