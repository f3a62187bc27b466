/** From a node's events to flows. Models pkg/hubble/parser/threefour and seven. */
import { formatIpv4, formatMac } from "../../../wire/address.ts"
import { IpProtocol } from "../../../wire/ipv4.ts"
import type {
  AccessLog,
  DropNotify,
  L7Peer,
  MonitorEvent,
  PacketTuple,
  PolicyVerdictNotify,
  TraceNotify,
} from "../monitor/event.ts"
import {
  type Flow,
  type FlowDns,
  type FlowEndpoint,
  type FlowL4,
  type FlowService,
  type FlowTcp,
  type PolicyName,
  TCP_FLAG_NAMES,
} from "./flow.ts"
import { dnsSummary, httpSummary } from "./l7-summary.ts"
import { dropReasonDesc, icmpTypeCode, MATCH_TYPES, MessageType, OBSERVATION_POINTS } from "./names.ts"

/** What a node knows about addresses and identities. */
export interface HubbleMetadata {
  readonly nodeName: string
  readonly nodeLabels: readonly string[]
  /** The endpoint or remote pod that has an address; `identity` is what the datapath said (0: nothing). */
  peer(address: number, identity: number): FlowEndpoint
  /** The id of this node's endpoint with an address, 0 when it has none. */
  endpointId(address: number): number
  service(address: number, port: number): FlowService | undefined
  /** The DNS names an endpoint of this node resolved to an address. */
  names(endpoint: number, address: number): readonly string[]
  /** The policies behind a policy map's entry. */
  policies(entry: unknown): readonly PolicyName[]
  interfaceName(ifindex: number): string | undefined
  /** Wall-clock text of a virtual time, RFC 3339 with nanoseconds. */
  timestamp(time: number): string
  uuid(): string
}

/** TCP flag bits in the order of {@link TCP_FLAG_NAMES}. */
const TCP_BITS = [0x02, 0x10, 0x04, 0x01, 0x08, 0x20, 0x40, 0x80] as const

export function parseEvent(event: MonitorEvent, meta: HubbleMetadata): Flow {
  return event.kind === "l7" ? parseAccessLog(event, meta) : parsePacket(event, meta)
}

function parsePacket(event: TraceNotify | DropNotify | PolicyVerdictNotify, meta: HubbleMetadata): Flow {
  const { packet } = event
  const address = event.kind === "trace" && event.originalAddress !== 0 ? event.originalAddress : packet.source
  const source = meta.peer(address, event.sourceIdentity)
  const destination = meta.peer(packet.destination, event.destinationIdentity)
  const sourceId = meta.endpointId(address)
  const reply = isReply(event)
  const direction = directionOf(event, sourceId)
  return compact({
    time: meta.timestamp(event.time),
    uuid: meta.uuid(),
    verdict: verdictOf(event),
    drop_reason: dropCode(event) || undefined,
    ethernet: { source: formatMac(packet.sourceMac), destination: formatMac(packet.destinationMac) },
    IP: { source: formatIpv4(address), destination: formatIpv4(packet.destination), ipVersion: "IPv4" },
    l4: l4Of(packet),
    source,
    destination,
    Type: "L3_L4",
    node_name: meta.nodeName,
    node_labels: meta.nodeLabels,
    source_names: some(meta.names(meta.endpointId(packet.destination), address)),
    destination_names: some(meta.names(sourceId, packet.destination)),
    event_type: eventType(event),
    source_service: meta.service(address, packet.sourcePort),
    destination_service: meta.service(packet.destination, packet.destinationPort),
    traffic_direction: direction,
    policy_match_type: event.kind === "policy-verdict" ? MATCH_TYPES[event.match] || undefined : undefined,
    trace_observation_point: event.kind === "trace" ? event.point.toUpperCase().replace("-", "_") : undefined,
    trace_reason: event.kind === "trace" && event.reason !== "unknown" ? event.reason.toUpperCase() : undefined,
    drop_reason_desc: dropCode(event) === 0 ? undefined : dropReasonDesc(dropCode(event)),
    is_reply: reply,
    interface: interfaceOf(event, meta),
    proxy_port: event.kind === "trace" && event.point === "to-proxy" ? event.destinationId : undefined,
    Summary: summaryOf(packet),
    ...decidedBy(event, direction, meta),
  })
}

