/** Routes: RTM_NEWROUTE, RTM_DELROUTE. Models net/ipv4/fib_semantics.c fib_create_info and fib_trie.c fib_table_insert. */
import { networkOf } from "../../wire/address.ts"
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
  origin?: string
}

/** NLM_F_CREATE|EXCL, NLM_F_CREATE|REPLACE, NLM_F_CREATE|APPEND, NLM_F_REPLACE. */
export type RouteMode = "add" | "replace" | "append" | "change"

/** One line to copy: `routeAdd(net, { destination, prefixLength: 24, gateway, dev, onlink: true }, "replace")`. */
export function routeAdd(net: NetNamespace, spec: RouteSpec, mode: RouteMode = "add"): NetlinkError | undefined {
  const built = build(net, spec)
  if ("errno" in built) return built
  const same = net.fib.routes.find((route) => samePlace(route, built))
  if (mode === "add" && same !== undefined) return refuse("EEXIST")
  if (mode === "change" && same === undefined) return refuse("ENOENT")
  if (same !== undefined && mode !== "append") net.fib.remove(same)
  net.fib.add(built)
  net.kernel.notify(net, "route")
  return undefined
}

/** Removes the first route that agrees with everything `spec` says. */
export function routeDel(net: NetNamespace, spec: RouteSpec): NetlinkError | undefined {
  const destination = networkOf(spec.destination, spec.prefixLength)
  const found = net.fib.routes.find(
    (route) =>
      route.table === (spec.table ?? RouteTable.MAIN) &&
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
    table: spec.table ?? RouteTable.MAIN,
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
    origin: spec.origin,
  }
}

function defaultScope(type: number, gateway: number): number {
  if (type === RouteType.LOCAL) return RouteScope.HOST
  if (gateway !== 0 || type !== RouteType.UNICAST) return RouteScope.UNIVERSE
  return RouteScope.LINK
}

/** The gateway must be on the link, or said to be so. Models fib_check_nh. */
function outputDevice(net: NetNamespace, spec: RouteSpec, gateway: number): NetDevice | NetlinkError {
  if (gateway === 0) {
    if (spec.dev === undefined) return refuse("ENODEV")
    return spec.dev.up ? spec.dev : refuse("ENETDOWN", "Device for nexthop is not up")
  }
  if (spec.onlink === true) {
    if (spec.dev === undefined) return refuse("ENODEV", "Nexthop device required for onlink")
    if (!spec.dev.up) return refuse("ENETDOWN", "Nexthop device is not up")
    return net.isLocal(gateway) ? refuse("EINVAL", "Nexthop has invalid gateway") : spec.dev
  }
  const way = net.fib.lookup(gateway)
  if (way === undefined || way.type !== RouteType.UNICAST || way.scope < RouteScope.LINK || way.dev === undefined)
    return refuse(way?.type === RouteType.LOCAL ? "EINVAL" : "ENETUNREACH", "Nexthop has invalid gateway")
  if (spec.dev !== undefined && way.dev !== spec.dev) return refuse("ENETUNREACH", "Nexthop has invalid gateway")
  return way.dev
}
