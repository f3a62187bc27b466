/** ip route. Models iproute2 ip/iproute.c. */

import { type Route, RouteProtocol, RouteScope, RouteTable, RouteType } from "../../linux/fib/route.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { type RouteMode, type RouteSpec, routeAdd, routeDel } from "../../linux/rtnetlink/route.ts"
import { formatIpv4, networkOf, type Prefix, parsePrefix } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, invalid, type Json, renderJson, type Words } from "../iproute.ts"
import { misuse } from "./misuse.ts"
import { ipRouteGet } from "./route-get.ts"
import { readScope, scopeName } from "./scope.ts"
import { refused, runSubcommand, type Subcommands } from "./subcommand.ts"
import { addressOrFail, flushReport, readMetric } from "./values.ts"

const COMMANDS: Subcommands = [
  ["list", show],
  ["show", show],
  ["lst", show],
  ["get", (words, options) => ipRouteGet(words, options, (route) => render([route], { ...NO_FILTER }, options))],
  ["add", (words, options) => change(words, options, "add")],
  ["append", (words, options) => change(words, options, "append")],
  ["prepend", (words, options) => change(words, options, "prepend")],
  ["change", (words, options) => change(words, options, "change")],
  ["chg", (words, options) => change(words, options, "change")],
  ["replace", (words, options) => change(words, options, "replace")],
  ["delete", remove],
  ["flush", flush],
  ...refused("route", ["save", "restore", "showdump"]),
]

export function ipRoute(args: readonly string[], options: IpOptions): string {
  return runSubcommand("route", COMMANDS, args, options)
}

const TYPES: readonly (readonly [string, number])[] = [
  ["unicast", RouteType.UNICAST],
  ["local", RouteType.LOCAL],
  ["broadcast", RouteType.BROADCAST],
  ["blackhole", RouteType.BLACKHOLE],
  ["unreachable", RouteType.UNREACHABLE],
  ["prohibit", RouteType.PROHIBIT],
  ["throw", RouteType.THROW],
]
/** As /etc/iproute2/rt_protos has them. */
export const PROTOCOLS: readonly (readonly [string, number])[] = [
  ["unspec", RouteProtocol.UNSPEC],
  ["redirect", RouteProtocol.REDIRECT],
  ["kernel", RouteProtocol.KERNEL],
  ["boot", RouteProtocol.BOOT],
  ["static", RouteProtocol.STATIC],
  ["gated", 8],
  ["ra", 9],
  ["mrt", 10],
  ["zebra", 11],
  ["bird", 12],
  ["dnrouted", 13],
  ["xorp", 14],
  ["ntk", 15],
  ["dhcp", RouteProtocol.DHCP],
  ["keepalived", 18],
  ["babel", 42],
  ["bgp", 186],
  ["isis", 187],
  ["ospf", 188],
  ["rip", 189],
  ["eigrp", 192],
]
export const TABLES: readonly (readonly [string, number])[] = [
  ["local", RouteTable.LOCAL],
  ["main", RouteTable.MAIN],
  ["default", RouteTable.DEFAULT],
]
const nameOf = (table: readonly (readonly [string, number])[], value: number): string =>
  table.find(([, known]) => known === value)?.[0] ?? String(value)

function readName(table: readonly (readonly [string, number])[], word: string, message: string): number {
  const known = table.find(([name]) => name === word)?.[1]
  if (known !== undefined) return known
  return /^\d+$/.test(word) ? Number(word) : invalid(word, message)
}

/** `default` and abbreviated networks such as `10.244/16`. Models get_prefix. */
export function readPrefix(word: string): Prefix {
  if (word === "default" || word === "any" || word === "all") return { address: 0, length: 0 }
  const [host = "", length] = word.split("/")
  const padded = /^\d+(\.\d+){0,3}$/.test(host) ? [...host.split("."), "0", "0", "0"].slice(0, 4).join(".") : host
  return (
    parsePrefix(length === undefined ? padded : `${padded}/${length}`) ??
    fail(`Error: any valid prefix is expected rather than "${word}".`, 1)
  )
}

/** A route's condition, printed after it. */
function stateFlags(route: Route): string[] {
  const { dev } = route
  const flags: string[] = []
  if (route.onlink) flags.push("onlink")
  if (dev?.up && !dev.carrier) flags.push("linkdown")
  return flags
}

function destinationText(route: Route): string {
  if (route.prefixLength === 0) return "default"
  return route.prefixLength === 32
    ? formatIpv4(route.destination)
    : `${formatIpv4(route.destination)}/${route.prefixLength}`
}

/** The scope is not worth a word where it follows from the type. */
const scopeWorthShowing = (route: Route): boolean => route.scope !== RouteScope.UNIVERSE

interface Filter {
  table: number | "all"
  dev: NetDevice | undefined
  matches: (route: Route) => boolean
  protocol: number | undefined
  scope: number | undefined
  gateway: number | undefined
  type: number | undefined
  source: number | undefined
}

