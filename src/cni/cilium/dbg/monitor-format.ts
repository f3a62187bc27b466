/** One line an event. Models DumpInfo of pkg/monitor/datapath_*.go and logrecord.go, and GetConnectionSummary of dissect.go. */
import { formatIpv4 } from "../../../wire/address.ts"
import type { Agent } from "../agent/agent.ts"
import { dropReason, icmpTypeCode, reservedName } from "../hubble/names.ts"
import type {
  AccessLog,
  DnsRecord,
  DropNotify,
  MonitorEvent,
  PacketTuple,
  PolicyVerdictNotify,
  TraceNotify,
} from "../monitor/event.ts"

const TCP = 6
const UDP = 17
const ICMP = 1
const SCTP = 132
/** The flags it names, in its order. */
const TCP_FLAGS: readonly (readonly [number, string])[] = [
  [0x02, "SYN"],
  [0x10, "ACK"],
  [0x04, "RST"],
  [0x01, "FIN"],
]

export class MonitorFormatter {
  readonly #agent: Agent
  readonly #numeric: boolean

  constructor(agent: Agent, numeric: boolean) {
    this.#agent = agent
    this.#numeric = numeric
  }

  format(event: MonitorEvent): string {
    switch (event.kind) {
      case "trace":
        return this.#trace(event)
      case "drop":
        return this.#drop(event)
      case "policy-verdict":
        return this.#verdict(event)
      case "l7":
        return this.#l7(event)
    }
  }

  #trace(event: TraceNotify): string {
    const { hash, reason, ifindex, originalAddress, packet } = event
    return `${traceSummary(event)} flow ${hex(hash)} , ${this.#identities(event)} state ${reason} ifindex ${this.#device(ifindex)} orig-ip ${formatIpv4(originalAddress)}: ${connection(packet)}\n`
  }

  /** Which line of the program it was is not known here. */
  #drop(event: DropNotify): string {
    const { reason, hash, destinationId, ifindex, packet } = event
    return `xx drop (${dropReason(reason)}) flow ${hex(hash)} to endpoint ${destinationId}, ifindex ${ifindex}, file ${this.#file(event)}:0, , ${this.#identities(event)}: ${connection(packet)}\n`
  }

  /** Policy is decided by the pod's own program, whoever called it. */
  #file({ endpoint, destinationId, ifindex }: DropNotify): string {
    const pod = [endpoint, destinationId].some((id) => id !== 0 && this.#agent.endpoints.byId(id)?.kind === "pod")
    if (pod) return "bpf_lxc.c"
    return this.#device(ifindex) === "cilium_vxlan" ? "bpf_overlay.c" : "bpf_host.c"
  }

  #verdict(event: PolicyVerdictNotify): string {
    const { hash, endpoint, remoteIdentity, packet, ingress, action, authRequired, match } = event
    return `Policy verdict log: flow ${hex(hash)} local EP ID ${endpoint}, remote ID ${this.#identity(remoteIdentity)}, proto ${packet.protocol}, ${ingress ? "ingress" : "egress"}, action ${action}, auth: ${authRequired ? "required" : "disabled"}, match ${match}, ${connection(packet)}\n`
  }

  #l7(event: AccessLog): string {
    const { type, source, destination, ingress, verdict, http, dns } = event
    const word = type === "request" ? "Request" : "Response"
    const [first, second] = type === "request" ? ["from", "to"] : ["to", "from"]
    const ends = `${first} ${source.endpoint} (${this.#labels(source.identity)}) ${second} ${destination.endpoint} (${this.#labels(destination.identity)})`
    const head = `${ingress ? "<-" : "->"} ${word} ${http === undefined ? "dns" : "http"} ${ends}, identity ${source.identity}->${destination.identity}, verdict ${verdict}`
    if (http !== undefined) return `${head} ${http.method} ${http.url} => ${http.code}\n`
    return `${head}${dns === undefined ? "" : dnsText(type, dns)}\n`
  }

  #labels = (identity: number): string => `[${this.#agent.labelsOf(identity)?.labels.join(" ") ?? ""}]`

  #identities({ sourceIdentity, destinationIdentity }: TraceNotify | DropNotify): string {
    return `identity ${this.#identity(sourceIdentity)}->${this.#identity(destinationIdentity)}`
  }

  #identity(identity: number): string {
    return (this.#numeric ? undefined : reservedName(identity)) ?? String(identity)
  }

  #device(ifindex: number): string {
    if (ifindex === 0) return "0"
    return this.#agent.kernel.initNet.devices.find((dev) => dev.ifindex === ifindex)?.name ?? String(ifindex)
  }
}

const hex = (hash: number): string => `0x${hash.toString(16)}`

function traceSummary({ point, endpoint, destinationId }: TraceNotify): string {
  const [way, place] = [point.slice(0, point.indexOf("-")), point.slice(point.indexOf("-") + 1)]
  const arrow = way === "to" ? "->" : "<-"
  if (place === "endpoint") return `${arrow} endpoint ${way === "to" ? destinationId : endpoint}`
  if (point === "to-proxy") return destinationId === 0 ? "-> proxy" : `-> proxy port ${destinationId}`
  return `${arrow} ${place}`
}

/** `10.0.1.31:50112 -> 10.0.2.31:80 tcp SYN`. */
function connection(packet: PacketTuple): string {
  const { source, destination, protocol, sourcePort, destinationPort, icmpType, icmpCode, tcpFlags } = packet
  const ends = `${formatIpv4(source)}${port(protocol, sourcePort)} -> ${formatIpv4(destination)}${port(protocol, destinationPort)}`
  if (protocol === ICMP) return `${ends} ${icmpTypeCode(icmpType, icmpCode)}`
  if (protocol === UDP) return `${ends} udp`
  if (protocol === SCTP) return `${ends} sctp`
  if (protocol !== TCP) return ends
  const flags = TCP_FLAGS.filter(([bit]) => (tcpFlags & bit) !== 0).map(([, name]) => name)
  return `${ends} tcp ${flags.join(", ")}`.trimEnd()
}

const port = (protocol: number, number: number): string =>
  protocol === TCP || protocol === UDP || protocol === SCTP ? `:${number}` : ""

function dnsText(type: AccessLog["type"], { query, queryTypes, ttl, addresses, names }: DnsRecord): string {
  const types = queryTypes.join(",")
  if (type === "request") return ` DNS Query: ${query} ${types}`
  const aliases = names.length === 0 ? "" : ` CNAMEs: ${names.join(",")}`
  return ` DNS Proxy: ${query} ${types} TTL: ${ttl} Answer: '${addresses.map(formatIpv4).join(",")}'${aliases}`
}
