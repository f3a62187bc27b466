/**
 * The forwarding information base of a namespace. As in the kernel without policy rules, the local and main tables share a trie, so the
 * longest prefix wins across them and, at one prefix, the local table before main, then the lower metric. The first rule that is added or
 * deleted parts them for good (fib_unmerge): then each rule asks its own table.
 */
import { netmask } from "../../wire/address.ts"
import { type Route, RouteTable, RouteType } from "./route.ts"
import { DEFAULT_RULES, type FibFlow, type FibRule, ruleFits } from "./rule.ts"
import { FibTrie } from "./trie.ts"

export class Fib {
  #routes: Route[] = []
  #rules: readonly FibRule[] = DEFAULT_RULES
  /** Bumped by every change; flow caches compare it. */
  generation = 0
  /** Local and main together. */
  readonly #merged = new FibTrie()
  /** Tables of their own, built when first asked. */
  readonly #tables = new Map<number, FibTrie>()
  #stale = true
  /** Rules were changed: tables are asked one by one. */
  policy = false
  /** Some route stands in the table that is asked last. */
  #hasDefault = false
  /** Tables that were ever used: they stay, empty or not. */
  readonly #known = new Set<number>([RouteTable.LOCAL, RouteTable.MAIN])
  readonly #flow: FibFlow = { destination: 0, source: 0, mark: 0, input: "", output: "" }

  /** All routes; of equal prefix, table and metric the first one counts. */
  get routes(): readonly Route[] {
    return this.#routes
  }

  /** In order of priority. */
  get rules(): readonly FibRule[] {
    return this.#rules
  }

  set rules(rules: readonly FibRule[]) {
    this.#rules = rules
    this.policy = true
    this.#changed()
  }

  /** Some route stands, or stood, in this table. */
  hasTable(table: number): boolean {
    return this.#known.has(table)
  }

  add(route: Route): void {
    this.#known.add(route.table)
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

  /** The best route to `address` for a packet that has nothing else to say, or `undefined`. Models net/ipv4/fib_trie.c fib_table_lookup. */
  lookup(address: number): Route | undefined {
    if (this.policy) return this.lookupFlow(address, 0, 0, "", "")
    if (this.#stale) this.#rebuild()
    const route = this.#merged.lookup(address)
    return route === undefined && this.#hasDefault ? this.lookupTable(RouteTable.DEFAULT, address) : route
  }

  /** The best route by the rules. Models fib_rules_lookup; without rules of one's own it costs what {@link lookup} costs. */
  lookupFlow(destination: number, source: number, mark: number, input: string, output: string): Route | undefined {
    if (!this.policy) return this.lookup(destination)
    const flow = this.#flow
    flow.destination = destination
    flow.source = source
    flow.mark = mark
    flow.input = input
    flow.output = output
    for (const rule of this.#rules) {
      if (!ruleFits(rule, flow)) continue
      if (rule.action !== "lookup") return ruleRoute(rule)
      const route = this.lookupTable(rule.table, destination)
      if (route !== undefined && (output === "" || route.dev?.name === output)) return route
    }
    return undefined
  }

  /** What the local table says of an address; without rules of one's own it cannot be asked apart from main. */
  lookupLocal(address: number): Route | undefined {
    return this.policy ? this.lookupTable(RouteTable.LOCAL, address) : this.lookup(address)
  }

  /** The best route of one table. */
  lookupTable(table: number, address: number): Route | undefined {
    if (this.#stale) this.#rebuild()
    let trie = this.#tables.get(table)
    if (trie === undefined) {
      trie = new FibTrie()
      trie.build(ascending(this.#routes.filter((route) => route.table === table)))
      this.#tables.set(table, trie)
    }
    return trie.lookup(address)
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
    this.#tables.clear()
    this.#hasDefault = this.#routes.some(({ table }) => table === RouteTable.DEFAULT)
    if (!this.policy) this.#merged.build(ascending(this.#routes.filter(isMerged)))
  }
}

const isMerged = ({ table }: Route): boolean => table === RouteTable.LOCAL || table === RouteTable.MAIN

/** A better route overwrites a worse one: shorter prefixes first, at one prefix main before local and high metrics first. */
const ascending = (routes: readonly Route[]): Route[] => [...routes].reverse().sort(worseFirst)

function worseFirst(a: Route, b: Route): number {
  return a.prefixLength - b.prefixLength || tableRank(a) - tableRank(b) || b.metric - a.metric
}

const tableRank = (route: Route): number => (route.table === RouteTable.LOCAL ? 1 : 0)

/** The answer of a rule that is no lookup. */
function ruleRoute({ action, origin }: FibRule): Route {
  const type =
    action === "blackhole" ? RouteType.BLACKHOLE : action === "prohibit" ? RouteType.PROHIBIT : RouteType.UNREACHABLE
  const none = { table: 0, destination: 0, prefixLength: 0, gateway: 0, dev: undefined, source: 0, scope: 0 }
  return { ...none, type, protocol: 0, metric: 0, mtu: 0, onlink: false, origin }
}

/** True when `address` lies in the route's prefix. */
export function covers(route: Route, address: number): boolean {
  return (address & netmask(route.prefixLength)) >>> 0 === route.destination
}
