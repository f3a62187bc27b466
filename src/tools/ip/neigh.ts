/** ip neighbour. Models iproute2 ip/ipneigh.c. */
import { type Neighbour, NUD_VALID, Nud } from "../../linux/neigh/table.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { type NeighMode, neighAdd, neighDel } from "../../linux/rtnetlink/neigh.ts"
import { formatIpv4, formatMac, networkOf, parseIpv4, parseMac, parsePrefix } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, invalid, type Json, pick, renderJson, Words } from "../iproute.ts"

type Handler = (words: Words, options: IpOptions) => string

const COMMANDS: readonly (readonly [string, Handler])[] = [
  ["add", (words, options) => change(words, options, "add")],
  ["change", (words, options) => change(words, options, "change")],
  ["chg", (words, options) => change(words, options, "change")],
  ["replace", (words, options) => change(words, options, "replace")],
  ["delete", remove],
  ["show", show],
  ["lst", show],
  ["list", show],
  ["flush", flush],
]

export function ipNeigh(args: readonly string[], options: IpOptions): string {
  const words = new Words(args)
  const command = words.take() ?? "show"
  const handler = pick(command, COMMANDS)
  return handler === undefined
    ? fail(`Command "${command}" is unknown, try "ip neigh help".`, 255)
    : handler(words, options)
}

const stateNames = (state: number): string[] =>
  Object.entries(Nud)
    .filter(([, bit]) => (state & bit) !== 0)
    .map(([name]) => name)

interface Filter {
  dev: NetDevice | undefined
  states: number
  accepts: (neigh: Neighbour) => boolean
}

/** NOARP entries are hidden unless asked for. */
function readFilter(words: Words, options: IpOptions): Filter {
  const filter: Filter = { dev: undefined, states: 0xff & ~Nud.NOARP, accepts: () => true }
  let named = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") filter.dev = deviceOrFail(options.net, words.next())
    else if (word === "nud") {
      filter.states = named ? filter.states : 0
      named = true
      filter.states |= stateOf(words.next())
    } else if (["proxy", "vrf", "unused", "master"].includes(word))
      fail(`ip: podwire does not support 'neigh … ${word}'`, 255)
    else {
      const text = word === "to" ? words.next() : word
      const prefix = parsePrefix(text) ?? fail(`Error: any valid prefix is expected rather than "${text}".`, 1)
      filter.accepts = (neigh) =>
        networkOf(neigh.primaryKey, prefix.length) === networkOf(prefix.address, prefix.length)
    }
  }
  return filter
}

function stateOf(word: string): number {
  if (word === "all") return 0xff
  const state = (Nud as Readonly<Record<string, number>>)[word.toUpperCase()]
  return state ?? invalid(word, "nud state is bad\n")
}

/** Newest first, as the kernel's hash buckets list them. */
function selected(filter: Filter, options: IpOptions): Neighbour[] {
  if (options.family === "inet6") return []
  return [...options.net.neigh.entries()].filter(
    (neigh) =>
      (neigh.state & filter.states) !== 0 &&
      (filter.dev === undefined || neigh.dev === filter.dev) &&
      filter.accepts(neigh),
  )
}

function show(words: Words, options: IpOptions): string {
  const filter = readFilter(words, options)
  const entries = selected(filter, options)
  if (options.json) return renderJson(entries.map((neigh) => neighJson(neigh, filter, options)) as Json, options.pretty)
  return entries.map((neigh) => `${neighText(neigh, filter, options)}\n`).join("")
}

const hasAddress = (neigh: Neighbour): boolean => (neigh.state & NUD_VALID) !== 0

function neighText(neigh: Neighbour, filter: Filter, options: IpOptions): string {
  const dev = filter.dev === undefined ? `dev ${neigh.dev.name} ` : ""
  const lladdr = hasAddress(neigh) ? `lladdr ${formatMac(neigh.lladdr)} ` : ""
  const now = options.net.kernel.sim.now
  const age = (time: number): number => Math.floor((now - time) / 1e9)
  const statistics = options.statistics
    ? ` used ${age(neigh.used)}/${age(neigh.confirmed)}/${age(neigh.updated)} probes ${neigh.probes} `
    : ""
  const prefix = options.brief ? "" : ""
  return `${prefix}${formatIpv4(neigh.primaryKey)} ${dev}${lladdr}${statistics}${stateNames(neigh.state).join(" ")} `
}

function neighJson(neigh: Neighbour, filter: Filter, options: IpOptions): Json {
  const now = options.net.kernel.sim.now
  const age = (time: number): number => Math.floor((now - time) / 1e9)
  return {
    dst: formatIpv4(neigh.primaryKey),
    dev: filter.dev === undefined ? neigh.dev.name : undefined,
    lladdr: hasAddress(neigh) ? formatMac(neigh.lladdr) : undefined,
    ...(options.statistics
      ? { used: age(neigh.used), confirmed: age(neigh.confirmed), updated: age(neigh.updated), probes: neigh.probes }
      : {}),
    state: stateNames(neigh.state),
  }
}

interface NeighWords {
  dev: NetDevice
  address: number
  lladdr: number | undefined
  state: number | undefined
}

function readNeigh(words: Words, options: IpOptions): NeighWords {
  let dev: NetDevice | undefined
  let address: number | undefined
  let lladdr: number | undefined
  let state: number | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") dev = deviceOrFail(options.net, words.next())
    else if (word === "lladdr") {
      const text = words.next()
      lladdr = parseMac(text) ?? fail(`"${text}" is invalid lladdr.`, 1)
    } else if (word === "nud") state = stateOf(words.next())
    else if (["proxy", "router", "extern_learn", "managed", "protocol"].includes(word))
      fail(`ip: podwire does not support 'neigh … ${word}'`, 255)
    else {
      const text = word === "to" ? words.next() : word
      address = parseIpv4(text) ?? fail(`Error: any valid prefix is expected rather than "${text}".`, 1)
    }
  }
  if (dev === undefined || address === undefined) return fail("Device and destination are required arguments.", 1)
  return { dev, address, lladdr, state }
}

function change(words: Words, options: IpOptions, mode: NeighMode): string {
  const { dev, address, lladdr, state } = readNeigh(words, options)
  check(
    neighAdd(
      dev,
      {
        address,
        ...(lladdr === undefined ? {} : { lladdr }),
        ...(state === undefined ? {} : { state }),
        origin: "ip neigh",
      },
      mode,
    ),
  )
  return ""
}

function remove(words: Words, options: IpOptions): string {
  const { dev, address } = readNeigh(words, options)
  check(neighDel(dev, address))
  return ""
}

function flush(words: Words, options: IpOptions): string {
  if (words.left === 0) fail("Flush requires arguments.", 1)
  const filter = readFilter(words, options)
  for (const neigh of selected({ ...filter, states: filter.states & ~Nud.PERMANENT }, options))
    options.net.neigh.remove(neigh)
  return ""
}
