import { describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../../../src/linux/inet/raw.ts"
import { iptablesSave } from "../../../../src/linux/netfilter/xtables/restore.ts"
import type { NetNamespace } from "../../../../src/linux/netns.ts"
import { routeAdd } from "../../../../src/linux/rtnetlink/route.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../../src/wire/address.ts"
import { dissect } from "../../../../src/wire/dissect.ts"
import * as icmp from "../../../../src/wire/icmp.ts"
import {
  addPod,
  createCiliumWorld,
  eventsOf,
  type Node,
  setPolicy,
  watchDevices,
} from "../../../support/cilium-world.ts"
import { ok } from "../../../support/world.ts"

function echo(net: NetNamespace, destination: number): RawIcmpSocket {
  const socket = new RawIcmpSocket(net)
  const data = new Uint8Array(64)
  icmp.emit(new DataView(data.buffer), 0, icmp.IcmpType.ECHO, 0, 0x12340001)
  socket.send(destination, data, {})
  return socket
}

const answers = (socket: RawIcmpSocket): string[] =>
  socket.pending.map((one) => `${formatIpv4(one.source)} ttl ${one.ttl}${one.error === undefined ? "" : " error"}`)

const fieldsOf = (bytes: Uint8Array, name: string): string[] =>
  dissect(bytes)
    .flatMap((layer) => layer.fields)
    .filter((one) => one.name === name)
    .map((one) => one.text)

function pair(): { world: ReturnType<typeof createCiliumWorld>; w0: Node; w1: Node } {
  const world = createCiliumWorld(2)
  const [w0, w1] = world.nodes as [Node, Node]
  return { world, w0, w1 }
}

describe("the host", () => {
  test("reaches its own pods as identity 1, by cilium_host, whatever denies the rest", () => {
    const { world, w0 } = pair()
    const pod = addPod(world, w0, 5, 5021)
    setPolicy(pod, [{ direction: "egress" }, { identity: 1, direction: "ingress" }])
    const socket = echo(w0.net, pod.ip)
    world.sim.runFor(SECOND)
    expect(answers(socket)).toEqual(["10.0.0.5 ttl 63"])
    expect(eventsOf(w0)).toEqual([
      "policy-verdict:L3-Only INGRESS allow 1->5021 10.0.0.227 -> 10.0.0.5 ICMP 8",
      "to-endpoint new 1->5021 10.0.0.227 -> 10.0.0.5 ICMP 8",
      "to-stack reply 5021->1 10.0.0.5 -> 10.0.0.227 ICMP 0",
    ])
    expect(world.arena.inUse).toBe(0)
  })

  test("is a remote node to pods elsewhere: VNI 6, the router's address", () => {
    const { world, w0, w1 } = pair()
    const pod = addPod(world, w1, 6, 38211)
    const seen = watchDevices([w0.uplink])
    const socket = echo(w0.net, pod.ip)
    world.sim.runFor(SECOND)
    expect(answers(socket).length).toBe(1)
    const tunnelled = seen.filter((one) => fieldsOf(one.bytes, "vxlan.vni").length > 0)
    expect(tunnelled.map((one) => fieldsOf(one.bytes, "vxlan.vni")[0])).toEqual(["6", "38211"])
    expect(tunnelled.map((one) => fieldsOf(one.bytes, "ip.src"))).toEqual([
      ["192.168.10.11", "10.0.0.227"],
      ["192.168.10.12", "10.0.1.6"],
    ])
    expect(eventsOf(w1)[0]).toBe("to-endpoint new 6->38211 10.0.0.227 -> 10.0.1.6 ICMP 8")
  })

  test("is asked by its pods through the stack", () => {
    const { world, w0 } = pair()
    const pod = addPod(world, w0, 5, 5021)
    const socket = echo(pod.net, w0.ip)
    world.sim.runFor(SECOND)
    expect(answers(socket)).toEqual(["192.168.10.11 ttl 63"])
    expect(eventsOf(w0)).toEqual([
      "to-stack new 5021->1 10.0.0.5 -> 192.168.10.11 ICMP 8",
      "to-endpoint reply 1->5021 192.168.10.11 -> 10.0.0.5 ICMP 0",
    ])
  })
})

describe("a pod", () => {
  test("is masqueraded to another node's address, which has no tunnel", () => {
    const { world, w0, w1 } = pair()
    const pod = addPod(world, w0, 5, 5021)
    const seen = watchDevices([w0.uplink])
    const socket = echo(pod.net, w1.ip)
    world.sim.runFor(SECOND)
    expect(answers(socket)).toEqual(["192.168.10.12 ttl 62"])
    const requests = seen.filter((one) => fieldsOf(one.bytes, "icmp.type")[0] === "8")
    expect(requests.map((one) => [fieldsOf(one.bytes, "ip.src"), fieldsOf(one.bytes, "ip.ttl")])).toEqual([
      [["192.168.10.11"], ["62"]],
    ])
    expect(eventsOf(w0)).toEqual([
      "to-stack new 5021->6 10.0.0.5 -> 192.168.10.12 ICMP 8",
      "to-endpoint reply 6->5021 192.168.10.12 -> 10.0.0.5 ICMP 0",
    ])
  })

  test("reaches the world through the stack and masquerading", () => {
    const { world, w0 } = pair()
    const { outside } = world
    const pod = addPod(world, w0, 5, 5021)
    const socket = echo(pod.net, ipv4("192.168.10.1"))
    world.sim.runFor(SECOND)
    expect(answers(socket)).toEqual(["192.168.10.1 ttl 62"])
    expect(eventsOf(w0)).toEqual([
      "to-stack new 5021->2 10.0.0.5 -> 192.168.10.1 ICMP 8",
      "to-endpoint reply 2->5021 192.168.10.1 -> 10.0.0.5 ICMP 0",
    ])
    expect(outside.net.neigh.lookup(outside.uplink, ipv4("10.0.0.5"))).toBeUndefined()
  })

  test("hears from the world what is routed to it, as identity 2", () => {
    const { world, w0 } = pair()
    const { outside } = world
    const pod = addPod(world, w0, 5, 5021)
    ok(routeAdd(outside.net, { destination: ipv4("10.0.0.0"), prefixLength: 24, gateway: w0.ip }))
    const socket = echo(outside.net, pod.ip)
    world.sim.runFor(SECOND)
    expect(answers(socket).length).toBe(1)
    expect(eventsOf(w0)[0]).toBe("to-endpoint new 2->5021 192.168.10.1 -> 10.0.0.5 ICMP 8")
  })
})

describe("the tunnel", () => {
  test("does not take a stranger's word that it is the host: VNI 1 is dropped with 171", () => {
    const { world, w0, w1 } = pair()
    const pod = addPod(world, w0, 5, 1)
    const web = addPod(world, w1, 6, 38211)
    echo(pod.net, web.ip)
    world.sim.runFor(SECOND)
    // The sender made six of it, as it does for its host.
    expect(eventsOf(w1)[0]).toBe("to-endpoint new 1->38211 10.0.0.5 -> 10.0.1.6 ICMP 8")
    const skb = web.net.kernel.arena.alloc(64)
    skb.put(64)
    skb.view.setUint16(skb.data + 12, 0x0800)
    skb.view.setUint8(skb.data + 14, 0x45)
    skb.tunnelId = 1
    const overlay = w1.net.device("cilium_vxlan")
    expect(overlay?.tcIngress?.run(overlay, skb, true)).toBe(false)
    expect(eventsOf(w1).at(-1)).toContain("drop Invalid identity 1->0")
  })
})

test("chains and rules of a node", () => {
  const { w0 } = pair()
  w0.datapath.proxyPorts.register(true, "http")
  const [port] = w0.datapath.proxyPorts.list()
  const saved = iptablesSave(w0.net)
    .split("\n")
    .filter((line) => line.startsWith("-A"))
  expect(saved.filter((line) => line.includes("cilium-feeder")).length).toBe(10)
  const hex = (((port?.port ?? 0) & 0xff) * 0x1000000 + ((port?.port ?? 0) >>> 8) * 0x10000 + 0x200).toString(16)
  expect(saved).toContain(
    `-A CILIUM_PRE_mangle -p tcp -m mark --mark 0x${hex} -m comment --comment "cilium: TPROXY to host cilium-http-ingress proxy" -j TPROXY --on-port ${port?.port} --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff`,
  )
  expect(saved).toContain(
    '-A CILIUM_POST_nat -s 10.0.0.0/24 ! -d 10.0.0.0/24 ! -o cilium_+ -m comment --comment "cilium masquerade non-cluster" -j MASQUERADE',
  )
  const before = saved.join("\n")
  const options = {
    routerIp: w0.routerIp,
    nodeIp: w0.ip,
    localCidr: { address: ipv4("10.0.0.0"), length: 24 },
    uplinks: ["eth0"],
  }
  w0.datapath.base(options)
  const again = iptablesSave(w0.net)
    .split("\n")
    .filter((line) => line.startsWith("-A"))
  expect(again.join("\n"), "made twice is made once").toBe(before)
  w0.datapath.cleanup()
  expect(iptablesSave(w0.net)).not.toContain("CILIUM")
})
