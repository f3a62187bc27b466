import { describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../src/linux/inet/raw.ts"
import type { PacketTap } from "../../src/linux/netdev.ts"
import { SECOND } from "../../src/sim/simulation.ts"
import { ipv4 } from "../../src/wire/address.ts"
import * as icmp from "../../src/wire/icmp.ts"
import * as ip from "../../src/wire/ipv4.ts"
import { createWorld, type World } from "../support/world.ts"

interface Seen {
  where: string
  device: string
  out: boolean
  length: number
  /** TTL of the first IPv4 header, 0 for ARP. */
  ttl: number
  packet: number
}

function watch(world: World): Seen[] {
  const seen: Seen[] = []
  for (const machine of world.machines)
    for (const net of [machine.net, machine.pod])
      for (const dev of net.devices) {
        const tap: PacketTap = {
          deliver: (at, skb, out) =>
            seen.push({
              where: `${machine.kernel.hostname}${net.name === "" ? "" : "/pod"}`,
              device: at.name,
              out,
              length: skb.length,
              ttl: skb.view.getUint16(skb.data + 12) === 0x0800 ? ip.ttl(skb.view, skb.data + 14) : 0,
              packet: skb.id,
            }),
        }
        dev.addTap(tap)
      }
  return seen
}

function echo(world: World, destination: string, size = 64, ttl = 0): RawIcmpSocket {
  const socket = new RawIcmpSocket(world.machines[0].pod)
  const data = new Uint8Array(size)
  icmp.emit(new DataView(data.buffer), 0, icmp.IcmpType.ECHO, 0, 0x12340001)
  socket.send(ipv4(destination), data, { ttl })
  return socket
}

const points = (seen: readonly Seen[]): string[] =>
  seen.map((s) => `${s.where} ${s.device} ${s.out ? "out" : "in"} ${s.length} ttl ${s.ttl}`)

describe("a packet between pods on two machines", () => {
  test("passes every device in order, the TTL falling where it is routed", () => {
    const world = createWorld()
    echo(world, "10.244.2.2")
    world.sim.runFor(SECOND)
    const seen = watch(world)
    echo(world, "10.244.2.2")
    world.sim.runFor(SECOND)
    expect(points(seen)).toEqual([
      "worker-1/pod eth0 out 98 ttl 64",
      "worker-1 veth2 in 98 ttl 64",
      "worker-1 cni0 in 98 ttl 64",
      "worker-1 flannel.1 out 98 ttl 63",
      "worker-1 enp0s8 out 148 ttl 64",
      "worker-2 enp0s8 in 148 ttl 64",
      "worker-2 flannel.1 in 98 ttl 63",
      "worker-2 cni0 out 98 ttl 62",
      "worker-2 veth2 out 98 ttl 62",
      "worker-2/pod eth0 in 98 ttl 62",
      "worker-2/pod eth0 out 98 ttl 64",
      "worker-2 veth2 in 98 ttl 64",
      "worker-2 cni0 in 98 ttl 64",
      "worker-2 flannel.1 out 98 ttl 63",
      "worker-2 enp0s8 out 148 ttl 64",
      "worker-1 enp0s8 in 148 ttl 64",
      "worker-1 flannel.1 in 98 ttl 63",
      "worker-1 cni0 out 98 ttl 62",
      "worker-1 veth2 out 98 ttl 62",
      "worker-1/pod eth0 in 98 ttl 62",
    ])
    expect(new Set(seen.slice(0, 10).map((s) => s.packet)).size, "encapsulation keeps the packet's identity").toBe(1)
  })

  test("cold, asks for the gateway, then the VTEP's machine, then the pod", () => {
    const world = createWorld()
    const seen = watch(world)
    echo(world, "10.244.2.2")
    world.sim.runFor(SECOND)
    const asking = seen.filter((s) => s.ttl === 0 && s.out).map((s) => `${s.where} ${s.device}`)
    expect(asking).toEqual([
      "worker-1/pod eth0",
      "worker-1 cni0",
      "worker-1 veth2",
      "worker-1 enp0s8",
      "worker-2 enp0s8",
      "worker-2 cni0",
      "worker-2 veth2",
      "worker-2/pod eth0",
    ])
  })

  test("with TTL 1 is answered by the node, with TTL 2 by the other node's tunnel address", () => {
    const world = createWorld()
    for (const [ttl, from] of [
      [1, "10.244.1.1"],
      [2, "10.244.2.0"],
    ] as const) {
      const socket = echo(world, "10.244.2.2", 64, ttl)
      world.sim.runFor(SECOND)
      expect(socket.pending.map((m) => [m.error?.type, m.source])).toContainEqual([
        icmp.IcmpType.TIME_EXCEEDED,
        ipv4(from),
      ])
    }
  })

  test("too big for the tunnel goes in fragments and comes back whole", () => {
    const world = createWorld()
    const socket = echo(world, "10.244.2.2", 3000)
    world.sim.runFor(SECOND)
    expect(socket.pending.map((m) => m.data.length)).toEqual([3000])
  })

  test("to a pod that does not exist: host unreachable from the far node after three questions", () => {
    const world = createWorld()
    const socket = echo(world, "10.244.2.200")
    world.sim.runFor(5 * SECOND)
    const error = socket.pending.find((message) => message.error !== undefined)
    expect(error?.error).toEqual({ type: icmp.IcmpType.DEST_UNREACH, code: icmp.UnreachCode.HOST, info: 0 })
    expect(error?.source).toBe(ipv4("10.244.2.0"))
    expect((error?.time ?? 0) / SECOND).toBeGreaterThan(3)
    expect((error?.time ?? 0) / SECOND).toBeLessThan(3.1)
  })

  test("loses no packet buffer", () => {
    const world = createWorld()
    for (let i = 0; i < 50; i++) echo(world, i % 2 === 0 ? "10.244.2.2" : "10.244.2.200")
    world.sim.runFor(20 * SECOND)
    expect(world.machines[0].kernel.arena.inUse).toBe(0)
  })
})
