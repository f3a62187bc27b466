/** The way to the destination, asked for before the first packet. */
import { strerror } from "../../linux/errno.ts"
import { RouteType } from "../../linux/fib/route.ts"
import { ipRouteOutput } from "../../linux/ip/route-output.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import type { Process } from "../../linux/task/process.ts"
import { formatIpv4, parseIpv4 } from "../../wire/address.ts"
import { PingError } from "./error.ts"
import type { PingOptions } from "./options.ts"

export interface Target {
  host: string
  address: number
  /** What packets are bound to; 0 and `undefined` leave it to the routes. */
  source: number
  device: NetDevice | undefined
  /** `from ADDRESS DEVICE: ` where the heading says so. */
  from: string
}

/** Finds out what the packets' source will be, as a connected socket would tell. Models ping4_run. */
export async function findTarget(proc: Process, options: PingOptions, host: string, to: number): Promise<Target> {
  const { from, sticky, broadcast } = options
  const { net } = proc
  const bound = from === undefined ? undefined : parseIpv4(from)
  if (bound !== undefined && !net.isLocal(bound))
    throw new PingError("ping: bind: Cannot assign requested address\n", 2)
  const device = from === undefined || bound !== undefined ? undefined : net.device(from)
  if (from !== undefined && bound === undefined && device === undefined)
    throw new PingError(`ping: SO_BINDTODEVICE ${from}: No such device\n`, 2)
  const way = ipRouteOutput(net, to, bound ?? 0, device)
  if (way === "EACCES" || (typeof way !== "string" && way.route.type === RouteType.BROADCAST && !broadcast))
    throw new PingError("ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n", 2)
  if (typeof way === "string") throw new PingError(`ping: connect: ${strerror(way)}\n`, 2)
  if (way.route.type === RouteType.BROADCAST) await proc.err("WARNING: pinging broadcast address\n")
  return {
    host,
    address: to === 0 ? way.source : to,
    source: bound !== undefined || sticky ? way.source : 0,
    device,
    from: from === undefined && !sticky ? "" : `from ${formatIpv4(way.source)} ${device?.name ?? ""}: `,
  }
}
