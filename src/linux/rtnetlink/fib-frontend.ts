/** The routes that addresses bring along. Models net/ipv4/fib_frontend.c fib_add_ifaddr and fib_disable_ip. */
import { netmask, networkOf } from "../../wire/address.ts"
import { type Route, RouteProtocol, RouteScope, RouteTable, RouteType } from "../fib/route.ts"
import type { InterfaceAddress, NetDevice } from "../netdev.ts"

/** Adds the local, broadcast and connected routes of an address; those that are there already stay. */
export function fibAddInterfaceAddress(dev: NetDevice, ifa: InterfaceAddress): void {
  const add = (type: number, destination: number, prefixLength: number): void =>
    fibMagic(dev, ifa, type, destination, prefixLength)
  if (!ifa.secondary) add(RouteType.LOCAL, ifa.address, 32)
  if (!dev.up) return
  if (ifa.broadcast !== 0) add(RouteType.BROADCAST, ifa.broadcast, 32)
  if (ifa.secondary || ifa.noPrefixRoute) return
  const network = networkOf(ifa.address, ifa.prefixLength)
  const loopback = dev === dev.net.loopback
  if (ifa.prefixLength < 32) add(loopback ? RouteType.LOCAL : RouteType.UNICAST, network, ifa.prefixLength)
  if (ifa.prefixLength < 31) add(RouteType.BROADCAST, (network | ~netmask(ifa.prefixLength)) >>> 0, 32)
}

function fibMagic(
  dev: NetDevice,
  ifa: InterfaceAddress,
  type: number,
  destination: number,
  prefixLength: number,
): void {
  const table = type === RouteType.UNICAST ? RouteTable.MAIN : RouteTable.LOCAL
  const { fib } = dev.net
  if (
    fib.routes.some(
      (r) =>
        r.table === table &&
        r.destination === destination &&
        r.prefixLength === prefixLength &&
        r.dev === dev &&
        r.type === type,
    )
  )
    return
  const route: Route = {
    table,
    type,
    destination,
    prefixLength,
    gateway: 0,
    dev,
    source: ifa.address,
    scope: type === RouteType.LOCAL ? RouteScope.HOST : RouteScope.LINK,
    protocol: RouteProtocol.KERNEL,
    metric: 0,
    onlink: false,
    origin: ifa.origin,
  }
  fib.add(route)
}

/** Takes away what an address brought. */
export function fibDelInterfaceAddress(dev: NetDevice, ifa: InterfaceAddress): void {
  dev.net.fib.removeWhere(
    (route) =>
      route.dev === dev &&
      route.source === ifa.address &&
      (route.protocol === RouteProtocol.KERNEL || route.source === ifa.address),
  )
}

/** The device went down: all its routes go, but its addresses stay local. */
export function fibDisableIp(dev: NetDevice): void {
  dev.net.fib.removeWhere(
    (route) => route.dev === dev && !(route.type === RouteType.LOCAL && route.prefixLength === 32),
  )
}
