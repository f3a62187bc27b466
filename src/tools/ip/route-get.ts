/** ip route get: what the kernel would do with one packet. Models iproute2 ip/iproute.c iproute_get and net/ipv4/route.c inet_rtm_getroute. */
import { strerror } from "../../linux/errno.ts"
import { nexthopOf, type Route, RouteScope, RouteTable, RouteType } from "../../linux/fib/route.ts"
import { isMartian } from "../../linux/ip/input.ts"
import { ipRouteOutput, type OutputRoute, type RouteError } from "../../linux/ip/route-output.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { formatIpv4, parseIpv4 } from "../../wire/address.ts"
import { deviceOrFail, fail, type IpOptions, type Json, renderJson, type Words } from "../iproute.ts"

interface Question {
  destination: number
  from: number
  iif: NetDevice | undefined
  oif: NetDevice | undefined
  mark: number
  /** Only the route is asked for. */
  fibmatch: boolean
}

/** Words that change nothing while there are no rules that look at them. */
const SELECTORS: ReadonlySet<string> = new Set(["tos", "dsfield", "sport", "dport", "ipproto"])
const REFUSED: ReadonlySet<string> = new Set(["uid", "vrf", "connected", "notify"])

function read(words: Words, options: IpOptions): Question {
  const question: Question = { destination: -1, from: 0, iif: undefined, oif: undefined, mark: 0, fibmatch: false }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    // Until an address was read, the tool would take any family.
    const family = options.family === "unspec" && question.destination >= 0 ? "inet" : options.family
    if (word === "from") question.from = address(words.next(), family, options)
    else if (word === "iif") question.iif = deviceOrFail(options.net, words.next())
    else if (word === "oif" || word === "dev") question.oif = deviceOrFail(options.net, words.next())
    else if (word === "mark") question.mark = Number(words.next())
    else if (word === "fibmatch") question.fibmatch = true
    else if (SELECTORS.has(word)) words.next()
    else if (REFUSED.has(word)) fail(`ip: podwire does not support 'route get … ${word}'`, 255)
    else question.destination = address(word === "to" ? words.next() : word, family, options)
  }
  if (question.destination < 0) fail("need at least a destination address", 1)
  return question
}

function address(word: string, family: IpOptions["family"], options: IpOptions): number {
  const [host = "", length] = word.split("/")
  const padded = /^\d+(\.\d+){0,3}$/.test(host) ? [...host.split("."), "0", "0", "0"].slice(0, 4).join(".") : host
  const found = family === "inet6" ? undefined : parseIpv4(padded)
  const name = family === "unspec" ? "any valid" : family
  if (found === undefined) return fail(`Error: ${name} prefix is expected rather than "${word}".`, 1)
  if (length !== undefined && length !== "32")
    options.warn(`Warning: /${length} as prefix is invalid, only /32 (or none) is supported.\n`)
  return found
}

const TABLES: readonly (readonly [string, number])[] = [
  ["local", RouteTable.LOCAL],
  ["main", RouteTable.MAIN],
  ["default", RouteTable.DEFAULT],
]

/** What the kernel answers: the way, and what is special about it. */
interface Answer extends OutputRoute {
  redirect: boolean
}

/** `showRoute` prints a route as `ip route` does. */
export function ipRouteGet(words: Words, options: IpOptions, showRoute: (route: Route) => string): string {
  const question = read(words, options)
  const { net } = options
  if (options.statistics) fail("ip: podwire does not support 'route get' with -s", 255)
  if (question.from !== 0 && question.iif === undefined && !net.isLocal(question.from))
    fail("RTNETLINK answers: Network is unreachable", 2)
  const way =
    question.iif === undefined
      ? ipRouteOutput(net, question.destination, question.from, question.oif, question.mark)
      : inputRoute(net, question, question.iif)
  if (typeof way === "string") return fail(`RTNETLINK answers: ${strerror(way)}`, 2)
  if (question.fibmatch) return showRoute(way.route)
  return answer(question, { redirect: false, ...way }, options)
}

/** The route of a packet that comes in: forwarded by the same table. Models ip_route_input_slow. */
function inputRoute(net: NetNamespace, question: Question, iif: NetDevice): Answer | RouteError {
  const { destination, from } = question
  if (from !== 0 && isMartian(net, iif, from, destination)) return "EINVAL"
  const route = net.fib.lookupFlow(destination, from, question.mark, iif.name, "")
  if (route === undefined) return "ENETUNREACH"
  const here = route.type === RouteType.LOCAL || route.type === RouteType.BROADCAST
  const dev = here ? net.loopback : route.dev
  if (dev === undefined || (!here && !iif.forwarding)) return "EHOSTUNREACH"
  return {
    route,
    dev,
    source: 0,
    nexthop: nexthopOf(route, destination),
    redirect: !here && dev === iif && onLink(net, from, iif),
  }
}

