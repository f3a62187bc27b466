/** Ports of datagrams that come in pieces: later fragments are known by their first one. Models cilium_ipv4_frag_datagrams. */
import { Drop } from "../drop.ts"

/** What the map reads and completes of a packet. */
export interface FragmentedPacket {
  readonly source: number
  readonly destination: number
  readonly protocol: number
  readonly hasL4: boolean
  sourcePort: number
  destinationPort: number
}

/** bpf-fragments-map-max. */
const MAX_ENTRIES = 8192

export class FragmentMap {
  readonly #ports = new Map<string, number>()

  /** Notes the ports of a first fragment, or gives them to a later one; 0 or a drop reason. Models ipv4_handle_fragmentation. */
  ports(packet: FragmentedPacket, id: number): number {
    const key = `${id}/${packet.protocol}/${packet.source}/${packet.destination}`
    if (packet.hasL4) {
      this.#ports.delete(key)
      this.#ports.set(key, packet.sourcePort * 0x1_0000 + packet.destinationPort)
      if (this.#ports.size > MAX_ENTRIES) this.#ports.delete(this.#ports.keys().next().value as string)
      return 0
    }
    const ports = this.#ports.get(key)
    if (ports === undefined) return Drop.FRAG_NOT_FOUND
    packet.sourcePort = Math.floor(ports / 0x1_0000)
    packet.destinationPort = ports % 0x1_0000
    return 0
  }
}
