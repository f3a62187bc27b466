/** ip neighbour. Models iproute2 ip/ipneigh.c. */
import { type Neighbour, NUD_VALID, Nud } from "../../linux/neigh/table.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { type NeighMode, neighAdd, neighDel } from "../../linux/rtnetlink/neigh.ts"
import { formatIpv4, formatMac, networkOf, type Prefix, parseIpv4, parseMac } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, invalid, type Json, renderJson, type Words } from "../iproute.ts"
import { runSubcommand, type Subcommands } from "./subcommand.ts"
import { flushReport, prefixOrFail } from "./values.ts"

const COMMANDS: Subcommands = [
  ["add", (words, options) => change(words, options, "add")],
  ["change", (words, options) => change(words, options, "change")],
  ["chg", (words, options) => change(words, options, "change")],
  ["replace", (words, options) => change(words, options, "replace")],
  ["delete", remove],
  ["show", show],
  ["lst", show],
  ["list", show],
  ["flush", flush],
  ["get", get],
]

export function ipNeigh(args: readonly string[], options: IpOptions): string {
  return runSubcommand("neigh", COMMANDS, args, options)
}

const stateNames = (state: number): string[] =>
  Object.entries(Nud)
    .filter(([, bit]) => (state & bit) !== 0)
    .map(([name]) => name)

interface Filter {
  dev: NetDevice | undefined
  states: number
  accepts: (neigh: Neighbour) => boolean
  /** States were asked for by name. */
  named: boolean
}

/** NOARP entries are hidden unless asked for. */
function readFilter(words: Words, options: IpOptions): Filter {
  const filter: Filter = { dev: undefined, states: 0xff & ~Nud.NOARP, accepts: () => true, named: false }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") filter.dev = deviceOrFail(options.net, words.next())
    else if (word === "nud") {
      filter.states = filter.named ? filter.states : 0
      filter.named = true
      filter.states |= stateOf(words.next())
    } else if (["proxy", "vrf", "unused", "master", "nomaster"].includes(word))
      fail(`ip: podwire does not support 'neigh … ${word}'`, 255)
    else {
      const text = word === "to" ? words.next() : word
      const prefix = prefixOf(text)
      filter.accepts = (neigh) =>
        networkOf(neigh.primaryKey, prefix.length) === networkOf(prefix.address, prefix.length)
    }
  }
  return filter
}

const prefixOf = (text: string): Prefix =>
  text === "all" || text === "any" || text === "default" ? { address: 0, length: 0 } : prefixOrFail(text)

/** `all` includes entries without any state. */
const ALL = 0x1ff
const NONE = 0x100

function stateOf(word: string): number {
  if (word === "all") return ALL
  if (word === "none") return NONE
  if (/^(0x[0-9a-f]+|\d+)$/i.test(word)) return Number(word) & 0xff
  const state = (Nud as Readonly<Record<string, number>>)[word.toUpperCase()]
  return state ?? invalid(word, "nud state is bad")
}

/** Newest first, as the kernel's hash buckets list them. */
function selected(filter: Filter, options: IpOptions): Neighbour[] {
  if (options.family === "inet6") return []
  return [...options.net.neigh.entries()].filter(
    (neigh) =>
      ((neigh.state || NONE) & filter.states) !== 0 &&
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
  const statistics = options.statistics ? statisticsText(neigh) : ""
  return `${formatIpv4(neigh.primaryKey)} ${dev}${lladdr}${statistics}${stateNames(neigh.state)
    .map((name) => `${name} `)
    .join("")}`
}

const age = (neigh: Neighbour, time: number): number => Math.floor((neigh.net.kernel.sim.now - time) / 1e9)

/** Who refers to the entry besides the table: its timer. */
function statisticsText(neigh: Neighbour): string {
  const ref = neigh.timer.armed ? " ref 1" : ""
  const probes = neigh.probes === 0 ? " " : `probes ${neigh.probes} `
  return `${ref} used ${age(neigh, neigh.used)}/${age(neigh, neigh.confirmed)}/${age(neigh, neigh.updated)}${probes}`
}

function neighJson(neigh: Neighbour, filter: Filter, options: IpOptions): Json {
  return {
    dst: formatIpv4(neigh.primaryKey),
    dev: filter.dev === undefined ? neigh.dev.name : undefined,
    lladdr: hasAddress(neigh) ? formatMac(neigh.lladdr) : undefined,
    ...(options.statistics
      ? {
          refcnt: neigh.timer.armed ? 1 : undefined,
          used: age(neigh, neigh.used),
          confirmed: age(neigh, neigh.confirmed),
          updated: age(neigh, neigh.updated),
          probes: neigh.probes === 0 ? undefined : neigh.probes,
        }
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
  let device: string | undefined
  let address: number | undefined
  let lladdr: string | undefined
  let state: number | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") device = words.next()
    else if (word === "lladdr") lladdr = words.next()
    else if (word === "nud") state = stateOf(words.next())
    else if (["proxy", "router", "extern_learn", "managed", "protocol", "use"].includes(word))
      fail(`ip: podwire does not support 'neigh … ${word}'`, 255)
    else {
      if (address !== undefined) fail(`Error: either "to" is duplicate, or "${word}" is a garbage.`, 255)
      const text = word === "to" ? words.next() : word
      address = parseIpv4(text) ?? fail(`Error: any valid address is expected rather than "${text}".`, 1)
    }
  }
  if (device === undefined || address === undefined) return fail("Device and destination are required arguments.", 255)
  const dev = deviceOrFail(options.net, device)
  return { dev, address, lladdr: lladdr === undefined ? undefined : readLladdr(lladdr), state }
}

/** Its form is the tool's affair, its length the kernel's. */
function readLladdr(word: string): number {
  if (!/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})+$/.test(word)) return fail(`"${word}" is invalid lladdr.`, 1)
  return parseMac(word) ?? fail("Error: Invalid link address.", 2)
}

/** `ip neigh get ADDR dev D`. */
function get(words: Words, options: IpOptions): string {
  const { dev, address } = readNeigh(words, options)
  const neigh = options.net.neigh.lookup(dev, address) ?? fail("Error: Neighbour entry not found.", 2)
  const filter: Filter = { dev: undefined, states: ALL, accepts: () => true, named: true }
  if (options.json) return renderJson([neighJson(neigh, filter, options)], options.pretty)
  return `${neighText(neigh, filter, options)}\n`
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
  // What was set to stay is only flushed by name.
  const states = filter.named ? filter.states : ALL & ~(Nud.PERMANENT | Nud.NOARP)
  const entries = selected({ ...filter, states }, options)
  for (const neigh of entries) options.net.neigh.remove(neigh)
  return flushReport(entries.length, options)
}
