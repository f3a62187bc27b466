/** Which VTEP an Ethernet address is behind. Models the vxlan_fdb of drivers/net/vxlan/vxlan_core.c. */

import { DstCache } from "../ip/dst-cache.ts"
import type { IpOutputOptions } from "../ip/output.ts"
import type { NetDevice } from "../netdev.ts"
import { NumberMap } from "../number-map.ts"

/** A remote VTEP. Models struct vxlan_rdst; 0 in port and VNI means the device's own. */
export class VxlanRemote {
  readonly ip: number
  readonly port: number
  readonly vni: number
  /** The device to leave by, when the row says so. */
  readonly via: NetDevice | undefined
  readonly dst: DstCache = new DstCache()
  /** What the outer IPv4 headers say: the same for every packet while the source is. */
  header: IpOutputOptions | undefined = undefined

  constructor(ip: number, port: number, vni: number, via?: NetDevice) {
    this.ip = ip
    this.port = port
    this.vni = vni
    this.via = via
  }
}

export interface VxlanFdbRow {
  readonly mac: number
  readonly remotes: VxlanRemote[]
  /** NUD_PERMANENT; else learned or `static`/`dynamic`. */
  permanent: boolean
  /** NUD_NOARP: `static` in the tool's words. */
  isStatic: boolean
  updated: number
  /** Virtual ns of the last frame to or from it: what ages a learned row. */
  used: number
  origin: string | undefined
}

export class VxlanFdb {
  generation = 0
  readonly #rows = new NumberMap<VxlanFdbRow>()

  lookup(mac: number): VxlanFdbRow | undefined {
    return this.#rows.get(mac)
  }

  /** The newest row first, as a hash bucket shows its head first. */
  rows(): VxlanFdbRow[] {
    return [...this.#rows.values()]
  }

  set(row: VxlanFdbRow): void {
    this.#rows.set(row.mac, row)
    this.generation++
  }

  remove(mac: number): boolean {
    const removed = this.#rows.delete(mac)
    if (removed) this.generation++
    return removed
  }

  clear(): void {
    this.#rows.clear()
    this.generation++
  }
}