function verdictOf(event: TraceNotify | DropNotify | PolicyVerdictNotify): Flow["verdict"] {
  if (event.kind === "drop") return "DROPPED"
  if (event.kind === "trace") return "FORWARDED"
  if (event.action === "deny") return "DROPPED"
  if (event.action === "audit") return "AUDIT"
  return event.action === "redirect" ? "REDIRECTED" : "FORWARDED"
}

function dropCode(event: TraceNotify | DropNotify | PolicyVerdictNotify): number {
  if (event.kind === "drop") return event.reason
  return event.kind === "policy-verdict" && event.verdict < 0 ? -event.verdict : 0
}

/** What is not known stays open: drops and refusals. Models decodeIsReply. */
function isReply(event: TraceNotify | DropNotify | PolicyVerdictNotify): boolean | undefined {
  if (event.kind === "trace") return event.reason === "unknown" ? undefined : event.reason === "reply"
  return event.kind === "policy-verdict" && event.verdict >= 0 ? false : undefined
}

/** Models decodeTrafficDirection: seen from the endpoint whose program spoke, replies turned around. */
function directionOf(
  event: TraceNotify | DropNotify | PolicyVerdictNotify,
  sourceId: number,
): "INGRESS" | "EGRESS" | undefined {
  if (event.kind === "policy-verdict") return event.ingress ? "INGRESS" : "EGRESS"
  if (event.endpoint === 0) return undefined
  if (event.kind === "drop") return event.endpoint === sourceId ? "EGRESS" : "INGRESS"
  if (event.reason === "unknown") return undefined
  return (event.endpoint === sourceId) !== (event.reason === "reply") ? "EGRESS" : "INGRESS"
}

function eventType(event: TraceNotify | DropNotify | PolicyVerdictNotify): Flow["event_type"] {
  if (event.kind === "drop") return { type: MessageType.DROP, sub_type: event.reason }
  if (event.kind === "policy-verdict") return { type: MessageType.POLICY_VERDICT }
  const sub = OBSERVATION_POINTS[event.point]
  return sub === 0 ? { type: MessageType.TRACE } : { type: MessageType.TRACE, sub_type: sub }
}

function interfaceOf(event: TraceNotify | DropNotify | PolicyVerdictNotify, meta: HubbleMetadata): Flow["interface"] {
  if (event.kind !== "trace" || event.ifindex === 0) return undefined
  const name = meta.interfaceName(event.ifindex)
  return name === undefined ? { index: event.ifindex } : { index: event.ifindex, name }
}

function decidedBy(
  event: TraceNotify | DropNotify | PolicyVerdictNotify,
  direction: "INGRESS" | "EGRESS" | undefined,
  meta: HubbleMetadata,
): Pick<Flow, "egress_allowed_by" | "ingress_allowed_by" | "egress_denied_by" | "ingress_denied_by"> {
  if (event.kind !== "policy-verdict" || event.entry === undefined) return {}
  const policies = meta.policies(event.entry)
  if (policies.length === 0) return {}
  const denied = event.action === "deny"
  if (direction === "INGRESS") return denied ? { ingress_denied_by: policies } : { ingress_allowed_by: policies }
  return denied ? { egress_denied_by: policies } : { egress_allowed_by: policies }
}

function l4Of(packet: PacketTuple): FlowL4 | undefined {
  const ports = { source_port: packet.sourcePort, destination_port: packet.destinationPort }
  if (packet.protocol === IpProtocol.TCP) return { TCP: { ...ports, flags: flagsOf(packet.tcpFlags) } }
  if (packet.protocol === IpProtocol.UDP) return { UDP: ports }
  if (packet.protocol === SCTP) return { SCTP: ports }
  if (packet.protocol !== IpProtocol.ICMP) return undefined
  return {
    ICMPv4: {
      ...(packet.icmpType === 0 ? {} : { type: packet.icmpType }),
      ...(packet.icmpCode === 0 ? {} : { code: packet.icmpCode }),
    },
  }
}

const SCTP = 132
/** TCPFlags in the order of its message, which is not the summary's. */
const MESSAGE_ORDER = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"] as const

