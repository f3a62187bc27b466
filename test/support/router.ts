/** Two hosts and a router between them, in one kernel: a 10.0.0.2 - r - b 10.1.0.2. */
import { Kernel } from "../../src/linux/kernel.ts"
import type { NetDevice } from "../../src/linux/netdev.ts"
import { iptablesCommand } from "../../src/linux/netfilter/xtables/command.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../src/linux/rtnetlink/link.ts"
import { routeAdd } from "../../src/linux/rtnetlink/route.ts"
import { Arena } from "../../src/linux/skb.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { ipv4 } from "../../src/wire/address.ts"
import { ok } from "./world.ts"

export interface Router {
  sim: Simulation
  arena: Arena
  kernel: Kernel
  a: NetNamespace
  r: NetNamespace
  b: NetNamespace
  /** Gives the router an iptables command; throws what it says when it refuses. */
  rule(words: string): string
}

export function createRouter(seed = 1): Router {
  const sim = new Simulation({ seed })
  const arena = new Arena()
  const kernel = new Kernel(sim, { hostname: "router", arena })
  const [a, b] = [kernel.createNamespace("a"), kernel.createNamespace("b")]
  const r = kernel.initNet
  r.sysctl.ipForward = true
  for (const net of [a, b, r]) linkUp(net.loopback)
  join(r, a, "p0", "10.0.0")
  join(r, b, "p1", "10.1.0")
  const rule = (words: string): string => {
    const result = iptablesCommand(r, words.split(" "))
    if (result.code !== 0) throw new Error(result.error)
    return result.output
  }
  return { sim, arena, kernel, a, r, b, rule }
}

function join(r: NetNamespace, net: NetNamespace, name: string, network: string): void {
  const eth0 = ok(linkAdd(net, { kind: "veth", name: "eth0", peer: { name, net: r } }))
  const near = eth0.link as NetDevice
  near.forwarding = true
  for (const dev of [near, eth0]) linkUp(dev)
  ok(addrAdd(near, { address: ipv4(`${network}.1`), prefixLength: 24 }))
  ok(addrAdd(eth0, { address: ipv4(`${network}.2`), prefixLength: 24 }))
  ok(routeAdd(net, { destination: 0, prefixLength: 0, gateway: ipv4(`${network}.1`) }))
}
