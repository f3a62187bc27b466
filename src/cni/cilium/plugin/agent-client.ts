/** What the CNI plugin asks the agent over /var/run/cilium/cilium.sock. The agent implements it (agent/registry.ts). */

/** Models api/v1 DaemonConfigurationStatus, what the plugin reads of it. */
export interface AgentConfig {
  /** Of the pods' devices. */
  readonly deviceMtu: number
  /** Of the pods' default route. */
  readonly routeMtu: number
  /** `veth`. */
  readonly datapathMode: string
  /** The node's router address: what pods use as gateway. */
  readonly routerIp: number
}

export interface PodRef {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** Models EndpointChangeRequest. */
export interface EndpointRequest {
  readonly containerId: string
  /** `eth0`. */
  readonly containerInterface: string
  /** `/var/run/netns/cni-…`. */
  readonly netns: string
  /** `lxc` and twelve digits. */
  readonly hostInterface: string
  readonly hostIfindex: number
  readonly address: number
  /** The pod's eth0. */
  readonly mac: number
  /** The host side's. */
  readonly hostMac: number
  readonly pod: PodRef
}

/** Every call fails with the text the agent's API answers. */
export interface AgentClient {
  config(): AgentConfig
  /** A free address of the node's pod range. `owner` is `namespace/name`. */
  ipamAllocate(owner: string): number | string
  ipamRelease(address: number): void
  /** Resolves when the endpoint's programs are attached: its traffic flows. Text when it is refused. */
  createEndpoint(request: EndpointRequest): Promise<string | undefined>
  /** By `containerId:ifname`; text when there is none. */
  deleteEndpoint(containerId: string, containerInterface: string): Promise<string | undefined>
  /** True while an endpoint with this attachment is alive. */
  hasEndpoint(containerId: string, containerInterface: string): boolean
}
