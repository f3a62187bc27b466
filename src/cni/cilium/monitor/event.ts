/**
 * What a node's programs and proxies say about packets. Models pkg/monitor/datapath_*.go and pkg/proxy/accesslog: the one stream that
 * `cilium-dbg monitor` prints and that Hubble turns into flows.
 */

/** What the parser of a packet finds. Addresses are numbers, ports 0 for ICMP. */
export interface PacketTuple {
  readonly source: number
  readonly destination: number
  /** IP protocol number. */
  readonly protocol: number
  readonly sourcePort: number
  readonly destinationPort: number
  /** TCP flag bits as on the wire (FIN 1 … CWR 128); 0 otherwise. */
  readonly tcpFlags: number
  /** ICMP type and code; 0 otherwise. */
  readonly icmpType: number
  readonly icmpCode: number
  /** Bytes of the IP packet. */
  readonly length: number
  readonly sourceMac: number
  readonly destinationMac: number
}

interface Common {
  /** Virtual nanoseconds. */
  readonly time: number
  /** skb hash: `flow 0x…`. */
  readonly hash: number
  readonly packet: PacketTuple
  /** The endpoint whose program speaks; 0 none. */
  readonly endpoint: number
  readonly sourceIdentity: number
  /** 0 when not known yet. */
  readonly destinationIdentity: number
}

/** Where a packet was seen. Models pkg/monitor/api TraceObservationPoint names. */
export type ObservationPoint =
  | "to-endpoint"
  | "to-proxy"
  | "to-host"
  | "to-stack"
  | "to-overlay"
  | "to-network"
  | "from-endpoint"
  | "from-proxy"
  | "from-host"
  | "from-stack"
  | "from-overlay"
  | "from-network"

export interface TraceNotify extends Common {
  readonly kind: "trace"
  readonly point: ObservationPoint
  /** The connection tracker's word. */
  readonly reason: "new" | "established" | "reply" | "related" | "reopened" | "unknown"
  /** The receiving endpoint's id, or the proxy's port for to-proxy; 0 none. */
  readonly destinationId: number
  readonly ifindex: number
  /** The address before translation or proxying; 0 none. */
  readonly originalAddress: number
}

export interface DropNotify extends Common {
  readonly kind: "drop"
  /** Models pkg/monitor/api/drop.go: 133 Policy denied, … */
  readonly reason: number
  readonly destinationId: number
  readonly ifindex: number
  readonly ingress: boolean
  /** What decided: a policy entry, a map, nothing. */
  readonly object: unknown
}

export interface PolicyVerdictNotify extends Common {
  readonly kind: "policy-verdict"
  readonly remoteIdentity: number
  readonly ingress: boolean
  readonly action: "allow" | "deny" | "redirect" | "audit"
  /** The number behind the action: 0, a proxy port, or a negative drop code. */
  readonly verdict: number
  readonly match: "none" | "L3-Only" | "L3-Proto" | "L3-L4" | "L4-Only" | "Proto-Only" | "all"
  readonly authRequired: boolean
  /** The policy map's entry that decided; undefined when none matched. It knows the rules it came from. */
  readonly entry: unknown
}

/** A request or an answer as a proxy saw it. Models pkg/proxy/accesslog/record.go. */
export interface AccessLog {
  readonly kind: "l7"
  readonly time: number
  readonly type: "request" | "response"
  readonly verdict: "Forwarded" | "Denied" | "Error" | "Redirected"
  /** True when an ingress redirect carried it. */
  readonly ingress: boolean
  /** The client's and the server's side of the connection, whoever speaks. */
  readonly source: L7Peer
  readonly destination: L7Peer
  readonly proxyPort: number
  readonly http?: HttpRecord
  readonly dns?: DnsRecord
  /** The rule that allowed, or what was refused; it knows its manifest. */
  readonly object?: unknown
}

export interface L7Peer {
  readonly address: number
  readonly port: number
  readonly identity: number
  /** 0 when it is not an endpoint of this node. */
  readonly endpoint: number
}

export interface HttpRecord {
  readonly code: number
  readonly method: string
  /** `http://10.0.1.5/denied`: what the Host header and the path make. */
  readonly url: string
  /** `HTTP/1.1`. */
  readonly protocol: string
  readonly headers: readonly (readonly [string, string])[]
  /** Nanoseconds between request and response. */
  readonly latency: number
}

export interface DnsRecord {
  readonly query: string
  /** `A`, `AAAA`. */
  readonly queryTypes: readonly string[]
  readonly addresses: readonly number[]
  readonly names: readonly string[]
  /** Of every record of an answer. */
  readonly answerTypes: readonly string[]
  readonly rcode: number
  readonly ttl: number
  /** `proxy` */
  readonly observationSource: string
  readonly transport: "UDP" | "TCP"
}

export type MonitorEvent = TraceNotify | DropNotify | PolicyVerdictNotify | AccessLog
