/** Numbers and their names, as pkg/monitor/api has them. */
import type { ObservationPoint, PolicyVerdictNotify } from "../monitor/event.ts"

/** MessageType: what kind of record an event was. */
export const MessageType = { DROP: 1, TRACE: 4, POLICY_VERDICT: 5, ACCESS_LOG: 129 } as const

/** Trace points by their number in the datapath. */
export const OBSERVATION_POINTS: Readonly<Record<ObservationPoint, number>> = {
  "to-endpoint": 0,
  "to-proxy": 1,
  "to-host": 2,
  "to-stack": 3,
  "to-overlay": 4,
  "from-endpoint": 5,
  "from-proxy": 6,
  "from-host": 7,
  "from-stack": 8,
  "from-overlay": 9,
  "from-network": 10,
  "to-network": 11,
}

/** POLICY_MATCH_*. */
export const MATCH_TYPES: Readonly<Record<PolicyVerdictNotify["match"], number>> = {
  none: 0,
  "L3-Only": 1,
  "L3-L4": 2,
  "L4-Only": 3,
  all: 4,
  "L3-Proto": 5,
  "Proto-Only": 6,
}

/** Reserved identities by number. Models pkg/identity/numericidentity.go. */
const RESERVED: Readonly<Record<number, string>> = {
  0: "unknown",
  1: "host",
  2: "world",
  3: "unmanaged",
  4: "health",
  5: "init",
  6: "remote-node",
  7: "kube-apiserver",
  8: "ingress",
  9: "world-ipv4",
  10: "world-ipv6",
}

/** The name of a reserved identity. */
export const reservedName = (identity: number): string | undefined => RESERVED[identity]

/** Drop reasons: the words a person reads and the name in the API. Models pkg/monitor/api/drop.go. */
const DROP_REASONS: Readonly<Record<number, readonly [string, string]>> = {
  130: ["Invalid source mac", "INVALID_SOURCE_MAC"],
  131: ["Invalid destination mac", "INVALID_DESTINATION_MAC"],
  132: ["Invalid source ip", "INVALID_SOURCE_IP"],
  133: ["Policy denied", "POLICY_DENIED"],
  134: ["Invalid packet", "INVALID_PACKET_DROPPED"],
  135: ["CT: Truncated or invalid header", "CT_TRUNCATED_OR_INVALID_HEADER"],
  136: ["Fragmentation needed", "CT_MISSING_TCP_ACK_FLAG"],
  137: ["CT: Unknown L4 protocol", "CT_UNKNOWN_L4_PROTOCOL"],
  139: ["Unsupported L3 protocol", "UNSUPPORTED_L3_PROTOCOL"],
  140: ["Missed tail call", "MISSED_TAIL_CALL"],
  142: ["Unknown L4 protocol", "UNKNOWN_L4_PROTOCOL"],
  143: ["Unknown ICMPv4 code", "UNKNOWN_ICMPV4_CODE"],
  144: ["Unknown ICMPv4 type", "UNKNOWN_ICMPV4_TYPE"],
  150: ["Unknown L3 target address", "UNKNOWN_L3_TARGET_ADDRESS"],
  151: ["Stale or unroutable IP", "STALE_OR_UNROUTABLE_IP"],
  152: ["No matching local container found", "NO_MATCHING_LOCAL_CONTAINER_FOUND"],
  155: ["CT: Map insertion failed", "CT_MAP_INSERTION_FAILED"],
  157: ["IP fragmentation not supported", "IP_FRAGMENTATION_NOT_SUPPORTED"],
  158: ["Service backend not found", "SERVICE_BACKEND_NOT_FOUND"],
  160: ["No tunnel/encapsulation endpoint (datapath BUG!)", "NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT"],
  163: ["Unknown connection tracking state", "UNKNOWN_CONNECTION_TRACKING_STATE"],
  164: ["Local host is unreachable", "LOCAL_HOST_IS_UNREACHABLE"],
  165: [
    "No configuration available to perform policy decision",
    "NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION",
  ],
  166: ["Unsupported L2 protocol", "UNSUPPORTED_L2_PROTOCOL"],
  169: ["FIB lookup failed", "FIB_LOOKUP_FAILED"],
  170: ["Encapsulation traffic is prohibited", "ENCAPSULATION_TRAFFIC_IS_PROHIBITED"],
  171: ["Invalid identity", "INVALID_IDENTITY"],
  172: ["Unknown sender", "UNKNOWN_SENDER"],
  174: ["Is a ClusterIP", "IS_A_CLUSTERIP"],
  175: ["First logical datagram fragment not found", "FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND"],
  177: ["Denied by LB src range check", "DENIED_BY_LB_SRC_RANGE_CHECK"],
  180: ["Proxy redirection not supported for protocol", "PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL"],
  181: ["Policy denied by denylist", "POLICY_DENY"],
  182: ["VLAN traffic disallowed by VLAN filter", "VLAN_FILTERED"],
  189: ["Authentication required", "AUTH_REQUIRED"],
  194: ["No egress gateway found", "NO_EGRESS_GATEWAY"],
  195: ["Traffic is unencrypted", "UNENCRYPTED_TRAFFIC"],
  196: ["TTL exceeded", "TTL_EXCEEDED"],
  197: ["No node ID found", "NO_NODE_ID"],
  202: ["Host datapath not ready", "DROP_HOST_NOT_READY"],
  203: ["Endpoint policy program not available", "DROP_EP_NOT_READY"],
  204: ["No Egress IP configured", "DROP_NO_EGRESS_IP"],
}

/** `Policy denied`, or the number for one nobody named. */
export const dropReason = (reason: number): string => DROP_REASONS[reason]?.[0] ?? String(reason)

/** `POLICY_DENIED`. */
export const dropReasonDesc = (reason: number): string => DROP_REASONS[reason]?.[1] ?? String(reason)

/** ICMPv4 types as gopacket prints them. */
const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: "EchoReply",
  3: "DestinationUnreachable",
  4: "SourceQuench",
  5: "Redirect",
  8: "EchoRequest",
  9: "RouterAdvertisement",
  10: "RouterSolicitation",
  11: "TimeExceeded",
  12: "ParameterProblem",
  13: "TimestampRequest",
  14: "TimestampReply",
}
const UNREACHABLE_CODES = ["Net", "Host", "Protocol", "Port", "FragmentationNeeded", "SourceRoutingFailed"] as const

/** `EchoRequest`, `DestinationUnreachable(Port)`. */
export function icmpTypeCode(type: number, code: number): string {
  const name = ICMP_TYPES[type]
  if (name === undefined) return `${type}(${code})`
  if (type === 3) return `${name}(${UNREACHABLE_CODES[code] ?? code})`
  if (type === 11) return `${name}(${code === 0 ? "TTLExceeded" : "FragmentReassemblyTimeExceeded"})`
  return code === 0 ? name : `${name}(${code})`
}
