/** Which endpoint an address of this node belongs to. Models pkg/maps/lxcmap, the cilium_lxc map. */
import { NumberMap } from "../../../../linux/number-map.ts"

export interface EndpointInfo {
  /** IPv4 address. */
  readonly address: number
  /** The endpoint's id on this node; 0 for the host's own addresses. */
  readonly id: number
  readonly identity: number
  /** Of the host side. */
  readonly ifindex: number
  /** The pod's eth0. */
  readonly mac: number
  /** The host side's. */
  readonly nodeMac: number
  /** ENDPOINT_F_HOST: the address is the node's own. */
  readonly host: boolean
}

export class EndpointMap {
  /** Bumped on every write. */
  generation = 0
  readonly #entries = new NumberMap<EndpointInfo>()

  lookup(address: number): EndpointInfo | undefined {
    return this.#entries.get(address)
  }

  set(info: EndpointInfo): void {
    this.#entries.set(info.address, info)
    this.generation++
  }

  delete(address: number): boolean {
    const deleted = this.#entries.delete(address)
    if (deleted) this.generation++
    return deleted
  }

  /** In order of insertion. */
  entries(): IterableIterator<EndpointInfo> {
    return this.#entries.values()
  }
}
