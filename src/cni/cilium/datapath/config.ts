/** What the agent configures a node's data path with. Models the compiled-in node_config.h and the options behind it. */
import type { Prefix } from "../../../wire/address.ts"

export interface DatapathConfig {
  /** UDP port of cilium_vxlan (8472). */
  readonly tunnelPort: number
  /** MTU of the pods' and Cilium's devices (1500). */
  readonly deviceMtu: number
  /** What the tunnel costs (50), taken from the MTU of routes to other nodes. */
  readonly tunnelOverhead: number
  /** Drops become verdict AUDIT and pass (policyAuditMode). */
  readonly policyAudit: boolean
  /** Seconds between two traces of one connection and direction (monitorInterval, 5). */
  readonly monitorInterval: number
  /** Seconds: TCP established 8000, SYN only 60, closing 10, other protocols 60. */
  readonly ctTimeouts: { readonly tcp: number; readonly syn: number; readonly close: number; readonly any: number }
  /** Counts packets and bytes in connection entries (bpf-ct-accounting, false). */
  readonly ctAccounting: boolean
  /** For a service without backends: an ICMP error, or silence and drop 158 (service-no-backend-response, "reject"). */
  readonly serviceNoBackendResponse: "reject" | "drop"
  /** Lets SCTP through (sctp.enabled, false). */
  readonly sctp: boolean
  /** First and last port for proxies. */
  readonly proxyPorts: readonly [number, number]
}

export const DEFAULT_CONFIG: DatapathConfig = {
  tunnelPort: 8472,
  deviceMtu: 1500,
  tunnelOverhead: 50,
  policyAudit: false,
  monitorInterval: 5,
  ctTimeouts: { tcp: 8000, syn: 60, close: 10, any: 60 },
  ctAccounting: false,
  serviceNoBackendResponse: "reject",
  sctp: false,
  proxyPorts: [10000, 20000],
}

/** A node's place in the cluster: what `base` builds from. */
export interface BaseOptions {
  /** The CiliumInternalIP: on cilium_host, the pods' gateway. */
  readonly routerIp: number
  /** The InternalIP. */
  readonly nodeIp: number
  /** The node's own pod range. */
  readonly localCidr: Prefix
  /** Names of the devices that face other nodes (cil_from_netdev, cil_to_netdev): `enp0s8`. */
  readonly uplinks: readonly string[]
}

/** Why {@link CiliumDatapath.base} failed, in the agent's words. */
export interface BaseError {
  /** `EADDRINUSE` when another kind of vxlan device holds the port. */
  readonly errno: string
  /** `setting up vxlan device: …: address already in use`. */
  readonly message: string
}

/** An endpoint to attach programs to. */
export interface EndpointSpec {
  /** 1 to 4095, unique on the node. */
  readonly id: number
  readonly identity: number
  readonly address: number
  /** The pod's eth0. */
  readonly mac: number
  /** `lxc…`, in the node's first namespace. */
  readonly hostInterface: string
  /** `default/web-1`: for explanations. */
  readonly name: string
}
