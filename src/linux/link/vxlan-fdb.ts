/** Which VTEP an Ethernet address is behind. Models the vxlan_fdb of drivers/net/vxlan/vxlan_core.c. */

/** A remote VTEP. Models struct vxlan_rdst; 0 in port and VNI means the device's own. */
export interface VxlanRemote {
  readonly ip: number
  readonly port: number
  readonly vni: number
}

export interface VxlanFdbRow {
  readonly mac: number
  readonly remotes: VxlanRemote[]
  /** NUD_PERMANENT; else learned or `static`/`dynamic`. */
  permanent: boolean
  /** NUD_NOARP: `static` in the tool's words. */
  isStatic: boolean
  updated: number
  origin: string | undefined
}

export class VxlanFdb {
  generation = 0
  readonly #rows = new Map<number, VxlanFdbRow>()

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
