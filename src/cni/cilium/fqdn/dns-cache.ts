/** What one endpoint has resolved. Models pkg/fqdn/cache.go DNSCache. */

/** One answer. */
export interface Lookup {
  /** In lower case, with its final dot. */
  readonly name: string
  /** Virtual nanoseconds. */
  readonly time: number
  readonly expires: number
  /** Seconds. */
  readonly ttl: number
  readonly addresses: readonly number[]
}

export interface Expired {
  readonly name: string
  readonly address: number
}

export class DnsCache {
  /** By name and address the answer that holds longest. */
  readonly #names = new Map<string, Map<number, Lookup>>()

  update(lookup: Lookup): void {
    let known = this.#names.get(lookup.name)
    if (known === undefined) this.#names.set(lookup.name, (known = new Map()))
    for (const address of lookup.addresses)
      if ((known.get(address)?.expires ?? 0) <= lookup.expires) known.set(address, lookup)
  }

  addresses(name: string): number[] {
    return [...(this.#names.get(name)?.keys() ?? [])]
  }

  /** Sorted. */
  names(address: number): string[] {
    return [...this.#names].flatMap(([name, known]) => (known.has(address) ? name : [])).sort()
  }

  /** Every answer that still says something, in the order they came. */
  lookups(): Lookup[] {
    const all = new Set([...this.#names.values()].flatMap((known) => [...known.values()]))
    return [...all].sort((a, b) => a.time - b.time)
  }

  /** When the first of them no longer holds; Infinity when there is none. */
  get earliest(): number {
    let first = Number.POSITIVE_INFINITY
    for (const known of this.#names.values()) for (const { expires } of known.values()) first = Math.min(first, expires)
    return first
  }

  /** Forgets what no longer holds, and says what that was. */
  expire(now: number): Expired[] {
    const gone: Expired[] = []
    for (const [name, known] of this.#names) {
      for (const [address, { expires }] of known)
        if (expires < now) {
          known.delete(address)
          gone.push({ name, address })
        }
      if (known.size === 0) this.#names.delete(name)
    }
    return gone
  }
}
