/** Whose address is whose: what several sources say of a prefix, and the best of it in the node's map. Models pkg/ipcache. */
import { formatIpv4, parsePrefix } from "../../../wire/address.ts"
import type { IpcacheMap } from "../datapath/maps/ipcache-map.ts"

/** The first one wins. Models pkg/source. */
const SOURCES = ["local", "kube-apiserver", "custom-resource", "generated", "fallback"] as const
export type IpcacheSource = (typeof SOURCES)[number]

export interface IpcacheValue {
  readonly identity: number
  /** The node it is behind; 0: this one, or no tunnel leads there. */
  readonly tunnelEndpoint?: number
  /** `default/web-1`. */
  readonly pod?: { readonly namespace: string; readonly name: string }
  readonly origin: unknown
}

export class Ipcache {
  readonly #map: IpcacheMap
  readonly #values = new Map<string, Map<IpcacheSource, IpcacheValue>>()
  /** Called with a prefix and what became of it. */
  readonly #listeners: ((prefix: string, value: IpcacheValue | undefined) => void)[] = []

  constructor(map: IpcacheMap) {
    this.#map = map
  }

  onChange(listener: (prefix: string, value: IpcacheValue | undefined) => void): void {
    this.#listeners.push(listener)
  }

  upsert(prefix: string, source: IpcacheSource, value: IpcacheValue): void {
    const known = this.#values.get(prefix)
    if (known === undefined) this.#values.set(prefix, new Map([[source, value]]))
    else known.set(source, value)
    this.#write(prefix)
  }

  delete(prefix: string, source: IpcacheSource): void {
    const known = this.#values.get(prefix)
    if (known?.delete(source) !== true) return
    if (known.size === 0) this.#values.delete(prefix)
    this.#write(prefix)
  }

  get(prefix: string): IpcacheValue | undefined {
    const known = this.#values.get(prefix)
    const source = SOURCES.find((name) => known?.has(name))
    return source === undefined ? undefined : known?.get(source)
  }

  /** What wins of every prefix, ordered by text. */
  list(): { readonly prefix: string; readonly source: IpcacheSource; readonly value: IpcacheValue }[] {
    return [...this.#values]
      .flatMap(([prefix, known]) => {
        const source = SOURCES.find((name) => known.has(name))
        return source === undefined ? [] : { prefix, source, value: known.get(source) as IpcacheValue }
      })
      .sort((a, b) => (a.prefix < b.prefix ? -1 : 1))
  }

  /** What is known of one address alone. */
  host(address: number): IpcacheValue | undefined {
    return this.get(`${formatIpv4(address)}/32`)
  }

  #write(prefix: string): void {
    const parsed = parsePrefix(prefix)
    if (parsed === undefined) return
    const value = this.get(prefix)
    if (value === undefined) this.#map.delete(parsed.address, parsed.length)
    else
      this.#map.set({
        address: parsed.address,
        prefixLength: parsed.length,
        identity: value.identity,
        tunnelEndpoint: value.tunnelEndpoint ?? 0,
        origin: value.origin,
      })
    for (const listener of this.#listeners) listener(prefix, value)
  }
}
