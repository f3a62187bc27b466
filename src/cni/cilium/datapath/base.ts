/** The devices every Cilium node has. Models pkg/datapath/loader/netlink.go setupBaseDevice and setupVxlanDevice, and pkg/datapath/linux/node.go. */
import { strerror } from "../../../linux/errno.ts"
import type { Route } from "../../../linux/fib/route.ts"
import { RouteProtocol, RouteScope } from "../../../linux/fib/route.ts"
import { Vxlan } from "../../../linux/link/vxlan.ts"
import { IFF, type NetDevice } from "../../../linux/netdev.ts"
import type { NetNamespace } from "../../../linux/netns.ts"
import { addrAdd, addrDel } from "../../../linux/rtnetlink/addr.ts"
import type { NetlinkError } from "../../../linux/rtnetlink/error.ts"
import { linkAdd, linkDel, linkUp } from "../../../linux/rtnetlink/link.ts"
import { type RouteSpec, routeAdd } from "../../../linux/rtnetlink/route.ts"
import { networkOf, type Prefix } from "../../../wire/address.ts"
import type { BaseError, BaseOptions, DatapathConfig } from "./config.ts"
import type { BaseDevices } from "./programs/context.ts"

export const HOST_DEVICE = "cilium_host"
export const SECOND_HOST_DEVICE = "cilium_net"
export const VXLAN_DEVICE = "cilium_vxlan"
const ORIGIN = "cilium-agent"

const failed = (what: string, { errno, message }: NetlinkError): BaseError => ({
  errno,
  message: `${what}: ${message ?? strerror(errno).toLowerCase()}`,
})

/** Makes what is missing and leaves what is right. */
export function setupDevices(net: NetNamespace, config: DatapathConfig): BaseDevices | BaseError {
  enableForwarding(net)
  const host = setupHostPair(net, config.deviceMtu)
  if ("errno" in host) return host
  const overlay = setupVxlan(net, config)
  if ("errno" in overlay) return overlay
  return { host, net: host.link as NetDevice, overlay }
}

/** Models EnableIPForwarding. */
function enableForwarding(net: NetNamespace): void {
  net.sysctl.ipForward = true
  for (const dev of net.devices) dev.forwarding = true
}

/** Packets may enter with an address of the machine itself, and leave again: the proxies' do. */
function enableSysctls(dev: NetDevice): void {
  dev.forwarding = true
  dev.acceptLocal = true
}

function setupHostPair(net: NetNamespace, mtu: number): NetDevice | BaseError {
  const known = net.device(HOST_DEVICE)
  const host =
    known ??
    linkAdd(net, {
      kind: "veth",
      name: HOST_DEVICE,
      mtu,
      peer: { name: SECOND_HOST_DEVICE, mtu },
      origin: ORIGIN,
    })
  if ("errno" in host) return failed(`setting up veth pair ${HOST_DEVICE}`, host)
  const peer = host.link as NetDevice
  for (const dev of [host, peer]) {
    enableSysctls(dev)
    dev.flags |= IFF.NOARP
    linkUp(dev)
  }
  return host
}

/** Every other device of this port in the other mode must be gone: the kernel says so when this one goes up. */
function setupVxlan(net: NetNamespace, config: DatapathConfig): NetDevice | BaseError {
  const known = net.device(VXLAN_DEVICE)
  // A device on an old port is made anew.
  const right = known?.priv instanceof Vxlan && known.priv.external && known.priv.port === config.tunnelPort
  if (known !== undefined && !right) linkDel(known)
  const dev =
    known !== undefined && right
      ? known
      : linkAdd(net, {
          kind: "vxlan",
          name: VXLAN_DEVICE,
          mtu: config.deviceMtu,
          vxlan: { vni: 0, local: 0, lower: undefined, port: config.tunnelPort, external: true, learning: false },
          origin: ORIGIN,
        })
  const failure = "failed to setup vxlan tunnel device: setting up vxlan device"
  if ("errno" in dev) return failed(`${failure}: creating device ${VXLAN_DEVICE}`, dev)
  const refused = linkUp(dev)
  if (refused !== undefined)
    return failed(`${failure}: creating vxlan device ${VXLAN_DEVICE}: setting up device ${VXLAN_DEVICE}`, refused)
  enableSysctls(dev)
  return dev
}

/** cilium_host has the router address and no other. */
export function setupAddress(host: NetDevice, routerIp: number): void {
  for (const ifa of [...host.addresses])
    if (ifa.address !== routerIp || ifa.prefixLength !== 32) addrDel(host, ifa.address, ifa.prefixLength)
  if (host.addresses.length === 0) addrAdd(host, { address: routerIp, prefixLength: 32, origin: ORIGIN })
}

/** Routes to the node's own range and to the others', all by the node's own router: the programs find the node behind an address. */
export function setupRoutes(
  host: NetDevice,
  { routerIp, localCidr }: BaseOptions,
  remotes: readonly Prefix[],
  config: DatapathConfig,
): void {
  const { net } = host
  const router: RouteSpec = {
    destination: routerIp,
    prefixLength: 32,
    dev: host,
    scope: RouteScope.LINK,
    protocol: RouteProtocol.KERNEL,
    origin: ORIGIN,
  }
  const to = (prefix: Prefix, mtu: number): RouteSpec => ({
    destination: networkOf(prefix.address, prefix.length),
    prefixLength: prefix.length,
    gateway: routerIp,
    dev: host,
    source: routerIp,
    protocol: RouteProtocol.KERNEL,
    mtu,
    origin: ORIGIN,
  })
  const remoteMtu = config.deviceMtu - config.tunnelOverhead
  const wanted = [router, to(localCidr, 0), ...remotes.map((prefix) => to(prefix, remoteMtu))]
  for (const route of net.fib.routes.filter((known) => isOurs(known, host)))
    if (!wanted.some((spec) => same(spec, route))) net.fib.remove(route)
  for (const spec of wanted)
    if (!net.fib.routes.some((known) => isOurs(known, host) && same(spec, known))) routeAdd(net, spec, "replace")
}

const isOurs = (route: Route, host: NetDevice): boolean => route.dev === host && route.scope !== RouteScope.HOST

const same = (spec: RouteSpec, route: Route): boolean =>
  spec.destination === route.destination &&
  spec.prefixLength === route.prefixLength &&
  (spec.gateway ?? 0) === route.gateway &&
  (spec.source ?? 0) === route.source &&
  (spec.mtu ?? 0) === (route.mtu ?? 0)

/** All devices of {@link setupDevices} go; routes through them go along. */
export function removeDevices(net: NetNamespace): void {
  for (const name of [HOST_DEVICE, VXLAN_DEVICE]) {
    const dev = net.device(name)
    if (dev !== undefined) linkDel(dev)
  }
}
