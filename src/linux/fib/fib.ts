/**
 * The forwarding information base of a namespace: the local and main tables and one trie over both. As in the kernel without policy
 * rules, the tables share the trie, so the longest prefix wins across them and, at one prefix, the local table before main, then the lower metric.
 */
import { netmask } from "../../wire/address.ts"
import { type Route, RouteTable, RouteType } from "./route.ts"

const FANOUT = 256
const LEVELS = 4

export class Fib {
  #routes: Route[] = []
  /** Bumped by every change; flow caches compare it. */
  generation = 0
  /** Nodes of 256 words: 0 nothing, positive a route's index + 1, negative a child node's index. */
  #trie = new Int32Array(FANOUT)
  #order: Route[] = []
  #stale = true

  /** All routes; of equal prefix, table and metric the first one counts. */
  get routes(): readonly Route[] {
    return this.#routes
  }

  add(route: Route): void {
    this.#routes.push(route)
    this.#changed()
  }

  /** Puts a route in front of one that is here. */
  insertBefore(route: Route, other: Route): void {
    this.#routes.splice(this.#routes.indexOf(other), 0, route)
    this.#changed()
  }

  /** Puts a route where another was. */
  replace(old: Route, route: Route): void {
    this.#routes[this.#routes.indexOf(old)] = route
    this.#changed()
  }

  /** Removes exactly this route; false when it is not here. */
  remove(route: Route): boolean {
    const at = this.#routes.indexOf(route)
    if (at < 0) return false
    this.#routes.splice(at, 1)
    this.#changed()
    return true
  }

  /** Removes every route that `doomed` accepts. */
  removeWhere(doomed: (route: Route) => boolean): void {
    const kept = this.#routes.filter((route) => !doomed(route))
    if (kept.length === this.#routes.length) return
    this.#routes = kept
    this.#changed()
  }

  /** The best route to `address`, or `undefined`. Models net/ipv4/fib_trie.c fib_table_lookup. */
  lookup(address: number): Route | undefined {
    if (this.#stale) this.#rebuild()
    const trie = this.#trie
    let entry = trie[address >>> 24] as number
    if (entry < 0) entry = trie[-entry * FANOUT + ((address >>> 16) & 255)] as number
    if (entry < 0) entry = trie[-entry * FANOUT + ((address >>> 8) & 255)] as number
    if (entry < 0) entry = trie[-entry * FANOUT + (address & 255)] as number
    return entry === 0 ? undefined : this.#order[entry - 1]
  }

  /** A device's state changed, which may change what routes are worth. */
  touch(): void {
    this.generation++
  }

  #changed(): void {
    this.generation++
    this.#stale = true
  }

  #rebuild(): void {
    this.#stale = false
    // Ascending, so that a better route overwrites a worse one: shorter prefixes first, at one prefix main before local and high metrics first.
    this.#order = [...this.#routes].reverse().sort(worseFirst)
    this.#trie = new Int32Array(FANOUT)
    let nodes = 1
    const child = (at: number): number => {
      const entry = this.#trie[at] as number
      if (entry < 0) return -entry
      if ((nodes + 1) * FANOUT > this.#trie.length) {
        const grown = new Int32Array(this.#trie.length * 2)
        grown.set(this.#trie)
        this.#trie = grown
      }
      this.#trie.fill(entry, nodes * FANOUT, (nodes + 1) * FANOUT)
      this.#trie[at] = -nodes
      return nodes++
    }
    for (const [index, route] of this.#order.entries())
      this.#insert(route, route.type === RouteType.THROW ? 0 : index + 1, child)
  }

  #insert(route: Route, entry: number, child: (at: number) => number): void {
    let node = 0
    for (let level = 0; level < LEVELS; level++) {
      const shift = 24 - level * 8
      const byte = (route.destination >>> shift) & 255
      const left = route.prefixLength - level * 8
      if (left > 8) {
        node = child(node * FANOUT + byte)
        continue
      }
      // Longer prefixes come later, so no child exists below this range yet.
      this.#trie.fill(entry, node * FANOUT + byte, node * FANOUT + byte + (1 << (8 - left)))
      return
    }
  }
}

function worseFirst(a: Route, b: Route): number {
  return a.prefixLength - b.prefixLength || tableRank(a) - tableRank(b) || b.metric - a.metric
}

const tableRank = (route: Route): number => (route.table === RouteTable.LOCAL ? 1 : 0)

/** True when `address` lies in the route's prefix. */
export function covers(route: Route, address: number): boolean {
  return (address & netmask(route.prefixLength)) >>> 0 === route.destination
}
