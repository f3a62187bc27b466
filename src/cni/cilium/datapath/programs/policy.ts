/** May this packet pass? Models bpf/lib/policy.h policy_can_access and its callers. */

import { DROP_POLICY, DROP_POLICY_AUTH_REQUIRED, DROP_POLICY_DENY, type PolicyEntry } from "../../../../policy/api.ts"
import { IcmpType, UnreachCode } from "../../../../wire/icmp.ts"
import * as ipv4 from "../../../../wire/ipv4.ts"
import type { PolicyVerdictNotify } from "../../monitor/event.ts"
import { Drop } from "../drop.ts"
import type { Endpoint } from "../endpoint.ts"
import { Identity } from "../identity.ts"
import { CtStatus } from "./conntrack.ts"
import type { ProgramContext } from "./context.ts"

const { ICMP, UDP } = ipv4.IpProtocol

/**
 * 0: pass, a proxy's port: redirect, below 0: the drop reason. Writes the verdict event when the connection is new or the answer is no, and
 * the endpoint enforces policy in that direction.
 */
export function policyCanAccess(
  context: ProgramContext,
  endpoint: Endpoint,
  remoteIdentity: number,
  ingress: boolean,
  status: CtStatus,
): number {
  const { packet } = context
  const policy = endpoint.policy
  if (policy === undefined) return -Drop.EP_NOT_READY
  const direction = ingress ? "ingress" : "egress"
  const port = packet.protocol === ICMP ? packet.icmpType : packet.destinationPort
  let entry: PolicyEntry | undefined
  let verdict = 0
  if (!ingress && packet.protocol === UDP && port === context.maps.config.tunnelPort) verdict = -Drop.ENCAP_PROHIBITED
  else if (!isFragmentationNeeded(packet.protocol, packet.icmpType, packet.icmpCode)) {
    entry = policy.map.lookup(remoteIdentity, direction, packet.protocol, port)
    verdict = verdictOf(entry)
  }
  const audited = verdict < 0 && verdict !== -Drop.ENCAP_PROHIBITED && context.maps.config.policyAudit
  if (audited) verdict = 0
  if (entry !== undefined && verdict >= 0) {
    entry.packets++
    entry.bytes += packet.skb.length
  }
  if ((verdict < 0 || status !== CtStatus.ESTABLISHED) && policy.enforced[direction])
    context.verdict(packet.skb, endpoint, remoteIdentity, ingress, verdict, audited, {
      match: matchOf(entry),
      authRequired: verdict === -DROP_POLICY_AUTH_REQUIRED,
      entry,
    })
  context.decidedBy = entry
  return verdict
}

/** Path MTU discovery works under any policy (ALLOW_ICMP_FRAG_NEEDED). */
const isFragmentationNeeded = (protocol: number, type: number, code: number): boolean =>
  protocol === ICMP && type === IcmpType.DEST_UNREACH && code === UnreachCode.FRAG_NEEDED

function verdictOf(entry: PolicyEntry | undefined): number {
  if (entry === undefined) return -DROP_POLICY
  if (entry.deny) return -DROP_POLICY_DENY
  // Nobody here completes a mutual authentication: what wants one waits for it.
  return entry.auth === "disabled" ? entry.proxyPort : -DROP_POLICY_AUTH_REQUIRED
}

/** Which parts of the key decided. Models pkg/monitor/api PolicyMatchType. */
export function matchOf(entry: PolicyEntry | undefined): PolicyVerdictNotify["match"] {
  if (entry === undefined) return "none"
  const anyone = entry.identity === Identity.UNKNOWN
  if (entry.prefixLength === 0) return anyone ? "all" : "L3-Only"
  if (entry.prefixLength <= PROTOCOL_BITS) return anyone ? "Proto-Only" : "L3-Proto"
  return anyone ? "L4-Only" : "L3-L4"
}

const PROTOCOL_BITS = 8
