/** Into the tunnel, with the sender's identity as VNI. Models bpf/lib/encap.h. */
import type { Skb } from "../../../../linux/skb.ts"
import type { TcAct } from "../../../../linux/tc/hook.ts"
import { redirectEgress } from "../../../../linux/tc/redirect.ts"
import { Identity } from "../identity.ts"
import type { BaseDevices, ProgramContext, TraceReason } from "./context.ts"

/** What the tunnel's packets start with (IPDEFTTL). */
export const TUNNEL_TTL = 64

export function encapAndRedirect(
  context: ProgramContext,
  skb: Skb,
  endpoint: number,
  tunnelEndpoint: number,
  sourceIdentity: number,
  destinationIdentity: number,
  reason: TraceReason,
  monitor: boolean,
): TcAct {
  const { overlay } = context.devices as BaseDevices
  // To others the local host is a remote node.
  const identity = sourceIdentity === Identity.HOST ? Identity.REMOTE_NODE : sourceIdentity
  if (monitor) context.trace(skb, "to-overlay", endpoint, identity, destinationIdentity, 0, overlay.ifindex, reason)
  skb.tunnelId = identity & 0xffffff
  skb.tunnelRemote = tunnelEndpoint
  return redirectEgress(overlay, skb)
}
