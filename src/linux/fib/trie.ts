/** Routes by prefix: 8-8-8-8, in one Int32Array. Models what net/ipv4/fib_trie.c finds, not how. */
import { type Route, RouteType } from "./route.ts"

const FANOUT = 256
const LEVELS = 4

export class FibTrie {
  /** Nodes of 256 words: 0 nothing, positive a route's index + 1, negative a child node's index. */
  #trie = new Int32Array(FANOUT)
  #order: readonly Route[] = []
  #nodes = 1

  /** Takes routes in ascending worth: of two that cover an address the later one counts, so shorter prefixes come first. */
  build(order: readonly Route[]): void {
    this.#order = order
    this.#trie = new Int32Array(FANOUT)
    this.#nodes = 1
    for (const [index, route] of order.entries()) this.#insert(route, route.type === RouteType.THROW ? 0 : index + 1)
  }

  lookup(address: number): Route | undefined {
    const trie = this.#trie
    let entry = trie[address >>> 24] as number
    if (entry < 0) entry = trie[-entry * FANOUT + ((address >>> 16) & 255)] as number
    if (entry < 0) entry = trie[-entry * FANOUT + ((address >>> 8) & 255)] as number
    if (entry < 0) entry = trie[-entry * FANOUT + (address & 255)] as number
    return entry === 0 ? undefined : this.#order[entry - 1]
  }

  #child(at: number): number {
    const entry = this.#trie[at] as number
    if (entry < 0) return -entry
    if ((this.#nodes + 1) * FANOUT > this.#trie.length) {
      const grown = new Int32Array(this.#trie.length * 2)
      grown.set(this.#trie)
      this.#trie = grown
    }
    this.#trie.fill(entry, this.#nodes * FANOUT, (this.#nodes + 1) * FANOUT)
    this.#trie[at] = -this.#nodes
    return this.#nodes++
  }

  #insert(route: Route, entry: number): void {
    let node = 0
    for (let level = 0; level < LEVELS; level++) {
      const shift = 24 - level * 8
      const byte = (route.destination >>> shift) & 255
      const left = route.prefixLength - level * 8
      if (left > 8) {
        node = this.#child(node * FANOUT + byte)
        continue
      }
      // Longer prefixes come later, so no child exists below this range yet.
      this.#trie.fill(entry, node * FANOUT + byte, node * FANOUT + byte + (1 << (8 - left)))
      return
    }
  }
}
