/** Addresses of one node's pod range. Models pkg/ipam: each request gets a random free one. */
import type { Prng } from "../../../sim/prng.ts"
import { formatIpv4, formatPrefix, networkOf, type Prefix } from "../../../wire/address.ts"

export class Ipam {
  readonly range: Prefix
  readonly #prng: Prng
  /** Owners by address. */
  readonly #owners = new Map<number, string>()

  constructor(range: Prefix, prng: Prng) {
    this.range = { ...range, address: networkOf(range.address, range.length) }
    this.#prng = prng
  }

  /** Addresses that can be given out: network and broadcast cannot. */
  get capacity(): number {
    return Math.max(0, 2 ** (32 - this.range.length) - 2)
  }

  get allocated(): number {
    return this.#owners.size
  }

  /** In order of allocation. */
  get owners(): ReadonlyMap<number, string> {
    return this.#owners
  }

  /** A free address for `owner`, or why there is none. */
  allocate(owner: string): number | string {
    const { capacity } = this
    if (this.#owners.size >= capacity) return "No more IPs available"
    let offset = this.#prng.below(capacity) + 1
    while (this.#owners.has(this.range.address + offset)) offset = (offset % capacity) + 1
    const address = (this.range.address + offset) >>> 0
    this.#owners.set(address, owner)
    return address
  }

  /** This very address; why not, if so. */
  take(address: number, owner: string): string | undefined {
    if (networkOf(address, this.range.length) !== this.range.address)
      return `provided IP is not in the valid range. The range of valid IPs is ${formatPrefix(this.range.address, this.range.length)}`
    if (this.#owners.has(address)) return `provided IP is already allocated: ${formatIpv4(address)}`
    this.#owners.set(address, owner)
    return undefined
  }

  release(address: number): boolean {
    return this.#owners.delete(address)
  }
}

/** The address it had before, if it is still of the range, or a new one. */
export function restore(ipam: Ipam, before: number, owner: string): number | string {
  return before !== 0 && ipam.take(before, owner) === undefined ? before : ipam.allocate(owner)
}
