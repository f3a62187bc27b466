/** Connections as lines: `conntrack -L` and /proc/net/nf_conntrack. */
import { SECOND } from "../../../sim/simulation.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import * as ipv4 from "../../../wire/ipv4.ts"
import { JIFFY } from "../../jiffies.ts"
import { CtStatus, type NfConn, type Tuple } from "./entry.ts"
import { SCTP, SCTP_CT_NAMES } from "./sctp.ts"
import { TCP_CT_NAMES } from "./tcp-table.ts"

const { ICMP, TCP, UDP } = ipv4.IpProtocol
const NAMES: Readonly<Record<number, string>> = { [ICMP]: "icmp", [TCP]: "tcp", [UDP]: "udp", [SCTP]: "sctp" }

function tupleText(tuple: Tuple): string {
  const { protocol, sourcePort, destinationPort } = tuple
  const addresses = `src=${formatIpv4(tuple.source)} dst=${formatIpv4(tuple.destination)}`
  if (protocol === TCP || protocol === UDP || protocol === SCTP)
    return `${addresses} sport=${sourcePort} dport=${destinationPort}`
  if (protocol !== ICMP) return addresses
  return `${addresses} type=${destinationPort >>> 8} code=${destinationPort & 255} id=${sourcePort}`
}

/** `tcp      6 119 TIME_WAIT src=… [ASSURED]`: what all forms share. The time left is rounded down. */
export function flowText(ct: NfConn, now: number): string {
  const { protocol } = ct.original
  // Both ends are counted in ticks: within one no time has passed.
  const ticks = Math.floor(ct.expires / JIFFY) - Math.floor(now / JIFFY)
  const left = Math.max(0, Math.floor((ticks * JIFFY) / SECOND))
  let text = `${(NAMES[protocol] ?? "unknown").padEnd(8)} ${protocol} ${left} `
  if (protocol === TCP) text += `${TCP_CT_NAMES[ct.state]} `
  if (protocol === SCTP) text += `${SCTP_CT_NAMES[ct.state]} `
  text += tupleText(ct.original)
  if ((ct.status & CtStatus.SEEN_REPLY) === 0) text += " [UNREPLIED]"
  text += ` ${tupleText(ct.reply)}`
  return (ct.status & CtStatus.ASSURED) === 0 ? text : `${text} [ASSURED]`
}

/** A line of /proc/net/nf_conntrack. */
export const procText = (ct: NfConn, now: number): string =>
  `ipv4     2 ${flowText(ct, now)} mark=${ct.mark} zone=0 use=2\n`
