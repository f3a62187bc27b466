/** Nodes with Cilium's data path and hand-filled maps, on one segment: no agent, no cluster. */
import { createHash } from "node:crypto"
import { CiliumDatapath } from "../../src/cni/cilium/datapath/datapath.ts"
import { dropText } from "../../src/cni/cilium/datapath/drop.ts"
import type { MonitorEvent, PacketTuple } from "../../src/cni/cilium/monitor/event.ts"
import { Kernel } from "../../src/linux/kernel.ts"
import { Segment } from "../../src/linux/link/segment.ts"
import { checksumFinish, type NetDevice, type PacketTap } from "../../src/linux/netdev.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../src/linux/rtnetlink/link.ts"
import { routeAdd } from "../../src/linux/rtnetlink/route.ts"
import { Arena } from "../../src/linux/skb.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../src/wire/address.ts"
import { ALLOW_ALL, policyMap, type Row } from "./policy-map.ts"
import { ok } from "./world.ts"

export interface Node {
  kernel: Kernel
  net: NetNamespace
  datapath: CiliumDatapath
  uplink: NetDevice
  ip: number
  routerIp: number
  number: number
}

export interface Pod {
  node: Node
  net: NetNamespace
  eth0: NetDevice
  lxc: NetDevice
  id: number
  identity: number
  ip: number
}

export interface CiliumWorld {
  sim: Simulation
  arena: Arena
  segment: Segment
  nodes: Node[]
  /** A machine on the segment that is no node: 192.168.10.1, the nodes' default gateway. */
  outside: { kernel: Kernel; net: NetNamespace; uplink: NetDevice }
}

/** Nodes 192.168.10.11, .12 … with pod ranges 10.0.0.0/24, 10.0.1.0/24 … and router addresses 10.0.N.227. */
export function createCiliumWorld(count = 2): CiliumWorld {
  const sim = new Simulation({ seed: 1 })
  const arena = new Arena()
  const segment = new Segment(sim, "lan")
  const nodes = Array.from({ length: count }, (_, i) => createNode(sim, arena, segment, i))
  for (const node of nodes) {
    const others = nodes.filter((other) => other !== node)
    node.datapath.setRemoteCidrs(others.map((other) => ({ address: ipv4(`10.0.${other.number}.0`), length: 24 })))
    node.datapath.ipcache.set({ address: 0, prefixLength: 0, identity: 2 })
    for (const { ip, routerIp, number } of others) {
      node.datapath.ipcache.set({ address: ip, prefixLength: 32, identity: 6 })
      node.datapath.ipcache.set({ address: routerIp, prefixLength: 32, identity: 6, tunnelEndpoint: ip })
      const range = ipv4(`10.0.${number}.0`)
      node.datapath.ipcache.set({ address: range, prefixLength: 24, identity: 2, tunnelEndpoint: ip })
    }
  }
  return { sim, arena, segment, nodes, outside: createOutside(sim, arena, segment) }
}

function createOutside(sim: Simulation, arena: Arena, segment: Segment): CiliumWorld["outside"] {
  const kernel = new Kernel(sim, { hostname: "gateway", arena })
  const net = kernel.initNet
  linkUp(net.loopback)
  const uplink = ok(linkAdd(net, { kind: "ethernet", name: "eth0", segment }))
  linkUp(uplink)
  ok(addrAdd(uplink, { address: ipv4("192.168.10.1"), prefixLength: 24 }))
  return { kernel, net, uplink }
}

function createNode(sim: Simulation, arena: Arena, segment: Segment, number: number): Node {
  const kernel = new Kernel(sim, { hostname: `w${number}`, arena })
  const net = kernel.initNet
  linkUp(net.loopback)
  const ip = ipv4(`192.168.10.${11 + number}`)
  const uplink = ok(linkAdd(net, { kind: "ethernet", name: "eth0", segment }))
  linkUp(uplink)
  ok(addrAdd(uplink, { address: ip, prefixLength: 24, broadcast: ipv4("192.168.10.255") }))
  ok(routeAdd(net, { destination: 0, prefixLength: 0, gateway: ipv4("192.168.10.1") }))
  const datapath = new CiliumDatapath(kernel)
  const routerIp = ipv4(`10.0.${number}.227`)
  const localCidr = { address: ipv4(`10.0.${number}.0`), length: 24 }
  const refused = datapath.base({ routerIp, nodeIp: ip, localCidr, uplinks: ["eth0"] })
  if (refused !== undefined) throw new Error(refused.message)
  return { kernel, net, datapath, uplink, ip, routerIp, number }
}

