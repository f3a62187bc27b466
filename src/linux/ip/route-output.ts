/** Which way a packet of this machine leaves, and with which source. Models net/ipv4/route.c ip_route_output_key. */
import { isLoopback, isMulticast, LIMITED_BROADCAST } from "../../wire/address.ts"
import { covers } from "../fib/fib.ts"
import { nexthopOf, type Route, RouteProtocol, RouteScope, RouteTable, RouteType } from "../fib/route.ts"
import type { NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"

/** INADDR_LOOPBACK. */
const LOOPBACK = 0x7f000001

/** The outcome of an output route lookup. */
export interface OutputRoute {
  readonly route: Route
  readonly dev: NetDevice
  /** The chosen source address. */
  readonly source: number
  /** Whom to ask ARP for: the gateway, or the destination itself. */
  readonly nexthop: number
}

/** Errors a lookup can end in; they are errno names. */
export type RouteError = "ENETUNREACH" | "EHOSTUNREACH" | "EINVAL" | "EACCES"

/**
 * The route for a packet to `destination`. `source` 0 lets the route choose; `oif` binds to a device (SO_BINDTODEVICE); rules may ask for
 * the `mark`.
 */
export function ipRouteOutput(
  net: NetNamespace,
  destination: number,
  source = 0,
  oif?: NetDevice,
  mark = 0,
): OutputRoute | RouteError {
  if (destination === 0) return ipRouteOutput(net, source || LOOPBACK, source || LOOPBACK, undefined, mark)
  if (oif !== undefined && (destination === LIMITED_BROADCAST || isMulticast(destination)))
    return onLink(net, oif, destination, source)
  const route =
    oif === undefined || net.fib.policy
      ? net.fib.lookupFlow(destination, source, mark, "", oif?.name ?? "")
      : lookupVia(net, destination, oif)
  if (route === undefined) return oif === undefined ? "ENETUNREACH" : onLink(net, oif, destination, source)
  if (route.type === RouteType.UNREACHABLE) return "EHOSTUNREACH"
  if (route.type === RouteType.PROHIBIT) return "EACCES"
  if (route.type === RouteType.BLACKHOLE) return "EINVAL"
  if (route.type === RouteType.LOCAL)
    return { route, dev: net.loopback, source: source || localSource(route, destination), nexthop: destination }
  const dev = route.dev as NetDevice
  const chosen = source || sourceFor(net, route, dev)
  // What is said from 127/8 stays here (__mkroute_output).
  if (isLoopback(chosen) && dev !== net.loopback && !net.sysctl.routeLocalnet) return "EINVAL"
  // These have no gateway, whatever route says which way they go (__mkroute_output).
  if (destination === LIMITED_BROADCAST || isMulticast(destination)) return onLink(net, dev, destination, chosen)
  return { route, dev, source: chosen, nexthop: net.pmtu.get(destination)?.gateway || nexthopOf(route, destination) }
}

/** A local destination is talked to from itself, unless its route says otherwise: all of 127/8 from 127.0.0.1. */
function localSource(route: Route, destination: number): number {
  return route.source || destination
}

function sourceFor(net: NetNamespace, route: Route, dev: NetDevice): number {
  if (route.source !== 0) return route.source
  return inetSelectAddr(net, dev, route.gateway, route.scope)
}

/** Models net/ipv4/devinet.c inet_select_addr: an address of `dev` that shares the gateway's subnet, else its first, else any other device's. */
export function inetSelectAddr(net: NetNamespace, dev: NetDevice, gateway: number, scope: number): number {
  let first = 0
  for (const ifa of dev.addresses) {
    if (ifa.scope > scope || ifa.secondary) continue
    if (
      gateway === 0 ||
      covers(
        { destination: (ifa.address & mask(ifa.prefixLength)) >>> 0, prefixLength: ifa.prefixLength } as Route,
        gateway,
      )
    )
      return ifa.address
    if (first === 0) first = ifa.address
  }
  if (first !== 0) return first
  for (const other of net.devices)
    for (const ifa of other.addresses)
      if (ifa.scope !== RouteScope.LINK && ifa.scope <= scope && other !== net.loopback) return ifa.address
  return 0
}

const mask = (length: number): number => (length === 0 ? 0 : -1 << (32 - length))

/** The best route to `destination` that leaves through `oif`. */
function lookupVia(net: NetNamespace, destination: number, oif: NetDevice): Route | undefined {
  let best: Route | undefined
  for (const route of net.fib.routes) {
    if (route.dev !== oif || !covers(route, destination)) continue
    if (best === undefined || route.prefixLength > best.prefixLength) best = route
  }
  return best
}

function onLink(net: NetNamespace, dev: NetDevice, destination: number, source: number): OutputRoute {
  const route: Route = {
    table: RouteTable.MAIN,
    type:
      destination === LIMITED_BROADCAST
        ? RouteType.BROADCAST
        : isMulticast(destination)
          ? RouteType.MULTICAST
          : RouteType.UNICAST,
    destination,
    prefixLength: 32,
    gateway: 0,
    dev,
    source,
    scope: RouteScope.LINK,
    protocol: RouteProtocol.UNSPEC,
    metric: 0,
    onlink: false,
    origin: undefined,
  }
  return { route, dev, source: source || inetSelectAddr(net, dev, 0, RouteScope.LINK), nexthop: destination }
}

/** The MTU of the way to `destination`: the route's own, else the device's, or less when ICMP taught so. Models ipv4_mtu. */
export function routeMtu(net: NetNamespace, dev: NetDevice, destination: number, route?: Route): number {
  const mtu = route?.mtu || dev.mtu
  const learned = net.pmtu.get(destination)
  return learned !== undefined && learned.mtu > 0 && learned.mtu < mtu ? learned.mtu : mtu
}
