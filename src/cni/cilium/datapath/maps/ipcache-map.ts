/** Whose identity an address has, and behind which node it is: a longest-prefix match. Models pkg/maps/ipcache, cilium_ipcache_v2. */
import { NumberMap } from "../../../../linux/number-map.ts"
import { netmask, networkOf } from "../../../../wire/address.ts"

export interface IpcacheEntry {
  readonly address: number
  readonly prefixLength: number
  readonly identity: number
  /** The node that has it; 0: none, packets go to the stack. */
  readonly tunnelEndpoint: number
  /** 0 without encryption. */
  readonly encryptKey: number
  /** The flag `skiptunnel`. */
  readonly skipTunnel: boolean
  /** What it came from: a CiliumEndpoint, a CiliumNode, a policy. For explanations only. */
  readonly origin: unknown
}

export type IpcacheSpec = Pick<IpcacheEntry, "address" | "prefixLength" | "identity"> &
  Partial<Omit<IpcacheEntry, "address" | "prefixLength" | "identity">>

export class IpcacheMap {
  generation = 0
  readonly #byLength: (NumberMap<IpcacheEntry> | undefined)[] = new Array<undefined>(33).fill(undefined)
  /** Lengths in use, the longest first. */
  #lengths: number[] = []

  /** The most specific entry that covers `address`. */
  lookup(address: number): IpcacheEntry | undefined {
    for (const length of this.#lengths) {
      const found = (this.#byLength[length] as NumberMap<IpcacheEntry>).get(networkOf(address, length))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The entry of exactly this prefix. */
  get(address: number, prefixLength: number): IpcacheEntry | undefined {
    return this.#byLength[prefixLength]?.get(networkOf(address, prefixLength))
  }

  set(spec: IpcacheSpec): void {
    const entry: IpcacheEntry = {
      tunnelEndpoint: 0,
      encryptKey: 0,
      skipTunnel: false,
      origin: undefined,
      ...spec,
      address: (spec.address & netmask(spec.prefixLength)) >>> 0,
    }
    const map = this.#byLength[entry.prefixLength] ?? this.#open(entry.prefixLength)
    map.set(entry.address, entry)
    this.generation++
  }

  delete(address: number, prefixLength: number): boolean {
    const map = this.#byLength[prefixLength]
    if (map?.delete(networkOf(address, prefixLength)) !== true) return false
    if (map.size === 0) {
      this.#byLength[prefixLength] = undefined
      this.#lengths = this.#lengths.filter((length) => length !== prefixLength)
    }
    this.generation++
    return true
  }

  /** By prefix length, the longest first, then in order of insertion. */
  *entries(): IterableIterator<IpcacheEntry> {
    for (const length of this.#lengths) yield* (this.#byLength[length] as NumberMap<IpcacheEntry>).values()
  }

  #open(prefixLength: number): NumberMap<IpcacheEntry> {
    const map = new NumberMap<IpcacheEntry>()
    this.#byLength[prefixLength] = map
    this.#lengths.push(prefixLength)
    this.#lengths.sort((a, b) => b - a)
    return map
  }
}
