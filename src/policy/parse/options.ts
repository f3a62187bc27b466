/** What the agent knows beside the policy object: its options, and the objects a rule may refer to. */
export interface ParseOptions {
  /** cluster-name ("default"): the label that the entity `cluster` asks for. */
  readonly clusterName?: string
  /** enable-l7-proxy (true). */
  readonly l7Proxy?: boolean
  /** enable-node-selector-labels (false): fromNodes and toNodes need it. */
  readonly nodeSelectorLabels?: boolean
  /** enable-extended-ip-protocols (false): VRRP and others may leave out the port. */
  readonly extendedIpProtocols?: boolean
  readonly cidrGroups?: readonly CidrGroup[]
  readonly services?: readonly ServiceBackends[]
}

/** A CiliumCIDRGroup. */
export interface CidrGroup {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly externalCIDRs: readonly string[]
}

/** A Service, for toServices: what is allowed is its backends, never its virtual address. */
export interface ServiceBackends {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Pods by label; undefined for a Service whose endpoints somebody else writes. */
  readonly selector?: Readonly<Record<string, string>>
  /** Addresses of its endpoints. */
  readonly backends: readonly string[]
}
