/**
 * Which addresses the endpoints of a node know by which names, and what identities that gives them. Models pkg/fqdn/namemanager with
 * pkg/fqdn's collection of old names.
 */
import { fqdnMatches } from "../../../policy/l7/dns.ts"
import type { DnsRule } from "../../../policy/l7/rules.ts"
import { fqdnLabel } from "../../../policy/selector.ts"
import type { EventHandler } from "../../../sim/event-queue.ts"
import { SECOND, type Simulation } from "../../../sim/simulation.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import { CT_GC_INTERVAL } from "../datapath/maps/ct-map.ts"
import { DnsCache, type Lookup } from "./dns-cache.ts"
import { DnsZombies } from "./dns-zombies.ts"

/** dns-garbage-collector-job. */
const GC_INTERVAL = 60 * SECOND

/** What an endpoint has resolved; it outlives the agent, as the endpoint's state directory does. */
export class DnsHistory {
  readonly cache: DnsCache = new DnsCache()
  readonly zombies: DnsZombies = new DnsZombies()
}

export interface NameHost {
  readonly sim: Simulation
  readonly histories: Map<number, DnsHistory>
  /** toFQDNs selectors of all rules. */
  readonly selectors: () => readonly DnsRule[]
  /** Labels of a prefix on somebody's behalf; none: nothing is said of it any more. */
  readonly label: (owner: string, prefix: string, labels: readonly string[]) => void
  /** The connection tracker knows a connection of the endpoint to the address. */
  readonly connected: (endpoint: number, address: number) => boolean
  /** tofqdns-min-ttl, seconds. */
  readonly minTtl: number
}

export class NameManager implements EventHandler {
  readonly #host: NameHost
  /** Addresses that carry labels because of a name, and which. */
  readonly #published = new Map<string, { readonly addresses: Set<number>; readonly labels: string }>()
  #timer = -1

  constructor(host: NameHost) {
    this.#host = host
  }

  /** Takes over what a former agent has left. */
  start(): void {
    this.selectorsChanged()
    this.#arm()
  }

  stop(): void {
    if (this.#timer >= 0) this.#host.sim.cancel(this.#timer)
    this.#timer = -1
  }

  /** An endpoint has resolved a name: what policies say of it holds from now on. `ttl` in seconds. */
  learn(endpoint: number, name: string, addresses: readonly number[], ttl: number): void {
    const { sim, histories, minTtl } = this.#host
    const kept = Math.max(ttl, minTtl)
    let history = histories.get(endpoint)
    if (history === undefined) histories.set(endpoint, (history = new DnsHistory()))
    const full = fullName(name)
    history.cache.update({ name: full, time: sim.now, expires: sim.now + kept * SECOND, ttl: kept, addresses })
    history.zombies.revive(full, addresses)
    this.#publish(full)
    this.#arm()
  }

  /** Names an endpoint has resolved to an address, without their final dots. */
  names(endpoint: number, address: number): string[] {
    const names = this.#host.histories.get(endpoint)?.cache.names(address) ?? []
    return names.map((name) => name.replace(/\.$/, ""))
  }

  /** What `cilium-dbg fqdn cache list` shows, by endpoint. */
  list(): { readonly endpoint: number; readonly source: "lookup" | "connection"; readonly lookup: Lookup }[] {
    const { sim, histories } = this.#host
    return [...histories]
      .sort(([a], [b]) => a - b)
      .flatMap(([endpoint, { cache, zombies }]) => [
        ...cache.lookups().map((lookup) => ({ endpoint, source: "lookup" as const, lookup })),
        ...zombies.list.flatMap(({ names, address }) =>
          [...names].map((name) => {
            const lookup: Lookup = { name, time: sim.now, expires: 0, ttl: 0, addresses: [address] }
            return { endpoint, source: "connection" as const, lookup }
          }),
        ),
      ])
  }

  /** Rules mention other names than before. */
  selectorsChanged(): void {
    const names = new Set(this.#published.keys())
    for (const { cache, zombies } of this.#host.histories.values()) {
      for (const { name } of cache.lookups()) names.add(name)
      for (const zombie of zombies.list) for (const name of zombie.names) names.add(name)
    }
    for (const name of names) this.#publish(name)
  }

  /** The endpoint is gone, and its names with it. */
  forget(endpoint: number): void {
    if (this.#host.histories.delete(endpoint)) this.selectorsChanged()
  }

  #publish(name: string): void {
    const { selectors, label } = this.#host
    const labels = selectors()
      .filter((rule) => fqdnMatches(rule, name))
      .map(fqdnLabel)
    const now = new Set(labels.length === 0 ? [] : this.#addresses(name))
    const before = this.#published.get(name)
    const text = labels.join()
    if (now.size === 0) this.#published.delete(name)
    else this.#published.set(name, { addresses: now, labels: text })
    const told = (address: number): boolean => before?.labels === text && before.addresses.has(address)
    for (const address of now) if (!told(address)) label(`fqdn ${name}`, `${formatIpv4(address)}/32`, labels)
    for (const address of before?.addresses ?? [])
      if (!now.has(address)) label(`fqdn ${name}`, `${formatIpv4(address)}/32`, [])
  }

  #addresses(name: string): number[] {
    return [...this.#host.histories.values()].flatMap(({ cache, zombies }) => [
      ...cache.addresses(name),
      ...zombies.list.flatMap(({ names, address }) => (names.has(name) ? address : [])),
    ])
  }

  // ── collection ──────────────────────────────────────────────────────────────────────────────

  /** The next collection that may find something. */
  #arm(): void {
    const { sim, histories } = this.#host
    let next = Number.POSITIVE_INFINITY
    for (const { cache, zombies } of histories.values())
      next = Math.min(next, zombies.list.length > 0 ? sim.now : cache.earliest)
    this.stop()
    if (next === Number.POSITIVE_INFINITY) return
    const tick = (Math.floor(Math.max(next, sim.now) / GC_INTERVAL) + 1) * GC_INTERVAL
    this.#timer = sim.schedule(tick - sim.now, this, 0)
  }

  fire(): void {
    this.#timer = -1
    const { sim, histories, connected } = this.#host
    const changed = new Set<string>()
    for (const [endpoint, { cache, zombies }] of histories) {
      zombies.add(cache.expire(sim.now), sim.now)
      const collected = sim.now - (sim.now % CT_GC_INTERVAL)
      for (const { name } of zombies.bury(collected, (address) => connected(endpoint, address))) changed.add(name)
    }
    for (const name of changed) this.#publish(name)
    this.#arm()
  }
}

export const fullName = (name: string): string => `${name.replace(/\.$/, "").toLowerCase()}.`
