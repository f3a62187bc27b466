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
  /** Virtual ns of the last frame from it, and of the last change. */
  updated: number
  origin: string | undefined
}

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
      this.#rows.set(mac, { mac, port, local: false, isStatic: false, updated: this.#clock.now, origin: undefined })
      this.generation++
    } else if (!row.local && !row.isStatic) {
      row.updated = this.#clock.now
      if (row.port !== port) {
        row.port = port
        this.generation++
      }
    }
  }

  /** An address that several have belongs to the first. Models fdb_add_local. */
  addLocal(mac: number, port: BridgePort | undefined): void {
    if (this.#rows.get(mac)?.local === true) return
    this.#rows.set(mac, { mac, port, local: true, isStatic: true, updated: this.#clock.now, origin: undefined })
    this.generation++
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

  /** `bridge fdb add … master static`; replaces what is there. */
  addStatic(mac: number, port: BridgePort, origin: string | undefined): void {
    this.#rows.set(mac, { mac, port, local: false, isStatic: true, updated: this.#clock.now, origin })
    this.generation++
  }

  remove(mac: number): boolean {
    const row = this.#rows.get(mac)
    if (row === undefined) return false
    this.#delete(row)
    return true
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
