import { describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../../../src/linux/inet/raw.ts"
import type { NetNamespace } from "../../../../src/linux/netns.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { formatMac, ipv4 } from "../../../../src/wire/address.ts"
import { dissect } from "../../../../src/wire/dissect.ts"
import * as icmp from "../../../../src/wire/icmp.ts"
import { addPod, createCiliumWorld, eventsOf, type Sighting, watchDevices } from "../../../support/cilium-world.ts"

function echo(net: NetNamespace, destination: number, ttl = 0, size = 64): RawIcmpSocket {
  const socket = new RawIcmpSocket(net)
  const data = new Uint8Array(size)
  icmp.emit(new DataView(data.buffer), 0, icmp.IcmpType.ECHO, 0, 0x12340001)
  socket.send(destination, data, { ttl })
  return socket
}

const field = (sighting: Sighting, name: string, nth = 0): string | undefined =>
  dissect(sighting.bytes)
    .flatMap((layer) => layer.fields)
    .filter((one) => one.name === name)[nth]?.text

const hop = (sighting: Sighting): string =>
  `${sighting.where.replace(/lxc\w+/, "lxc")} ${sighting.out ? "out" : "in"} ttl ${field(sighting, "ip.ttl")}`

describe("pods on one node", () => {
  test("are one hop apart: the host sides hand the packet over, MACs rewritten", () => {
    const world = createCiliumWorld(1)
    const [node] = world.nodes as [(typeof world.nodes)[0]]
    const a = addPod(world, node, 5, 5021)
    const b = addPod(world, node, 6, 38211)
    const seen = watchDevices([a.eth0, a.lxc, b.eth0, b.lxc, ...node.net.devices.filter((dev) => dev.kind === "vxlan")])
    const socket = echo(a.net, b.ip)
    world.sim.runFor(SECOND)
    expect(socket.pending.map((message) => message.ttl)).toEqual([63])
    const requests = seen.filter((one) => field(one, "icmp.type") === "8")
    expect(requests.map(hop)).toEqual([
      "w0/pod-5 eth0 out ttl 64",
      "w0 lxc in ttl 64",
      "w0 lxc out ttl 63",
      "w0/pod-6 eth0 in ttl 63",
    ])
    const delivered = requests.at(-1) as Sighting
    expect(field(delivered, "eth.src")).toBe(formatMac(b.lxc.address))
    expect(field(delivered, "eth.dst")).toBe(formatMac(b.eth0.address))
    expect(eventsOf(node)).toEqual([
      "to-endpoint new 5021->38211 10.0.0.5 -> 10.0.0.6 ICMP 8",
      "to-endpoint reply 38211->5021 10.0.0.6 -> 10.0.0.5 ICMP 0",
    ])
    expect(world.arena.inUse).toBe(0)
  })

  test("learn one neighbour, their gateway, behind the host side's MAC", () => {
    const world = createCiliumWorld(1)
    const [node] = world.nodes as [(typeof world.nodes)[0]]
    const a = addPod(world, node, 5, 5021)
    addPod(world, node, 6, 38211)
    echo(a.net, ipv4("10.0.0.6"))
    echo(a.net, ipv4("192.168.10.1"))
    world.sim.runFor(SECOND)
    const rows = [...a.net.neigh.entries()].map((neigh) => [neigh.primaryKey, neigh.lladdr])
    expect(rows).toEqual([[node.routerIp, a.lxc.address]])
  })
})

describe("pods on two nodes", () => {
  test("are one hop apart too; the tunnel says the sender's identity, each way its own", () => {
    const world = createCiliumWorld(2)
    const [w0, w1] = world.nodes as [(typeof world.nodes)[0], (typeof world.nodes)[0]]
    const a = addPod(world, w0, 5, 5021)
    const b = addPod(world, w1, 6, 38211)
    const seen = watchDevices([w0.uplink, b.eth0])
    const socket = echo(a.net, b.ip)
    world.sim.runFor(SECOND)
    expect(socket.pending.map((message) => message.ttl)).toEqual([63])
    const outer = seen.filter((one) => field(one, "vxlan.vni") !== undefined)
    expect(outer.map((one) => field(one, "vxlan.vni"))).toEqual(["5021", "38211"])
    const [request] = outer as [Sighting]
    expect(field(request, "ip.ttl")).toBe("64")
    expect(field(request, "udp.checksum")).toBe("none")
    expect(field(request, "udp.dstport")).toBe("8472")
    expect(field(request, "ip.flags")).toBe("none")
    expect(field(request, "ip.ttl", 1)).toBe("64")
    expect(field(request, "eth.src", 1)).toBe(formatMac(a.eth0.address))
    expect(field(request, "eth.dst", 1)).toBe(formatMac(a.lxc.address))
    const delivered = seen.find((one) => one.where.includes("pod-6")) as Sighting
    expect(field(delivered, "ip.ttl")).toBe("63")
    expect(eventsOf(w0)).toEqual([
      "to-overlay new 5021->38211 10.0.0.5 -> 10.0.1.6 ICMP 8",
      "to-endpoint reply 38211->5021 10.0.1.6 -> 10.0.0.5 ICMP 0",
    ])
    expect(eventsOf(w1)).toEqual([
      "to-endpoint new 5021->38211 10.0.0.5 -> 10.0.1.6 ICMP 8",
      "to-overlay reply 38211->5021 10.0.1.6 -> 10.0.0.5 ICMP 0",
    ])
    expect(world.arena.inUse).toBe(0)
  })

  test("a TTL of one dies unanswered with reason 196; two arrive", () => {
    const world = createCiliumWorld(2)
    const [w0, w1] = world.nodes as [(typeof world.nodes)[0], (typeof world.nodes)[0]]
    const a = addPod(world, w0, 5, 5021)
    const b = addPod(world, w1, 6, 38211)
    const first = echo(a.net, b.ip, 1)
    world.sim.runFor(SECOND)
    expect(first.pending).toEqual([])
    expect(eventsOf(w1)).toEqual(["drop TTL exceeded 5021->38211 10.0.0.5 -> 10.0.1.6 ICMP 8"])
    const second = echo(a.net, b.ip, 2)
    world.sim.runFor(SECOND)
    expect(second.pending.length).toBe(1)
  })
})
