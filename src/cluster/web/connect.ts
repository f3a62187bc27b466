/** Joins a cluster's machines to the outside: gateways on their networks, and who answers for names. */
import type { Kernel } from "../../linux/kernel.ts"
import { Segment } from "../../linux/link/segment.ts"
import type { Arena } from "../../linux/skb.ts"
import type { Simulation } from "../../sim/simulation.ts"
import { formatIpv4, ipv4, mac } from "../../wire/address.ts"
import { createInternet, type GatewaySpec } from "./internet.ts"

/** VirtualBox's NAT: its gateway, its name server, and the MAC address both have. */
export const NAT = { gateway: "10.0.2.2", nameServer: "10.0.2.3", mac: "52:54:00:12:35:02", prefixLength: 24 } as const

/**
 * Every default route of the machines leads to a gateway from here on. A machine behind a NAT of its own is alone with it; machines on one
 * network share a router, which is their name server too.
 */
export function connectToInternet(sim: Simulation, arena: Arena, machines: readonly Kernel[]): Kernel {
  const gateways = new Map<Segment, GatewaySpec>()
  for (const machine of machines) {
    const way = machine.initNet.fib.routes.find((route) => route.prefixLength === 0 && route.gateway !== 0)
    const segment = way?.dev?.priv
    if (way === undefined || !(segment instanceof Segment)) continue
    const spec = gatewaySpec(segment, way.gateway)
    gateways.set(segment, spec)
    machine.root.writeFile("/etc/resolv.conf", `nameserver ${formatIpv4(spec.addresses.at(-1) as number)}\n`)
  }
  return createInternet(sim, arena, [...gateways.values()])
}

function gatewaySpec(segment: Segment, gateway: number): GatewaySpec {
  if (gateway !== ipv4(NAT.gateway)) return { segment, addresses: [gateway], prefixLength: 24 }
  return { segment, addresses: [gateway, ipv4(NAT.nameServer)], prefixLength: NAT.prefixLength, mac: mac(NAT.mac) }
}
