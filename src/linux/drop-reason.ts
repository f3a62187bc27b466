/** Why a packet died. Names are the kernel's SKB_DROP_REASON_*, without the prefix (include/net/dropreason-core.h). */
import { TraceKind } from "../sim/trace.ts"
import type { NetNamespace } from "./netns.ts"
import type { Skb } from "./skb.ts"

export const DropReason = {
  NOT_SPECIFIED: 2,
  NO_SOCKET: 3,
  PKT_TOO_SMALL: 4,
  TCP_CSUM: 5,
  UDP_CSUM: 6,
  NETFILTER_DROP: 7,
  OTHERHOST: 8,
  IP_CSUM: 9,
  IP_INHDR: 10,
  IP_RPFILTER: 11,
  SOCKET_RCVBUFF: 12,
  PROTO_MEM: 13,
  TCP_OLD_DATA: 24,
  TCP_RFC7323_PAWS: 27,
  TCP_INVALID_SEQUENCE: 29,
  TCP_RESET: 31,
  TCP_CLOSE: 33,
  IP_OUTNOROUTES: 40,
  NEIGH_CREATEFAIL: 44,
  NEIGH_FAILED: 45,
  NEIGH_QUEUEFULL: 46,
  NEIGH_DEAD: 47,
  TC_EGRESS: 48,
  TC_INGRESS: 49,
  NETIF_RX_UNHANDLED: 50,
  DEV_READY: 60,
  FULL_RING: 62,
  HDR_TRUNC: 64,
  ICMP_CSUM: 70,
  INVALID_PROTO: 71,
  IP_INADDRERRORS: 72,
  IP_INNOROUTES: 73,
  IP_LOCAL_SOURCE: 74,
  PKT_TOO_BIG: 76,
  DUP_FRAG: 78,
  FRAG_REASM_TIMEOUT: 79,
  IP_TTL_EXCEEDED: 80,
  BRIDGE_NO_EGRESS_PORT: 86,
  BRIDGE_INGRESS_STP_STATE: 87,
  VXLAN_INVALID_HDR: 90,
  VXLAN_VNI_NOT_FOUND: 91,
  VXLAN_NO_REMOTE: 92,
  VXLAN_INVALID_SMAC: 93,
  VXLAN_ENTRY_EXISTS: 94,
  LOCAL_MAC: 95,
  ARP_INVALID: 96,
  IP_FORWARD_DISABLED: 97,
  TUNNEL_TXINFO: 98,
} as const
export type DropReason = (typeof DropReason)[keyof typeof DropReason]

const NAMES = new Map<number, string>(Object.entries(DropReason).map(([name, value]) => [value, name]))

/** `SKB_DROP_REASON_NO_SOCKET`. */
export function dropReasonName(reason: number): string {
  return `SKB_DROP_REASON_${NAMES.get(reason) ?? "NOT_SPECIFIED"}`
}

/** Frees a packet that dies here. Models net/core/skbuff.c kfree_skb_reason. `object` is what decided, when something did. */
export function kfreeSkb(net: NetNamespace, skb: Skb, reason: DropReason, object?: unknown): void {
  const trace = net.trace
  if (trace.on !== 0) trace.emit(TraceKind.KFREE_SKB, skb.id, net.id, skb.dev?.ifindex ?? 0, reason, object)
  skb.free()
}
