/** The matches there are, by name. */
import { unsupported } from "../error.ts"
import type { MatchExtension } from "../extension.ts"
import { addrtype } from "./addrtype.ts"
import { conntrack, state } from "./conntrack.ts"
import { icmp } from "./icmp.ts"
import { comment, connmark, mark } from "./mark.ts"
import { multiport } from "./multiport.ts"
import { physdev } from "./physdev.ts"
import { sctp, tcp, udp } from "./ports.ts"
import { recent } from "./recent.ts"
import { socket } from "./socket.ts"
import { limit, statistic } from "./statistic.ts"

const MATCHES: ReadonlyMap<string, MatchExtension> = new Map(
  [
    addrtype,
    comment,
    connmark,
    conntrack,
    icmp,
    limit,
    mark,
    multiport,
    physdev,
    recent,
    sctp,
    socket,
    state,
    statistic,
    tcp,
    udp,
  ].map((extension) => [extension.name, extension]),
)

/** What iptables 1.8.9 has besides. */
const REFUSED = new Set(
  (
    "ah bpf cgroup cluster connbytes connlabel connlimit cpu dccp devgroup dscp ecn esp hashlimit helper ipcomp iprange ipvs length mac nfacct " +
    "osf owner pkttype policy quota rateest realm rpfilter set string tcpmss time tos ttl u32"
  ).split(" "),
)

export function findMatch(name: string): MatchExtension | undefined {
  if (REFUSED.has(name)) unsupported(`match '${name}'`)
  return MATCHES.get(name)
}
