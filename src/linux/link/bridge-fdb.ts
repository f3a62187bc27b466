/** The forwarding database of a bridge. Models net/bridge/br_fdb.c. */
import { NumberMap } from "../number-map.ts"
import type { Bridge, BridgePort } from "./bridge.ts"

export interface BridgeFdbRow {
  readonly mac: number
  /** Absent for the bridge device's own address. */
  port: BridgePort | undefined
  /** An address of this machine: frames to it go up. Shown as `permanent`. */
  readonly local: boolean
  /** Set by hand: neither learned over nor aged. */
  readonly isStatic: boolean
  /** It never moves to another port. */
  readonly sticky: boolean
  /** Virtual ns of the last frame from it, and of the last change. */
  updated: number
  /** Virtual ns of the last frame to it. */
  used: number
  origin: string | undefined
}

export type BridgeFdbSpec = Omit<BridgeFdbRow, "updated" | "used">

export class BridgeFdb {
  /** Bumped when a row appears, moves or goes. */
  generation = 0
  readonly #clock: { readonly now: number }
  readonly #bridge: Bridge
  readonly #rows = new NumberMap<BridgeFdbRow>()

  constructor(clock: { readonly now: number }, bridge: Bridge) {
    this.#clock = clock
    this.#bridge = bridge
  }

  /** Live rows in order of appearance. */
  rows(): BridgeFdbRow[] {
    for (const row of this.#rows.values()) if (this.#aged(row)) this.#delete(row)
    return [...this.#rows.values()]
  }

  lookup(mac: number): BridgeFdbRow | undefined {
    const row = this.#rows.get(mac)
    if (row === undefined || !this.#aged(row)) return row
    this.#delete(row)
    return undefined
  }

  /** Notes behind which port an address was seen. Models br_fdb_update. */
  learn(mac: number, port: BridgePort): void {
    const row = this.#rows.get(mac)
    if (row === undefined) {
      this.put({ mac, port, local: false, isStatic: false, sticky: false, origin: undefined })
    } else if (!row.local && !row.isStatic) {
      row.updated = this.#clock.now
      if (row.port !== port && !row.sticky) {
        row.port = port
        this.generation++
      }
    }
  }

  /** An address that several have belongs to the first. Models fdb_add_local. */
  addLocal(mac: number, port: BridgePort | undefined): void {
    if (this.#rows.get(mac)?.local === true) return
    this.put({ mac, port, local: true, isStatic: true, sticky: false, origin: undefined })
  }

  removeLocal(mac: number, port: BridgePort | undefined): void {
    const row = this.#rows.get(mac)
    if (row?.local === true && row.port === port) this.#deleteLocal(row)
  }

  /** Hands the row on when another port, or the bridge, has the same address. Models fdb_delete_local. */
  #deleteLocal(row: BridgeFdbRow): void {
    this.#delete(row)
    const heir = this.#bridge.ports.find((port) => port !== row.port && port.dev.address === row.mac)
    if (heir !== undefined) this.addLocal(row.mac, heir)
    else if (row.port !== undefined && this.#bridge.dev.address === row.mac) this.addLocal(row.mac, undefined)
  }

  /** A row set by hand; replaces what is there. Models fdb_add_entry. */
  put(row: BridgeFdbSpec): void {
    this.#rows.set(row.mac, { ...row, updated: this.#clock.now, used: this.#clock.now })
    this.generation++
  }

  remove(mac: number): boolean {
    const row = this.#rows.get(mac)
    if (row === undefined) return false
    this.#delete(row)
    return true
  }

  forgetLearned(port: BridgePort): void {
    for (const row of [...this.#rows.values()]) if (row.port === port && !row.local && !row.isStatic) this.#delete(row)
  }

  /** `bridge fdb flush`: everything goes, the machine's own addresses too. */
  clear(): void {
    for (const row of [...this.#rows.values()]) this.#delete(row)
  }

  removePort(port: BridgePort): void {
    for (const row of [...this.#rows.values()])
      if (row.port === port) {
        if (row.local) this.#deleteLocal(row)
        else this.#delete(row)
      }
  }

  #aged(row: BridgeFdbRow): boolean {
    return !row.isStatic && this.#clock.now - row.updated > this.#bridge.ageingTime
  }

  #delete(row: BridgeFdbRow): void {
    this.#rows.delete(row.mac)
    this.generation++
  }
}
