/** Routes: RTM_NEWROUTE, RTM_DELROUTE. Models net/ipv4/fib_semantics.c fib_create_info and fib_trie.c fib_table_insert. */
import { networkOf } from "../../wire/address.ts"
import { covers } from "../fib/fib.ts"
import { type Route, RouteProtocol, RouteScope, RouteTable, RouteType } from "../fib/route.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { type NetlinkError, refuse } from "./error.ts"

export interface RouteSpec {
  destination: number
  prefixLength: number
  gateway?: number
  dev?: NetDevice
  source?: number
  /** Absent: link for a route without gateway, else universe. */
  scope?: number
  /** RTPROT_BOOT when absent, as iproute2 and Flannel's netlink library send. */
  protocol?: number
  metric?: number
  table?: number
  type?: number
  onlink?: boolean
  /** RTAX_MTU: smaller than the device's. */
  mtu?: number
  origin?: string
}

/** NLM_F_CREATE|EXCL, NLM_F_CREATE|REPLACE, NLM_F_CREATE|APPEND, NLM_F_CREATE, NLM_F_REPLACE. */
export type RouteMode = "add" | "replace" | "append" | "prepend" | "change"

/** One line to copy: `routeAdd(net, { destination, prefixLength: 24, gateway, dev, onlink: true }, "replace")`. */
export function routeAdd(net: NetNamespace, spec: RouteSpec, mode: RouteMode = "add"): NetlinkError | undefined {
  const built = build(net, spec)
  if ("errno" in built) return built
  const refused = insert(net, built, mode)
  if (refused === undefined) net.kernel.notify(net, "route")
  return refused
}

/** Models fib_table_insert: of equal prefix, table and metric the first in the list counts. */
function insert(net: NetNamespace, route: Route, mode: RouteMode): NetlinkError | undefined {
  const { fib } = net
  const same = fib.routes.filter((other) => samePlace(other, route))
  const [first] = same
  if (first === undefined) {
    if (mode === "change") return refuse("ENOENT")
    fib.add(route)
    return undefined
  }
  if (mode === "add") return refuse("EEXIST")
  const match = same.find((other) => sameWay(other, route))
  if (mode === "replace" || mode === "change") {
    if (match === undefined) fib.replace(first, route)
    return match === undefined || match === first ? undefined : refuse("EEXIST")
  }
  if (match !== undefined) return refuse("EEXIST")
  if (mode === "append") fib.add(route)
  else fib.insertBefore(route, first)
  return undefined
}

/** Two routes that share a fib_info and a type. */
const sameWay = (a: Route, b: Route): boolean =>
  a.type === b.type &&
  a.gateway === b.gateway &&
  a.dev === b.dev &&
  a.source === b.source &&
  a.scope === b.scope &&
  a.protocol === b.protocol &&
  a.onlink === b.onlink &&
  (a.mtu ?? 0) === (b.mtu ?? 0)

/** Removes the first route that agrees with everything `spec` says; of several metrics the lowest. */
export function routeDel(net: NetNamespace, spec: RouteSpec): NetlinkError | undefined {
  const destination = networkOf(spec.destination, spec.prefixLength)
  const fits = net.fib.routes.filter(
    (route) =>
      route.table === (spec.table ?? defaultTable(spec.type)) &&
      route.destination === destination &&
      route.prefixLength === spec.prefixLength &&
      (spec.gateway === undefined || route.gateway === spec.gateway) &&
      (spec.dev === undefined || route.dev === spec.dev) &&
      (spec.metric === undefined || route.metric === spec.metric) &&
      (spec.type === undefined || route.type === spec.type) &&
      (spec.protocol === undefined || route.protocol === spec.protocol) &&
      (spec.scope === undefined || route.scope === spec.scope) &&
      (spec.source === undefined || route.source === spec.source),
  )
  const [found] = fits.sort((a, b) => a.metric - b.metric)
  if (found === undefined) return refuse("ESRCH")
  net.fib.remove(found)
  net.kernel.notify(net, "route")
  return undefined
}

const samePlace = (a: Route, b: Route): boolean =>
  a.table === b.table && a.destination === b.destination && a.prefixLength === b.prefixLength && a.metric === b.metric

