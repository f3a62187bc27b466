/** The routes that addresses bring along. Models net/ipv4/fib_frontend.c fib_add_ifaddr, fib_del_ifaddr and fib_disable_ip. */
import { LIMITED_BROADCAST, netmask, networkOf } from "../../wire/address.ts"
import { type Route, RouteProtocol, RouteScope, RouteTable, RouteType } from "../fib/route.ts"
import type { InterfaceAddress, NetDevice } from "../netdev.ts"

/** The network an address says it is in: the peer's, for a point-to-point address. */
const prefixOf = (ifa: InterfaceAddress): number => networkOf(ifa.peer, ifa.prefixLength)

const samePrefix = (a: InterfaceAddress, b: InterfaceAddress): boolean =>
  a.prefixLength === b.prefixLength && prefixOf(a) === prefixOf(b)

/** What an address asks for: its own route, and while the device is up its broadcasts and its network. */
export function fibRoutesOf(dev: NetDevice, ifa: InterfaceAddress): Route[] {
  const primary = ifa.secondary ? dev.addresses.find((other) => !other.secondary && samePrefix(other, ifa)) : ifa
  if (primary === undefined) return []
  const route = (type: number, destination: number, prefixLength: number, metric = 0): Route =>
    kernelRoute(dev, primary, { type, destination, prefixLength, metric })
  const routes = [route(RouteType.LOCAL, ifa.address, 32)]
  if (!dev.up) return routes
  if (ifa.broadcast !== 0 && ifa.broadcast !== LIMITED_BROADCAST)
    routes.push(route(RouteType.BROADCAST, ifa.broadcast, 32))
  const prefix = prefixOf(ifa)
  const wholeNetwork = prefix >>> 24 !== 0 && !ifa.secondary && (prefix !== ifa.address || ifa.prefixLength < 32)
  if (!wholeNetwork) return routes
  const type = dev === dev.net.loopback ? RouteType.LOCAL : RouteType.UNICAST
  if (!ifa.noPrefixRoute) routes.push(route(type, prefix, ifa.prefixLength, ifa.metric))
  if (ifa.prefixLength < 31) routes.push(route(RouteType.BROADCAST, (prefix | ~netmask(ifa.prefixLength)) >>> 0, 32))
  return routes
}

/** Models fib_magic. */
function kernelRoute(
  dev: NetDevice,
  primary: InterfaceAddress,
  key: Pick<Route, "type" | "destination" | "prefixLength" | "metric">,
): Route {
  return {
    ...key,
    table: key.type === RouteType.UNICAST ? RouteTable.MAIN : RouteTable.LOCAL,
    gateway: 0,
    dev,
    source: primary.address,
    scope: key.type === RouteType.LOCAL ? RouteScope.HOST : RouteScope.LINK,
    protocol: RouteProtocol.KERNEL,
    onlink: false,
    origin: primary.origin,
  }
}

const sameRoute = (a: Route, b: Route): boolean =>
  a.table === b.table &&
  a.type === b.type &&
  a.destination === b.destination &&
  a.prefixLength === b.prefixLength &&
  a.dev === b.dev &&
  a.source === b.source &&
  a.metric === b.metric &&
  a.protocol === b.protocol

/** Adds the routes of an address; those that are there already stay. */
export function fibAddInterfaceAddress(dev: NetDevice, ifa: InterfaceAddress): void {
  const { fib } = dev.net
  for (const route of fibRoutesOf(dev, ifa)) if (!fib.routes.some((other) => sameRoute(other, route))) fib.add(route)
}

/** Takes away what an address brought and no other address of the device asks for. It has left the device's list by now. */
export function fibDelInterfaceAddress(dev: NetDevice, ifa: InterfaceAddress, brought: readonly Route[]): void {
  const { net } = dev
  const kept = dev.addresses.flatMap((other) => fibRoutesOf(dev, other))
  net.fib.removeWhere(
    (route) => brought.some((mine) => sameRoute(mine, route)) && !kept.some((other) => sameRoute(other, route)),
  )
  if (dev.addresses.length === 0) {
    // The last address of a device: IPv4 is disabled on it, and every route through it goes.
    net.fib.removeWhere((route) => route.dev === dev)
  }
  // What was to be sent from the address cannot be any more (fib_sync_down_addr).
  if (!net.isLocal(ifa.address)) net.fib.removeWhere((route) => route.source === ifa.address)
}

/** The device went down: all its routes go, but its addresses stay local. Models fib_sync_down_dev. */
export function fibDisableIp(dev: NetDevice): void {
  dev.net.fib.removeWhere((route) => route.dev === dev && route.scope !== RouteScope.HOST)
}
