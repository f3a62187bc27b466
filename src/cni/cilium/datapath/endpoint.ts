/** An endpoint as the programs know it: what is compiled into its object (LXC_ID, SECLABEL, …). */
import type { NetDevice } from "../../../linux/netdev.ts"
import type { ResolvedPolicy } from "../../../policy/api.ts"

/** The part of a resolved policy that programs read. */
export type EndpointPolicy = Pick<ResolvedPolicy, "map" | "enforced">

export class Endpoint {
  readonly id: number
  identity: number
  readonly address: number
  /** The pod's eth0. */
  readonly mac: number
  /** The host side. */
  readonly dev: NetDevice
  readonly name: string
  /** Absent until the agent has computed one: nothing passes. */
  policy: EndpointPolicy | undefined = undefined

  constructor(id: number, identity: number, address: number, mac: number, dev: NetDevice, name: string) {
    this.id = id
    this.identity = identity
    this.address = address
    this.mac = mac
    this.dev = dev
    this.name = name
  }
}