function build(net: NetNamespace, spec: RouteSpec): Route | NetlinkError {
  const type = spec.type ?? RouteType.UNICAST
  const gateway = spec.gateway ?? 0
  const hasDevice = type === RouteType.UNICAST || type === RouteType.LOCAL || type === RouteType.BROADCAST
  if (networkOf(spec.destination, spec.prefixLength) !== spec.destination)
    return refuse("EINVAL", "Invalid prefix for given prefix length")
  const dev = hasDevice ? outputDevice(net, spec, gateway) : undefined
  if (dev !== undefined && "errno" in dev) return dev
  if (spec.source !== undefined && spec.source !== 0 && !net.isLocal(spec.source))
    return refuse("EINVAL", "Invalid prefsrc address")
  return {
    table: spec.table ?? defaultTable(type),
    type,
    destination: spec.destination,
    prefixLength: spec.prefixLength,
    gateway,
    dev,
    source: spec.source ?? 0,
    scope: spec.scope ?? defaultScope(type, gateway),
    protocol: spec.protocol ?? RouteProtocol.BOOT,
    metric: spec.metric ?? 0,
    onlink: spec.onlink ?? false,
    mtu: spec.mtu ?? 0,
    ownGateway: gateway !== 0 && spec.onlink !== true && net.isLocal(gateway),
    origin: spec.origin,
  }
}

/** Where iproute2 puts a route of a type when no table is said. */
const defaultTable = (type: number | undefined): number =>
  type === RouteType.LOCAL || type === RouteType.BROADCAST ? RouteTable.LOCAL : RouteTable.MAIN

function defaultScope(type: number, gateway: number): number {
  if (type === RouteType.LOCAL) return RouteScope.HOST
  if (type === RouteType.BROADCAST) return RouteScope.LINK
  if (gateway !== 0 || type !== RouteType.UNICAST) return RouteScope.UNIVERSE
  return RouteScope.LINK
}

/** The gateway must be on the link, or said to be so. Models fib_check_nh. */
function outputDevice(net: NetNamespace, spec: RouteSpec, gateway: number): NetDevice | NetlinkError {
  const scope = spec.scope ?? defaultScope(spec.type ?? RouteType.UNICAST, gateway)
  if (gateway === 0) {
    if (spec.dev === undefined) return refuse("ENODEV")
    return spec.dev.up ? spec.dev : refuse("ENETDOWN", "Device for nexthop is not up")
  }
  if (scope === RouteScope.HOST) return refuse("EINVAL", "Route with host scope can not have a gateway")
  if (spec.onlink === true) return onlinkDevice(net, spec.dev, gateway, scope)
  const way = lookupScoped(net, gateway, Math.max(scope + 1, RouteScope.LINK), spec.dev)
  if (way === undefined) return refuse("ENETUNREACH", "Nexthop has invalid gateway")
  if ((way.type !== RouteType.UNICAST && way.type !== RouteType.LOCAL) || way.dev === undefined)
    return refuse("EINVAL", "Nexthop has invalid gateway")
  return way.dev.up ? way.dev : refuse("ENETDOWN", "Nexthop device is not up")
}

function onlinkDevice(
  net: NetNamespace,
  dev: NetDevice | undefined,
  gateway: number,
  scope: number,
): NetDevice | NetlinkError {
  if (scope >= RouteScope.LINK) return refuse("EINVAL", "Nexthop has invalid scope")
  if (dev === undefined) return refuse("ENODEV", "Nexthop device required for onlink")
  if (!dev.up) return refuse("ENETDOWN", "Nexthop device is not up")
  return net.isLocal(gateway) ? refuse("EINVAL", "Nexthop has invalid gateway") : dev
}

/** The longest prefix among routes near enough to be asked for a gateway: their own next hop is `scope` or nearer. */
function lookupScoped(
  net: NetNamespace,
  address: number,
  scope: number,
  dev: NetDevice | undefined,
): Route | undefined {
  let best: Route | undefined
  for (const route of net.fib.routes) {
    if (!covers(route, address) || route.scope < scope || (dev !== undefined && route.dev !== dev)) continue
    if (best === undefined || route.prefixLength > best.prefixLength) best = route
  }
  return best
}
