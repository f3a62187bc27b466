/** The host-gw backend: plain routes, for nodes on one link. Models pkg/backend/hostgw and route_network.go. */
import { strerror } from "../../../linux/errno.ts"
import { type RouteSpec, routeAdd, routeDel } from "../../../linux/rtnetlink/route.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { Timer } from "../../../sim/timer.ts"
import { formatIpv4, formatPrefix, parseIpv4 } from "../../../wire/address.ts"
import { type LeaseEvent, originOf } from "../lease.ts"
import type { Backend, BackendHost } from "./backend.ts"

/** Missing routes are put back at the next look (routeCheckRetries). */
const CHECK_EVERY = 10 * SECOND

export async function registerHostGw(host: BackendHost): Promise<Backend | string> {
  if (formatIpv4(host.ifaceAddress) !== host.publicIp)
    return "your PublicIP differs from interface IP, meaning that probably you're on a NAT, which makes host-gw backend unworkable"
  return new HostGwBackend(host)
}

class HostGwBackend implements Backend {
  readonly type = "host-gw"
  readonly data = "null"
  readonly mtu: number
  readonly device = undefined
  readonly #host: BackendHost
  readonly #routes = new Map<string, RouteSpec>()
  readonly #check: Timer

  constructor(host: BackendHost) {
    this.#host = host
    this.mtu = host.conf.mtu || host.dev.mtu
    this.#check = new Timer(host.kernel.sim, () => this.#restore())
    // Looks are due every ten seconds; only after a change can one find anything.
    host.kernel.netlinkListeners.push((net) => {
      if (net === host.net && !this.#check.armed && this.#missing().length > 0)
        this.#check.arm(CHECK_EVERY - (host.kernel.sim.now % CHECK_EVERY))
    })
  }

  configure(): undefined {
    return undefined
  }

  #missing(): RouteSpec[] {
    const { routes } = this.#host.net.fib
    return [...this.#routes.values()].filter(
      (spec) =>
        !routes.some(
          (route) =>
            route.destination === spec.destination &&
            route.prefixLength === spec.prefixLength &&
            route.gateway === spec.gateway,
        ),
    )
  }

  #restore(): void {
    for (const spec of this.#missing()) routeAdd(this.#host.net, spec, "replace")
  }

  async handle({ type, lease }: LeaseEvent): Promise<void> {
    const { net, dev, log } = this.#host
    const network = formatPrefix(lease.subnet.address, lease.subnet.length)
    if (lease.backendType !== "host-gw") {
      await log("W", "route_network.go:88", `Ignoring non-host-gw subnet: type=${lease.backendType}`)
      return
    }
    const gateway = parseIpv4(lease.publicIp) ?? 0
    const spec: RouteSpec = {
      destination: lease.subnet.address,
      prefixLength: lease.subnet.length,
      gateway,
      dev,
      origin: originOf(lease),
    }
    if (type === "added") {
      await log("I", "route_network.go:93", `Subnet added: ${network} via ${lease.publicIp}`)
      this.#routes.set(network, spec)
      const refused = routeAdd(net, spec, "replace")
      if (refused !== undefined)
        await log(
          "E",
          "route_network.go:168",
          `Error adding route to ${network} via ${lease.publicIp}: ${refused.message ?? strerror(refused.errno).toLowerCase()}`,
        )
      return
    }
    await log("I", "route_network.go:113", `Subnet removed: ${network}`)
    this.#routes.delete(network)
    routeDel(net, spec)
  }
}