/** A pod as the CNI plugin and the agent leave it, known to every node's ipcache. */
export function addPod(world: CiliumWorld, node: Node, host: number, identity: number, rows: Row[] = ALLOW_ALL): Pod {
  const { kernel, datapath } = node
  const net = kernel.createNamespace(`pod-${host}`)
  linkUp(net.loopback)
  const name = `lxc${createHash("sha256").update(`${node.number}/${host}:eth0`).digest("hex").slice(0, 12)}`
  const eth0 = ok(linkAdd(net, { kind: "veth", name: "eth0", peer: { name, net: node.net } }))
  const lxc = eth0.link as NetDevice
  linkUp(lxc)
  linkUp(eth0)
  const ip = ipv4(`10.0.${node.number}.${host}`)
  ok(addrAdd(eth0, { address: ip, prefixLength: 32 }))
  ok(routeAdd(net, { destination: node.routerIp, prefixLength: 32, dev: eth0, scope: 253 }))
  ok(routeAdd(net, { destination: 0, prefixLength: 0, gateway: node.routerIp, dev: eth0, mtu: 1450 }))
  const id = 100 + host
  const refused = datapath.attach({
    id,
    identity,
    address: ip,
    mac: eth0.address,
    hostInterface: name,
    name: `p${host}`,
  })
  if (refused !== undefined) throw new Error(refused.message)
  const pod: Pod = { node, net, eth0, lxc, id, identity, ip }
  setPolicy(pod, rows)
  for (const other of world.nodes)
    other.datapath.ipcache.set({
      address: ip,
      prefixLength: 32,
      identity,
      tunnelEndpoint: other === node ? 0 : node.ip,
    })
  return pod
}

/** A direction counts as enforced when its rows say more than that anything goes. */
export function setPolicy(pod: Pod, rows: Row[]): void {
  const isOpen = (row: Row): boolean =>
    row.identity === undefined && row.protocol === undefined && row.deny !== true && row.proxyPort === undefined
  const enforced = (direction: Row["direction"]): boolean =>
    !rows.some((row) => row.direction === direction && isOpen(row))
  pod.node.datapath.setPolicy(pod.id, {
    map: policyMap(rows),
    enforced: { ingress: enforced("ingress"), egress: enforced("egress") },
  })
}

export interface Sighting {
  /** `w0 lxc…`, `w0/pod-5 eth0`. */
  where: string
  out: boolean
  bytes: Uint8Array
}

/** Copies what passes the devices. */
export function watchDevices(devices: readonly NetDevice[]): Sighting[] {
  const seen: Sighting[] = []
  for (const dev of devices) {
    const tap: PacketTap = {
      deliver: (at, skb, out) => {
        const net = at.net.name === "" ? "" : `/${at.net.name}`
        // What is left to the device is finished in the copy.
        const copy = skb.clone()
        checksumFinish(copy)
        seen.push({ where: `${at.net.kernel.hostname}${net} ${at.name}`, out, bytes: copy.copyBytes() })
        copy.free()
      },
    }
    dev.addTap(tap)
  }
  return seen
}

const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK"]

function packetText({
  source,
  destination,
  sourcePort,
  destinationPort,
  protocol,
  tcpFlags,
  icmpType,
}: PacketTuple): string {
  const port = (value: number): string => (protocol === 1 ? "" : `:${value}`)
  const what =
    protocol === 6
      ? FLAGS.filter((_, bit) => (tcpFlags & (1 << bit)) !== 0).join(",")
      : protocol === 17
        ? "UDP"
        : `ICMP ${icmpType}`
  return `${formatIpv4(source)}${port(sourcePort)} -> ${formatIpv4(destination)}${port(destinationPort)} ${what}`
}

/** An event as a line, in the words of Hubble and monitor. */
export function eventText(event: MonitorEvent): string {
  if (event.kind === "l7") return "l7"
  const identities = `${event.sourceIdentity}->${event.destinationIdentity}`
  const text = packetText(event.packet)
  if (event.kind === "drop") return `drop ${dropText(event.reason)} ${identities} ${text}`
  if (event.kind === "trace") return `${event.point} ${event.reason} ${identities} ${text}`
  return `policy-verdict:${event.match} ${event.ingress ? "INGRESS" : "EGRESS"} ${event.action} ${identities} ${text}`
}

/** What a node's programs said so far. */
export const eventsOf = (node: Node): string[] => node.datapath.events.events().map(eventText)
