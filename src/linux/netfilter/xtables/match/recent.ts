/** -m recent: addresses that were seen lately, in lists by name. Models net/netfilter/xt_recent.c. */
import { SECOND } from "../../../../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../../../../wire/address.ts"
import * as ipv4 from "../../../../wire/ipv4.ts"
import type { NetNamespace } from "../../../netns.ts"
import { misuse } from "../error.ts"
import { badInteger, type Given, type MatchExtension, not, parseNumber } from "../extension.ts"
import type { XtPacket } from "../packet.ts"

/** Addresses a list holds (ip_list_tot), and times it keeps of each (ip_pkt_list_tot). */
const LIST_MAX = 100
const STAMPS_MAX = 20

interface Entry {
  ttl: number
  /** The newest last. */
  readonly stamps: number[]
}

/** Entries by address, the one that was touched longest ago first. */
type List = Map<number, Entry>

const lists = new WeakMap<NetNamespace, Map<string, List>>()

function listOf(net: NetNamespace, name: string): List {
  const all = lists.get(net) ?? new Map<string, List>()
  lists.set(net, all)
  const list = all.get(name) ?? new Map<number, Entry>()
  all.set(name, list)
  return list
}

const ACTIONS = ["--set", "--rcheck", "--update", "--remove"] as const
type Action = (typeof ACTIONS)[number]
const LISTED: Record<Action, string> = {
  "--set": "SET",
  "--rcheck": "CHECK",
  "--update": "UPDATE",
  "--remove": "REMOVE",
}

export const recent: MatchExtension = {
  name: "recent",
  options: [
    ...ACTIONS.map((name) => ({ name, args: 0, invert: true }) as const),
    { name: "--seconds" },
    { name: "--reap", args: 0, also: "--seconds" },
    { name: "--hitcount" },
    { name: "--rttl", args: 0 },
    { name: "--name" },
    { name: "--mask" },
    { name: "--rsource", args: 0 },
    { name: "--rdest", args: 0 },
  ],
  build(given) {
    const action = ACTIONS.find((name) => given.has(name))
    if (action === undefined)
      return misuse("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'")
    return new Recent(given, action)
  },
}

function number(given: Given, option: string): number {
  if (!given.has(option)) return 0
  return parseNumber(given.value(option) ?? "") ?? badInteger(given, option)
}

class Recent {
  readonly name = "recent"
  readonly save: string
  readonly #action: Action
  readonly #inverted: boolean
  readonly #seconds: number
  readonly #hits: number
  readonly #reap: boolean
  readonly #ttl: boolean
  readonly #list: string
  readonly #mask: number
  readonly #destination: boolean

  constructor(given: Given, action: Action) {
    this.#action = action
    this.#inverted = given.inverted(action)
    this.#seconds = number(given, "--seconds")
    this.#hits = number(given, "--hitcount")
    this.#reap = given.has("--reap")
    this.#ttl = given.has("--rttl")
    this.#list = given.value("--name") ?? "DEFAULT"
    this.#mask = parseIpv4(given.value("--mask") ?? "255.255.255.255") ?? badInteger(given, "--mask")
    this.#destination = given.has("--rdest")
    this.save = this.#text()
  }

  #text(): string {
    let text = ` ${not(this.#inverted)}${this.#action}`
    if (this.#seconds > 0) text += ` --seconds ${this.#seconds}`
    if (this.#reap) text += " --reap"
    if (this.#hits > 0) text += ` --hitcount ${this.#hits}`
    if (this.#ttl) text += " --rttl"
    return `${text} --name ${this.#list} --mask ${formatIpv4(this.#mask)} ${this.#destination ? "--rdest" : "--rsource"}`
  }

  list(): string {
    let text = `${not(this.#inverted)}recent: ${LISTED[this.#action]}`
    if (this.#seconds > 0) text += ` seconds: ${this.#seconds}`
    if (this.#reap) text += " reap"
    if (this.#hits > 0) text += ` hit_count: ${this.#hits}`
    if (this.#ttl) text += " TTL-Match"
    return `${text} name: ${this.#list} side: ${this.#destination ? "dest" : "source"} mask: ${formatIpv4(this.#mask)}`
  }

  matches(packet: XtPacket): boolean {
    const { net, skb } = packet
    const list = listOf(net, this.#list)
    const address = ((this.#destination ? packet.destination : packet.source) & this.#mask) >>> 0
    const ttl = ipv4.ttl(skb.view, skb.networkHeader)
    const found = list.get(address)
    const entry = found !== undefined && (!this.#ttl || found.ttl === ttl) ? found : undefined
    const { now } = net.kernel.sim
    const hit = this.#look(list, address, entry, now)
    if (this.#action === "--set" || (this.#action === "--update" && hit)) touch(list, address, ttl, now)
    return hit !== this.#inverted
  }

  #look(list: List, address: number, entry: Entry | undefined, now: number): boolean {
    if (this.#action === "--set") return true
    if (entry === undefined) return false
    if (this.#action === "--remove") return list.delete(address)
    const since = this.#seconds === 0 ? Number.NEGATIVE_INFINITY : now - this.#seconds * SECOND
    const fresh = entry.stamps.filter((stamp) => stamp >= since).length
    if (this.#reap) reap(list, since)
    return fresh >= Math.max(1, this.#hits)
  }
}

/** Notes a sighting; the list forgets whom it saw longest ago. */
function touch(list: List, address: number, ttl: number, now: number): void {
  const entry = list.get(address) ?? { ttl, stamps: [] }
  list.delete(address)
  if (list.size >= LIST_MAX) list.delete(list.keys().next().value as number)
  entry.ttl = ttl
  entry.stamps.push(now)
  if (entry.stamps.length > STAMPS_MAX) entry.stamps.shift()
  list.set(address, entry)
}

/** Drops the oldest entry when its time is over. */
function reap(list: List, since: number): void {
  const first = list.entries().next()
  if (first.done !== true && (first.value[1].stamps.at(-1) ?? 0) < since) list.delete(first.value[0])
}