const NO_FILTER: Readonly<Filter> = {
  table: RouteTable.MAIN,
  dev: undefined,
  matches: () => true,
  protocol: undefined,
  scope: undefined,
  gateway: undefined,
  type: undefined,
  source: undefined,
}

function readFilter(words: Words, options: IpOptions): Filter {
  const filter: Filter = { ...NO_FILTER }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "table") {
      const name = words.next()
      filter.table = name === "all" ? "all" : readName(TABLES, name, "table id value is invalid\n")
    } else if (word === "dev" || word === "oif") filter.dev = deviceOrFail(options.net, words.next())
    else if (word === "proto" || word === "protocol")
      filter.protocol = readName(PROTOCOLS, words.next(), 'invalid "protocol"\n')
    else if (word === "scope") filter.scope = readScope(words.next(), 'invalid "scope"\n')
    else if (word === "via") filter.gateway = addressOrFail(words.next())
    else if (word === "src") filter.source = addressOrFail(words.next())
    else if (word === "type") filter.type = readName(TYPES, words.next(), "node type value is invalid\n")
    else if (
      [
        "from",
        "iif",
        "vrf",
        "realms",
        "mark",
        "cache",
        "cached",
        "cloned",
        "metric",
        "tos",
        "dsfield",
        "nhid",
      ].includes(word)
    )
      fail(`ip: podwire does not support '${word}' here`, 255)
    else filter.matches = readSelector(word, words)
  }
  return filter
}

/** `[to] [root|match|exact] PREFIX`. */
function readSelector(word: string, words: Words): (route: Route) => boolean {
  let mode = word === "to" ? words.next() : word
  let prefix: Prefix
  if (mode === "root" || mode === "match" || mode === "exact") prefix = readPrefix(words.next())
  else {
    prefix = readPrefix(mode)
    mode = "exact"
  }
  const network = networkOf(prefix.address, prefix.length)
  if (mode === "exact") return (route) => route.prefixLength === prefix.length && route.destination === network
  if (mode === "root")
    return (route) => route.prefixLength >= prefix.length && networkOf(route.destination, prefix.length) === network
  return (route) =>
    route.prefixLength <= prefix.length && networkOf(prefix.address, route.prefixLength) === route.destination
}

/** The kernel walks its trie by key; at one key the longer prefix comes first, then the lower metric. */
export function dumpOrder(a: Route, b: Route): number {
  return a.destination - b.destination || b.prefixLength - a.prefixLength || a.metric - b.metric
}

function selected(words: Words, options: IpOptions): { routes: Route[]; filter: Filter } {
  const filter = readFilter(words, options)
  if (options.family === "inet6") return { routes: [], filter }
  if (filter.table !== "all" && !options.net.fib.hasTable(filter.table))
    return fail("Error: ipv4: FIB table does not exist.\nDump terminated", 2)
  const routes = options.net.fib.routes.filter(
    (route) =>
      (filter.table === "all" || route.table === filter.table) &&
      (filter.dev === undefined || route.dev === filter.dev) &&
      (filter.protocol === undefined || route.protocol === filter.protocol) &&
      (filter.scope === undefined || route.scope === filter.scope) &&
      (filter.gateway === undefined || route.gateway === filter.gateway) &&
      (filter.source === undefined || route.source === filter.source) &&
      (filter.type === undefined || route.type === filter.type) &&
      filter.matches(route),
  )
  // Tables hang in a hash of 256 chains.
  const chain = ({ table }: Route): number => (filter.table === "all" ? table & 255 : 0)
  return { routes: routes.sort((a, b) => chain(a) - chain(b) || dumpOrder(a, b)), filter }
}

function show(words: Words, options: IpOptions): string {
  const { routes, filter } = selected(words, options)
  return render(routes, filter, options)
}

function render(routes: readonly Route[], filter: Filter, options: IpOptions): string {
  if (options.json) return renderJson(routes.map((route) => routeJson(route, filter, options)) as Json, options.pretty)
  return routes.map((route) => `${routeText(route, filter, options.details)}\n`).join("")
}

/** A route as `ip route` prints it, without the blank at the end. */
export function routeLine(route: Route): string {
  return routeText(route, NO_FILTER, false).trimEnd()
}

function routeText(route: Route, filter: Filter, details: boolean): string {
  const type = route.type === RouteType.UNICAST && !details ? "" : `${nameOf(TYPES, route.type)} `
  const parts = [`${type}${destinationText(route)} `]
  if (route.gateway !== 0 && filter.gateway === undefined) parts.push(`via ${formatIpv4(route.gateway)} `)
  // What the filter fixes is not repeated.
  if (route.dev !== undefined && filter.dev === undefined) parts.push(`dev ${route.dev.name} `)
  if (filter.table === "all" && route.table !== RouteTable.MAIN) parts.push(`table ${nameOf(TABLES, route.table)} `)
  if ((route.protocol !== RouteProtocol.BOOT || details) && filter.protocol === undefined)
    parts.push(`proto ${nameOf(PROTOCOLS, route.protocol)} `)
  if ((scopeWorthShowing(route) || details) && filter.scope === undefined)
    parts.push(`scope ${scopeName(route.scope)} `)
  if (route.source !== 0 && filter.source === undefined) parts.push(`src ${formatIpv4(route.source)} `)
  if (route.metric !== 0) parts.push(`metric ${route.metric} `)
  parts.push(...stateFlags(route).map((flag) => `${flag} `))
  if (route.mtu) parts.push(`mtu ${route.mtu} `)
  return parts.join("")
}

