/** The targets there are, by name. */
import { unsupported } from "../error.ts"
import type { TargetExtension } from "../extension.ts"
import { CT, NOTRACK } from "./ct.ts"
import { LOG } from "./log.ts"
import { CONNMARK, MARK } from "./mark.ts"
import { DNAT, MASQUERADE, REDIRECT, SNAT } from "./nat.ts"
import { REJECT } from "./reject.ts"
import { TPROXY } from "./tproxy.ts"

const TARGETS: ReadonlyMap<string, TargetExtension> = new Map(
  [CONNMARK, CT, DNAT, LOG, MARK, MASQUERADE, NOTRACK, REDIRECT, REJECT, SNAT, TPROXY].map((extension) => [
    extension.name,
    extension,
  ]),
)

/** What iptables 1.8.9 has besides. */
const REFUSED = new Set(
  (
    "AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNSECMARK DSCP ECN HMARK IDLETIMER LED NETMAP NFLOG NFQUEUE RATEEST SECMARK SET SYNPROXY TCPMSS " +
    "TCPOPTSTRIP TEE TOS TRACE TTL ULOG"
  ).split(" "),
)

export function findTarget(name: string): TargetExtension | undefined {
  if (REFUSED.has(name)) unsupported(`target '${name}'`)
  return TARGETS.get(name)
}
