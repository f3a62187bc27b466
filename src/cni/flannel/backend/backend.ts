/** What a backend does: a device, and routes to the others. Models pkg/backend/common.go. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { NetDevice } from "../../../linux/netdev.ts"
import type { NetNamespace } from "../../../linux/netns.ts"
import type { Prefix } from "../../../wire/address.ts"
import type { Lease, LeaseEvent } from "../lease.ts"
import type { NetConf } from "../options.ts"

/** The node as a backend sees it. */
export interface BackendHost {
  readonly kernel: Kernel
  readonly net: NetNamespace
  /** The uplink. */
  readonly dev: NetDevice
  readonly ifaceAddress: number
  readonly publicIp: string
  readonly conf: NetConf
  /** The own node's lease from an earlier life, when there is one. */
  readonly before: Lease | undefined
  /** Says what annotations the own node has, as the real one does whenever it reads them. */
  readonly sayAnnotations: (place: string) => Promise<void>
  readonly log: (level: "I" | "W" | "E", place: string, text: string) => Promise<void>
}

export interface Backend {
  readonly type: "vxlan" | "host-gw"
  /** The own node's backend-data annotation. */
  readonly data: string
  /** The pods' MTU. */
  readonly mtu: number
  /** Called once the own subnet is known; text when it fails. */
  configure(subnet: Prefix): string | undefined
  /** A node came, changed or went. */
  handle(event: LeaseEvent): Promise<void>
  /** The backend's device, whose loss ends the daemon. */
  readonly device: NetDevice | undefined
}