function routeJson(route: Route, filter: Filter, options: IpOptions): Json {
  return {
    type: route.type === RouteType.UNICAST && !options.details ? undefined : nameOf(TYPES, route.type),
    dst: destinationText(route),
    gateway: route.gateway === 0 || filter.gateway !== undefined ? undefined : formatIpv4(route.gateway),
    dev: filter.dev === undefined ? route.dev?.name : undefined,
    table: filter.table === "all" && route.table !== RouteTable.MAIN ? nameOf(TABLES, route.table) : undefined,
    protocol:
      (route.protocol === RouteProtocol.BOOT && !options.details) || filter.protocol !== undefined
        ? undefined
        : nameOf(PROTOCOLS, route.protocol),
    scope:
      (scopeWorthShowing(route) || options.details) && filter.scope === undefined ? scopeName(route.scope) : undefined,
    prefsrc: route.source === 0 || filter.source !== undefined ? undefined : formatIpv4(route.source),
    metric: route.metric === 0 ? undefined : route.metric,
    flags: stateFlags(route),
    metrics: route.mtu ? [{ mtu: route.mtu }] : undefined,
  }
}

/** Reads `[TYPE] PREFIX [via G] [dev D] …` of add, replace and delete. */
function readRoute(words: Words, options: IpOptions): RouteSpec {
  const spec: RouteSpec = { destination: 0, prefixLength: 0, origin: "ip route" }
  let seen = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "via") {
      const next = words.next()
      if (next === "inet6") fail("ip: podwire does not support 'route … via inet6'", 255)
      spec.gateway = addressOrFail(next === "inet" ? words.next() : next)
    } else if (word === "dev" || word === "oif") spec.dev = deviceOrFail(options.net, words.next())
    else if (word === "src") spec.source = addressOrFail(words.next())
    else if (word === "metric" || word === "preference" || word === "priority") spec.metric = readMetric(words.next())
    else if (word === "proto" || word === "protocol")
      spec.protocol = readName(PROTOCOLS, words.next(), '"protocol" value is invalid\n')
    else if (word === "scope") spec.scope = readScope(words.next(), 'invalid "scope" value\n')
    else if (word === "table") spec.table = readTable(words.next())
    else if (word === "onlink") spec.onlink = true
    else if (word === "mtu") spec.mtu = readMtu(words.next())
    else if (ROUTE_REFUSED.has(word) || (!seen && TYPES_REFUSED.has(word)))
      fail(`ip: podwire does not support 'route … ${word}'`, 255)
    else if (!seen && TYPES.some(([name]) => name === word) && words.left > 0) spec.type = readName(TYPES, word, "")
    else {
      if (seen) fail(`Error: either "to" is duplicate, or "${word}" is a garbage.`, 255)
      seen = true
      const prefix = readPrefix(word === "to" ? words.next() : word)
      spec.destination = prefix.address
      spec.prefixLength = prefix.length
    }
  }
  if (!seen) misuse("route")
  return spec
}

const TYPES_REFUSED: ReadonlySet<string> = new Set(["multicast", "anycast", "nat", "xresolve"])
const ROUTE_REFUSED: ReadonlySet<string> = new Set(
  "nexthop advmss hoplimit window rtt rttvar reordering cwnd initcwnd initrwnd ssthresh rto_min features quickack congctl fastopen_no_cookie pref expires encap nhid tos dsfield realms src_port vrf as pervasive ttl-propagate offload trap equalize lock".split(
    " ",
  ),
)

/** `mtu lock N` forbids path MTU discovery, which nothing here would honour. */
function readMtu(word: string): number {
  if (word === "lock") fail("ip: podwire does not support 'route … mtu lock'", 255)
  return /^\d+$/.test(word) && Number(word) <= 0xffffffff ? Number(word) : invalid(word, '"mtu" value is invalid\n')
}

const readTable = (word: string): number => readName(TABLES, word, '"table" value is invalid\n')

function change(words: Words, options: IpOptions, mode: RouteMode): string {
  check(routeAdd(options.net, readRoute(words, options), mode))
  return ""
}

function remove(words: Words, options: IpOptions): string {
  check(routeDel(options.net, readRoute(words, options)))
  return ""
}

function flush(words: Words, options: IpOptions): string {
  if (words.left === 0) fail('"ip route flush" requires arguments.', 1)
  if (words.peek() === "cache") {
    options.net.pmtu.flush()
    return ""
  }
  const { routes } = selected(words, options)
  for (const route of routes) options.net.fib.remove(route)
  options.net.kernel.notify(options.net, "route")
  return flushReport(routes.length, options)
}
