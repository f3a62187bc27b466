/** Addresses whose names have expired while connections to them may go on. Models pkg/fqdn/cache.go DNSZombieMappings. */
import type { Expired } from "./dns-cache.ts"

export interface Zombie {
  readonly address: number
  readonly names: Set<string>
  /** Since when only connections keep it. */
  pending: number
  /** When a collection of the connection tracker last met one. */
  alive: number
}

export class DnsZombies {
  readonly #zombies = new Map<number, Zombie>()

  get list(): readonly Zombie[] {
    return [...this.#zombies.values()]
  }

  add(expired: readonly Expired[], now: number): void {
    for (const { name, address } of expired) {
      const known = this.#zombies.get(address)
      if (known === undefined) this.#zombies.set(address, { address, names: new Set([name]), pending: now, alive: -1 })
      else known.names.add(name)
    }
  }

  /** The name has been resolved to them again. */
  revive(name: string, addresses: readonly number[]): void {
    for (const address of addresses) {
      const zombie = this.#zombies.get(address)
      if (zombie?.names.delete(name) === true && zombie.names.size === 0) this.#zombies.delete(address)
    }
  }

  /** After a collection at `collected`, which met connections to the addresses that `connected` knows: what nobody needs goes. Says what. */
  bury(collected: number, connected: (address: number) => boolean): Expired[] {
    const gone: Expired[] = []
    for (const zombie of this.list) {
      if (connected(zombie.address)) zombie.alive = collected
      if (zombie.pending >= collected || zombie.alive >= collected) continue
      this.#zombies.delete(zombie.address)
      for (const name of zombie.names) gone.push({ name, address: zombie.address })
    }
    return gone
  }
}
