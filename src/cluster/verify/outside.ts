/** The world outside a case's cluster: one machine on its network that has every outside address. */
import { Kernel } from "../../linux/kernel.ts"
import type { Segment } from "../../linux/link/segment.ts"
import { addrAdd } from "../../linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../linux/rtnetlink/link.ts"
import { routeAdd } from "../../linux/rtnetlink/route.ts"
import { ipv4, parsePrefix } from "../../wire/address.ts"
import type { Cluster } from "../cluster.ts"
import type { CaseExternal } from "./case.ts"
import type { Place } from "./packet-world.ts"

/** Its own address, beside the machines'. */
const ADDRESS = "192.168.80.250"

export interface Outside {
  /** Where an outside address is; text when no packet can have it. */
  place(external: CaseExternal): Place | string
}

export function outsideOf(cluster: Cluster, externals: readonly CaseExternal[]): Outside {
  const first = cluster.nodes[0]
  if (first === undefined) throw new Error("a cluster has machines")
  const { kernel } = first
  const machine = new Kernel(cluster.sim, { hostname: "outside", arena: kernel.arena })
  const net = machine.initNet
  linkUp(net.loopback)
  const segment = kernel.initNet.device("eth0")?.priv as Segment
  const eth0 = linkAdd(net, { kind: "ethernet", name: "eth0", segment })
  if ("errno" in eth0) throw new Error(`outside: ${eth0.errno}`)
  linkUp(eth0)
  addrAdd(eth0, { address: ipv4(ADDRESS), prefixLength: 24, origin: "verify" })
  for (const { ips = [] } of externals.filter(({ entity }) => entity === undefined))
    for (const ip of ips.filter(possible)) {
      addrAdd(net.loopback, { address: ipv4(ip), prefixLength: 32, origin: "verify" })
      for (const node of cluster.nodes) {
        const dev = node.kernel.initNet.device("eth0")
        if (dev !== undefined)
          routeAdd(node.kernel.initNet, {
            destination: ipv4(ip),
            prefixLength: 32,
            gateway: ipv4(ADDRESS),
            dev,
            origin: "verify",
          })
      }
    }
  for (const { ip, podCIDR } of cluster.topology()) {
    const prefix = podCIDR === undefined || podCIDR === "" ? undefined : parsePrefix(podCIDR)
    if (prefix !== undefined && ip !== undefined)
      routeAdd(net, {
        destination: prefix.address,
        prefixLength: prefix.length,
        gateway: ipv4(ip),
        dev: eth0,
        origin: "verify",
      })
  }
  return {
    place({ name, ips = [] }) {
      const [ip] = ips
      if (ip === undefined) return `${name} has no address`
      return possible(ip) ? { net, address: ipv4(ip) } : `${ip} can be nobody's address`
    },
  }
}

/** What no packet may come from or go to (RFC 1122 section 3.2.1.3). */
const possible = (ip: string): boolean => !ip.startsWith("0.") && !ip.startsWith("127.")