function flagsOf(bits: number): FlowTcp["flags"] {
  const flags: FlowTcp["flags"] = {}
  for (const name of MESSAGE_ORDER)
    if ((bits & (TCP_BITS[TCP_FLAG_NAMES.indexOf(name)] as number)) !== 0) flags[name] = true
  return flags
}

function summaryOf(packet: PacketTuple): string {
  if (packet.protocol === IpProtocol.TCP)
    return `TCP Flags: ${TCP_FLAG_NAMES.filter((_, i) => (packet.tcpFlags & (TCP_BITS[i] as number)) !== 0).join(", ")}`
  if (packet.protocol === IpProtocol.UDP) return "UDP"
  if (packet.protocol === SCTP) return "SCTP"
  if (packet.protocol === IpProtocol.ICMP) return `ICMPv4 ${icmpTypeCode(packet.icmpType, packet.icmpCode)}`
  return "IPv4"
}

function parseAccessLog(event: AccessLog, meta: HubbleMetadata): Flow {
  const response = event.type === "response"
  const [from, to] = response ? [event.destination, event.source] : [event.source, event.destination]
  const ports = { source_port: from.port, destination_port: to.port }
  return compact({
    time: meta.timestamp(event.time),
    uuid: meta.uuid(),
    verdict: event.verdict === "Denied" ? "DROPPED" : (event.verdict.toUpperCase() as Flow["verdict"]),
    IP: { source: formatIpv4(from.address), destination: formatIpv4(to.address), ipVersion: "IPv4" },
    l4: event.dns?.transport === "UDP" ? { UDP: ports } : { TCP: { ...ports, flags: {} } },
    source: l7Peer(from, meta),
    destination: l7Peer(to, meta),
    Type: "L7",
    node_name: meta.nodeName,
    node_labels: meta.nodeLabels,
    source_names: some(meta.names(to.endpoint, from.address)),
    destination_names: some(meta.names(from.endpoint, to.address)),
    l7: {
      type: response ? "RESPONSE" : "REQUEST",
      ...(response && event.http !== undefined ? { latency_ns: String(event.http.latency) } : {}),
      ...(event.dns === undefined ? {} : { dns: dnsOf(event) as FlowDns }),
      ...(event.http === undefined ? {} : { http: httpOf(event) }),
    },
    event_type: { type: MessageType.ACCESS_LOG },
    source_service: meta.service(from.address, from.port),
    destination_service: meta.service(to.address, to.port),
    traffic_direction: event.ingress ? "INGRESS" : "EGRESS",
    is_reply: response,
    proxy_port: undefined,
    Summary: event.dns === undefined ? httpSummary(event) : dnsSummary(event),
  })
}

const l7Peer = (peer: L7Peer, meta: HubbleMetadata): FlowEndpoint => meta.peer(peer.address, peer.identity)

function httpOf(event: AccessLog): NonNullable<NonNullable<Flow["l7"]>["http"]> {
  const { http } = event
  if (http === undefined) throw new Error("an HTTP record has HTTP in it")
  return {
    ...(http.code === 0 ? {} : { code: http.code }),
    method: http.method,
    url: http.url,
    protocol: http.protocol,
    headers: http.headers.map(([key, value]) => ({ key, value })),
  }
}

function dnsOf(event: AccessLog): FlowDns | undefined {
  const { dns } = event
  if (dns === undefined) return undefined
  return {
    query: dns.query,
    ...(dns.addresses.length === 0 ? {} : { ips: dns.addresses.map(formatIpv4) }),
    ...(dns.ttl === 0 ? {} : { ttl: dns.ttl }),
    ...(dns.names.length === 0 ? {} : { cnames: dns.names }),
    observation_source: dns.observationSource,
    ...(dns.rcode === 0 ? {} : { rcode: dns.rcode }),
    qtypes: dns.queryTypes,
    ...(event.type === "request" || dns.answerTypes.length === 0 ? {} : { rrtypes: dns.answerTypes }),
  }
}

const some = (list: readonly string[]): readonly string[] | undefined => (list.length === 0 ? undefined : list)

/** Protobuf's JSON leaves out what is not set. */
function compact(flow: { [K in keyof Flow]: Flow[K] | undefined }): Flow {
  return Object.fromEntries(Object.entries(flow).filter(([, value]) => value !== undefined)) as unknown as Flow
}
