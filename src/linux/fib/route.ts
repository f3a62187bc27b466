/** One route. Models the kernel's fib_alias and fib_info, one next hop each. */
import type { NetDevice } from "../netdev.ts"

/** Models include/uapi/linux/rtnetlink.h RTN_*. */
export const RouteType = {
  UNICAST: 1,
  LOCAL: 2,
  BROADCAST: 3,
  MULTICAST: 5,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
  /** The table is left without an answer. */
  THROW: 9,
} as const
/** Models RT_SCOPE_*: the larger, the nearer. */
export const RouteScope = { UNIVERSE: 0, SITE: 200, LINK: 253, HOST: 254, NOWHERE: 255 } as const
/** Models RTPROT_*: who made the route. */
export const RouteProtocol = { UNSPEC: 0, REDIRECT: 1, KERNEL: 2, BOOT: 3, STATIC: 4, DHCP: 16 } as const
/** Models RT_TABLE_*. */
export const RouteTable = { DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const

export interface Route {
  readonly table: number
  readonly type: number
  /** Network address; host bits are zero. */
  readonly destination: number
  readonly prefixLength: number
  /** 0: on link. */
  readonly gateway: number
  /** Absent for blackhole, unreachable and prohibit. */
  readonly dev: NetDevice | undefined
  /** The source address it suggests (prefsrc), 0 when none. */
  readonly source: number
  readonly scope: number
  readonly protocol: number
  readonly metric: number
  /** RTNH_F_ONLINK: the gateway is taken to be on the link without a check. */
  readonly onlink: boolean
  /** RTAX_MTU (`mtu`); absent or 0: what the device takes. */
  readonly mtu?: number
  /** The gateway is an address of this machine (nhc_scope host): the link is asked for the destination itself. */
  readonly ownGateway?: boolean
  /** What made it: a command, a controller, an object. For explanations only. */
  readonly origin: string | undefined
}

/** Whom the link is asked for: the gateway, or the destination itself. Models rt_set_nexthop. */
export function nexthopOf(route: Route, destination: number): number {
  return route.gateway === 0 || route.ownGateway === true ? destination : route.gateway
}