/** The sender is a neighbour on the device, and could have asked the next hop itself. */
const onLink = (net: NetNamespace, source: number, dev: NetDevice): boolean => {
  const back = net.fib.lookup(source)
  return back?.dev === dev && back.scope >= RouteScope.LINK
}

interface CacheEntry {
  flags: string[]
  expires: number | undefined
  mtu: number | undefined
  gateway: number
}

/** RTCF_* bits and what was learned about the destination. */
function cacheOf(question: Question, way: Answer, net: NetNamespace): CacheEntry {
  const { type } = way.route
  const learned = net.pmtu.get(question.destination)
  const flags: string[] = []
  if (type === RouteType.LOCAL || type === RouteType.BROADCAST || type === RouteType.MULTICAST) flags.push("local")
  if (type === RouteType.BROADCAST) flags.push("brd")
  if (type === RouteType.MULTICAST) flags.push("mc")
  if (way.redirect) flags.push("redirect")
  if (learned !== undefined && learned.gateway !== 0) flags.push("redirected")
  return {
    flags,
    expires: learned === undefined ? undefined : remaining(learned.expires, net),
    mtu: learned?.mtu || way.route.mtu || undefined,
    gateway: learned?.gateway || (way.route.ownGateway === true ? 0 : way.route.gateway),
  }
}

/** Whole seconds, of which the first is over at once. */
const remaining = (expires: number, net: NetNamespace): number => Math.ceil((expires - net.kernel.sim.now) / 1e9) - 1

const TYPES: Readonly<Record<number, string>> = {
  [RouteType.LOCAL]: "local",
  [RouteType.BROADCAST]: "broadcast",
  [RouteType.MULTICAST]: "multicast",
}

function answer(question: Question, way: Answer, options: IpOptions): string {
  const { route, dev } = way
  const cache = cacheOf(question, way, options.net)
  const uid = question.iif === undefined ? options.uid : undefined
  const showsSource = question.iif === undefined && question.from === 0
  if (options.json) return answerJson(question, way, cache, options)
  const type = TYPES[route.type] ?? (options.details ? "unicast" : "")
  const parts = [`${type === "" ? "" : `${type} `}${formatIpv4(question.destination)} `]
  if (question.from !== 0) parts.push(`from ${formatIpv4(question.from)} `)
  if (cache.gateway !== 0) parts.push(`via ${formatIpv4(cache.gateway)} `)
  parts.push(`dev ${dev.name} `)
  if (options.details || showsTable(route, options.net)) parts.push(`table ${tableName(route)} `)
  if (showsSource) parts.push(`src ${formatIpv4(way.source)} `)
  if (question.mark !== 0) parts.push(`mark ${markText(question.mark)} `)
  // RTCF_MULTICAST is the bit that newer headers call RTM_F_OFFLOAD_FAILED.
  if (route.type === RouteType.MULTICAST) parts.push("rt_offload_failed ")
  if (uid !== undefined) parts.push(`uid ${uid} `)
  const flags = cache.flags.length > 0 ? `<${cache.flags.join(",")}> ` : ""
  const expires = cache.expires === undefined ? "" : `expires ${cache.expires}sec `
  const mtu = cache.mtu === undefined ? "" : `mtu ${cache.mtu} `
  const iif = question.iif === undefined ? "" : `iif ${question.iif.name} `
  return `${parts.join("")}${options.oneline ? "\\" : "\n"}    cache ${flags}${expires}${mtu}${iif}\n`
}

/** Small marks are printed in decimal. */
const markText = (mark: number): string => (mark >= 16 ? `0x${mark.toString(16)}` : String(mark))

const tableName = ({ table }: Route): string => TABLES.find(([, known]) => known === table)?.[0] ?? String(table)

/** Without rules of one's own the local table is a part of main, and the kernel says "main". */
const showsTable = ({ table }: Route, net: NetNamespace): boolean => net.fib.policy && table !== RouteTable.MAIN

function answerJson(question: Question, way: Answer, cache: CacheEntry, options: IpOptions): string {
  const { route, dev } = way
  const entry: Json = {
    type: TYPES[route.type] ?? (options.details ? "unicast" : undefined),
    dst: formatIpv4(question.destination),
    from: question.from === 0 ? undefined : formatIpv4(question.from),
    gateway: cache.gateway === 0 ? undefined : formatIpv4(cache.gateway),
    dev: dev.name,
    table: options.details || showsTable(route, options.net) ? tableName(route) : undefined,
    prefsrc: question.iif === undefined && question.from === 0 ? formatIpv4(way.source) : undefined,
    mark: question.mark === 0 ? undefined : question.mark,
    flags: route.type === RouteType.MULTICAST ? ["rt_offload_failed"] : [],
    uid: question.iif === undefined ? options.uid : undefined,
    cache: cache.flags,
    expires: cache.expires,
    metrics: cache.mtu === undefined ? undefined : [{ mtu: cache.mtu }],
    iif: question.iif === undefined ? undefined : question.iif.name,
  }
  return renderJson([entry], options.pretty)
}
