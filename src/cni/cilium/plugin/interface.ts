/** A pod's two ends of wire and what is configured inside. Models pkg/datapath/connector and cmd.go configureIface. */
import { sha256 } from "../../../linux/crypto/sha256.ts"
import { strerror } from "../../../linux/errno.ts"
import { RouteScope } from "../../../linux/fib/route.ts"
import type { NetDevice } from "../../../linux/netdev.ts"
import type { NetNamespace } from "../../../linux/netns.ts"
import { addrAdd } from "../../../linux/rtnetlink/addr.ts"
import type { NetlinkError } from "../../../linux/rtnetlink/error.ts"
import { linkAdd, linkDel, linkSetName, linkSetNamespace, linkUp } from "../../../linux/rtnetlink/link.ts"
import { type RouteSpec, routeAdd } from "../../../linux/rtnetlink/route.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import type { AgentConfig } from "./agent-client.ts"

const ORIGIN = "cilium-cni"
/** What of IFNAMSIZ is left beside `lxc`. */
const DIGITS = 12

const why = ({ errno, message }: NetlinkError): string => message ?? strerror(errno).toLowerCase()

/** `lxc` and the first digits of the attachment's hash. Models Endpoint2IfName. */
export const hostInterfaceName = (containerId: string, ifname: string): string =>
  `lxc${sha256(new TextEncoder().encode(`${containerId}:${ifname}`)).slice(0, DIGITS)}`

export interface Pair {
  readonly host: NetDevice
  readonly pod: NetDevice
}

/** Both ends on the node, then the pod's moved and renamed; text when it fails. Models SetupVeth and RenameLinkInRemoteNs. */
export function setupVeth(
  node: NetNamespace,
  pod: NetNamespace,
  containerId: string,
  ifname: string,
  mtu: number,
): Pair | string {
  const prng = node.prng.fork(`cilium-cni/${containerId}:${ifname}`)
  const made = linkAdd(node, {
    kind: "veth",
    name: hostInterfaceName(containerId, ifname),
    address: prng.mac(),
    mtu,
    peer: { name: `tmp${containerId.slice(0, 5)}`, address: prng.mac(), mtu },
    origin: ORIGIN,
  })
  if ("errno" in made) return `unable to set up link on host side: unable to create veth pair: ${why(made)}`
  linkUp(made)
  const peer = made.link as NetDevice
  const refused = linkSetNamespace(peer, pod) ?? linkSetName(peer, ifname)
  if (refused === undefined) return { host: made, pod: peer }
  linkDel(made)
  return `unable to set up netkit on container side: failed to rename link ${peer.name}: ${why(refused)}`
}

/** Address, gateway, default route: the gateway first, the other route needs it. Text when one is refused. */
export function configureInterface(dev: NetDevice, address: number, config: AgentConfig): string | undefined {
  const { name, net } = dev
  const inside = "unable to configure interfaces in container namespace"
  const refused = linkUp(dev)
  if (refused !== undefined) return `${inside}: failed to set ${JSON.stringify(name)} UP: ${why(refused)}`
  const unset = addrAdd(dev, { address, prefixLength: 32, origin: ORIGIN })
  if (unset !== undefined)
    return `${inside}: error configuring IPv4: failed to add addr to ${JSON.stringify(name)}: ${why(unset)}`
  for (const route of podRoutes(config)) {
    const failed = routeAdd(net, { ...route, dev, origin: ORIGIN })
    if (failed === undefined || failed.errno === "EEXIST") continue
    const to = `${formatIpv4(route.destination)}/${route.prefixLength}`
    const via = route.gateway === undefined ? "<nil>" : formatIpv4(route.gateway)
    return `${inside}: error configuring IPv4: failed to add route '${to} via ${via} dev ${name}': ${why(failed)}`
  }
  return undefined
}

/** Models connector.IPv4Routes. */
export const podRoutes = ({ routerIp, routeMtu }: AgentConfig): RouteSpec[] => [
  { destination: routerIp, prefixLength: 32, scope: RouteScope.LINK },
  { destination: 0, prefixLength: 0, gateway: routerIp, mtu: routeMtu },
]
