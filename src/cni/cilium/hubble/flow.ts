/** A flow as Hubble's API has it, in the shape of its JSON. Models api/v1/flow/flow.proto; fields in the order they are printed. */

export type Verdict = "FORWARDED" | "DROPPED" | "AUDIT" | "REDIRECTED" | "ERROR" | "TRACED" | "TRANSLATED"

export interface FlowEndpoint {
  ID?: number
  identity?: number
  cluster_name?: string
  namespace?: string
  labels?: readonly string[]
  pod_name?: string
  workloads?: readonly { name: string; kind: string }[]
}

export interface FlowTcp {
  source_port: number
  destination_port: number
  flags: Partial<Record<TcpFlagName, true>>
}

/** In the order of a summary. */
export const TCP_FLAG_NAMES = ["SYN", "ACK", "RST", "FIN", "PSH", "URG", "ECE", "CWR"] as const
export type TcpFlagName = (typeof TCP_FLAG_NAMES)[number]

export interface FlowPorts {
  source_port: number
  destination_port: number
}

export interface FlowL4 {
  TCP?: FlowTcp
  UDP?: FlowPorts
  ICMPv4?: { type?: number; code?: number }
  SCTP?: FlowPorts
}

export interface FlowHttp {
  code?: number
  method: string
  url: string
  protocol: string
  headers?: readonly { key: string; value: string }[]
}

export interface FlowDns {
  query: string
  ips?: readonly string[]
  ttl?: number
  cnames?: readonly string[]
  observation_source: string
  rcode?: number
  qtypes?: readonly string[]
  rrtypes?: readonly string[]
}

export interface FlowL7 {
  type: "REQUEST" | "RESPONSE"
  latency_ns?: string
  dns?: FlowDns
  http?: FlowHttp
}

export interface PolicyName {
  name: string
  namespace?: string
  labels?: readonly string[]
  revision?: string
  kind?: string
}

export interface FlowService {
  name: string
  namespace: string
}

export interface Flow {
  time: string
  uuid: string
  verdict: Verdict
  drop_reason?: number
  ethernet?: { source: string; destination: string }
  IP?: { source: string; destination: string; ipVersion: "IPv4" }
  l4?: FlowL4
  source?: FlowEndpoint
  destination?: FlowEndpoint
  Type: "L3_L4" | "L7"
  node_name: string
  node_labels?: readonly string[]
  source_names?: readonly string[]
  destination_names?: readonly string[]
  l7?: FlowL7
  event_type: { type: number; sub_type?: number }
  source_service?: FlowService
  destination_service?: FlowService
  traffic_direction?: "INGRESS" | "EGRESS"
  policy_match_type?: number
  trace_observation_point?: string
  trace_reason?: string
  drop_reason_desc?: string
  is_reply?: boolean
  interface?: { index: number; name?: string }
  proxy_port?: number
  Summary: string
  egress_allowed_by?: readonly PolicyName[]
  ingress_allowed_by?: readonly PolicyName[]
  egress_denied_by?: readonly PolicyName[]
  ingress_denied_by?: readonly PolicyName[]
}
