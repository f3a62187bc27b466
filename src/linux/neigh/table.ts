/** Neighbours: who has which IPv4 address on a link. Models net/core/neighbour.c, the arp table. */

import { SECOND } from "../../sim/simulation.ts"
import { Timer } from "../../sim/timer.ts"
import { formatIpv4 } from "../../wire/address.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { NumberMap } from "../number-map.ts"
import type { Skb } from "../skb.ts"

/** Models include/uapi/linux/neighbour.h NUD_*. */
export const Nud = {
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const
/** States in which the address is known. */
export const NUD_VALID: number = Nud.PERMANENT | Nud.NOARP | Nud.REACHABLE | Nud.PROBE | Nud.STALE | Nud.DELAY
/** States in which it needs no confirmation. */
export const NUD_CONNECTED: number = Nud.PERMANENT | Nud.NOARP | Nud.REACHABLE

/** Parameters of /proc/sys/net/ipv4/neigh/*: the kernel's defaults. */
export const NeighParms: {
  readonly mcastProbes: number
  readonly ucastProbes: number
  readonly retransTime: number
  readonly delayProbeTime: number
  readonly baseReachableTime: number
  readonly queueLength: number
} = {
  mcastProbes: 3,
  ucastProbes: 3,
  retransTime: SECOND,
  delayProbeTime: 5 * SECOND,
  baseReachableTime: 30 * SECOND,
  /** Packets that wait for an answer (unres_qlen_bytes holds about this many). */
  queueLength: 101,
}

/** One entry. */
export class Neighbour {
  readonly net: NetNamespace
  readonly dev: NetDevice
  /** The IPv4 address. */
  readonly primaryKey: number
  /** The MAC address, meaningful in NUD_VALID states. */
  lladdr = 0
  state = 0
  /** Virtual times, as in `ip -s neigh`: used, confirmed, updated. */
  used: number
  confirmed: number
  updated: number
  probes = 0
  readonly queue: Skb[] = []
  readonly timer: Timer
  origin: string | undefined = undefined

  constructor(net: NetNamespace, dev: NetDevice, primaryKey: number, onTimer: (neigh: Neighbour) => void) {
    this.net = net
    this.dev = dev
    this.primaryKey = primaryKey
    this.used = this.updated = net.kernel.sim.now
    // Long enough ago to count as never (___neigh_create).
    this.confirmed = this.used - 2 * NeighParms.baseReachableTime
    this.timer = new Timer(net.kernel.sim, () => onTimer(this))
  }

  get valid(): boolean {
    return (this.state & NUD_VALID) !== 0
  }

  toString(): string {
    return `${formatIpv4(this.primaryKey)} dev ${this.dev.name}`
  }
}

/** The entries of a namespace, by device and address, with one slot in front for the one used last. */
export class NeighTable {
  /** Bumped by every change of an address or state; flow caches compare it. */
  generation = 0
  /** Sends solicitations and answers timers: set by neigh/nud.ts. */
  readonly #net: NetNamespace
  readonly #entries = new NumberMap<Neighbour>()
  /** NUD_REACHABLE lasts this long; drawn anew every five minutes (neigh_rand_reach_time). */
  reachableTime: number
  #last: Neighbour | undefined

  constructor(net: NetNamespace) {
    this.#net = net
    this.reachableTime = NeighParms.baseReachableTime * (0.5 + net.prng.fork("neigh").unit())
  }

  /** In order of creation. */
  entries(): IterableIterator<Neighbour> {
    return this.#entries.values()
  }

  lookup(dev: NetDevice, address: number): Neighbour | undefined {
    const last = this.#last
    if (last !== undefined && last.primaryKey === address && last.dev === dev) return last
    const found = this.#entries.get(keyOf(dev, address))
    if (found !== undefined) this.#last = found
    return found
  }

  create(dev: NetDevice, address: number, onTimer: (neigh: Neighbour) => void): Neighbour {
    const neigh = new Neighbour(this.#net, dev, address, onTimer)
    this.#entries.set(keyOf(dev, address), neigh)
    this.generation++
    return neigh
  }

  /** Forgets an entry and frees what waits for it. */
  remove(neigh: Neighbour): void {
    neigh.timer.cancel()
    for (const skb of neigh.queue.splice(0)) skb.free()
    this.#entries.delete(keyOf(neigh.dev, neigh.primaryKey))
    if (this.#last === neigh) this.#last = undefined
    this.generation++
  }

  /** Forgets the entries of a device that went down, the permanent ones too unless their state is `kept`. Models neigh_ifdown. */
  flush(dev: NetDevice, kept = 0): void {
    for (const neigh of [...this.#entries.values()])
      if (neigh.dev === dev && (neigh.state & kept) === 0) this.remove(neigh)
  }
}

/** Addresses have 32 bits, ifindexes fit in 20. */
const keyOf = (dev: NetDevice, address: number): number => dev.ifindex * 0x1_0000_0000 + address
