/** ip route get: what the kernel would do with one packet. Models iproute2 ip/iproute.c iproute_get. */

import { strerror } from "../../linux/errno.ts"
import { RouteType } from "../../linux/fib/route.ts"
import { ipRouteOutput, type OutputRoute } from "../../linux/ip/route-output.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { formatIpv4, parseIpv4 } from "../../wire/address.ts"
import { deviceOrFail, fail, type IpOptions, type Json, renderJson, type Words } from "../iproute.ts"

interface Question {
  destination: number
  from: number
  iif: NetDevice | undefined
  oif: NetDevice | undefined
}

function read(words: Words, options: IpOptions): Question {
  const question: Question = { destination: -1, from: 0, iif: undefined, oif: undefined }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "from") question.from = address(words.next())
    else if (word === "iif") question.iif = deviceOrFail(options.net, words.next())
    else if (word === "oif" || word === "dev") question.oif = deviceOrFail(options.net, words.next())
    else if (
      ["mark", "uid", "sport", "dport", "ipproto", "tos", "vrf", "fibmatch", "connected", "notify"].includes(word)
    )
      fail(`ip: podwire does not support 'route get … ${word}'`, 255)
    else question.destination = address(word === "to" ? words.next() : word)
  }
  if (question.destination < 0) fail("need at least a destination address", 1)
  return question
}

function address(word: string): number {
  const padded = /^\d+(\.\d+){0,3}$/.test(word) ? [...word.split("."), "0", "0", "0"].slice(0, 4).join(".") : word
  return parseIpv4(padded.split("/")[0] ?? "") ?? fail(`Error: any valid prefix is expected rather than "${word}".`, 1)
}

export function ipRouteGet(words: Words, options: IpOptions): string {
  const question = read(words, options)
  const { net } = options
  if (question.from !== 0 && question.iif === undefined && !net.isLocal(question.from))
    fail("RTNETLINK answers: Network is unreachable", 2)
  const way =
    question.iif === undefined
      ? ipRouteOutput(net, question.destination, question.from, question.oif)
      : inputRoute(question, options)
  if (typeof way === "string") return fail(`RTNETLINK answers: ${strerror(way)}`, 2)
  return answer(question, way, options)
}

/** The route of a packet that comes in: forwarded by the same table. */
function inputRoute(question: Question, options: IpOptions): OutputRoute | "ENETUNREACH" | "EHOSTUNREACH" {
  const route = options.net.fib.lookup(question.destination)
  if (route === undefined) return "ENETUNREACH"
  const dev = route.type === RouteType.LOCAL ? options.net.loopback : route.dev
  if (dev === undefined || (route.type === RouteType.UNICAST && question.iif?.forwarding !== true))
    return "EHOSTUNREACH"
  return { route, dev, source: 0, nexthop: route.gateway || question.destination }
}

function answer(question: Question, way: OutputRoute, options: IpOptions): string {
  const { route, dev } = way
  const local = route.type === RouteType.LOCAL
  const broadcast = route.type === RouteType.BROADCAST
  const pmtu = options.net.pmtu.get(question.destination)
  const expires = pmtu === undefined ? undefined : Math.floor((pmtu.expires - options.net.kernel.sim.now) / 1e9)
  const uid = question.iif === undefined ? options.proc.uid : undefined
  const flags = local ? ["local"] : broadcast ? ["local", "brd"] : []
  if (options.json) {
    const entry: Json = {
      type: local ? "local" : broadcast ? "broadcast" : undefined,
      dst: formatIpv4(question.destination),
      from: question.from === 0 ? undefined : formatIpv4(question.from),
      gateway: route.gateway === 0 ? undefined : formatIpv4(route.gateway),
      dev: dev.name,
      prefsrc: question.iif === undefined && question.from === 0 ? formatIpv4(way.source) : undefined,
      flags: [],
      uid,
      cache: flags,
      iif: question.iif?.name,
    }
    return renderJson([entry], options.pretty)
  }
  const parts = [`${local ? "local " : broadcast ? "broadcast " : ""}${formatIpv4(question.destination)} `]
  if (question.from !== 0) parts.push(`from ${formatIpv4(question.from)} `)
  if (route.gateway !== 0) parts.push(`via ${formatIpv4(route.gateway)} `)
  parts.push(`dev ${dev.name} `)
  if (question.iif === undefined && question.from === 0) parts.push(`src ${formatIpv4(way.source)} `)
  if (uid !== undefined) parts.push(`uid ${uid} `)
  const cache = `    cache ${flags.length > 0 ? `<${flags.join(",")}> ` : ""}${expires === undefined ? "" : `expires ${expires}sec mtu ${pmtu?.mtu} `}${question.iif === undefined ? "" : `iif ${question.iif.name} `}`
  return `${parts.join("")}\n${cache}\n`
}
