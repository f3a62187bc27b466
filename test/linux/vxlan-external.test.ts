/** Collect-metadata tunnels. Who may share a port was recorded on kernel 6.18 with iproute2 6.1: see the comments. */
import { describe, expect, test } from "vitest"
import { linkAdd, linkDel, linkDown, linkUp } from "../../src/linux/rtnetlink/link.ts"
import { createWorld, ok } from "../support/world.ts"

const external = { vni: 0, local: 0, lower: undefined, external: true, learning: false }

describe("a vxlan device in collect-metadata mode", () => {
  test("cannot go up beside a device with a VNI on one port, and the other way round", () => {
    const world = createWorld()
    const { net, vxlan: flannel } = world.machines[0]
    // ip link add cilium_vxlan type vxlan external dstport 8472: taken. ip link set cilium_vxlan up: Address already in use.
    const cilium = ok(linkAdd(net, { kind: "vxlan", name: "cilium_vxlan", vxlan: external }))
    expect(linkUp(cilium)).toEqual({ errno: "EADDRINUSE" })
    // It stays as it was: state DOWN, qdisc noop.
    expect([cilium.up, cilium.activated, cilium.mtu]).toEqual([false, false, 1500])
    linkDown(flannel)
    expect(linkUp(cilium)).toBeUndefined()
    expect(linkUp(flannel)).toEqual({ errno: "EADDRINUSE" })
    linkDel(cilium)
    expect(linkUp(flannel)).toBeUndefined()
  })

  test("is one of its kind on a port, and shares it with nobody's other port", () => {
    const { net } = createWorld().machines[0]
    ok(linkAdd(net, { kind: "vxlan", name: "cilium_vxlan", vxlan: external }))
    // Error: A VXLAN device with the specified VNI already exists.
    expect(linkAdd(net, { kind: "vxlan", name: "second", vxlan: external })).toEqual({
      errno: "EEXIST",
      message: "A VXLAN device with the specified VNI already exists",
    })
    const other = ok(linkAdd(net, { kind: "vxlan", name: "third", vxlan: { ...external, port: 8473 } }))
    expect(linkUp(other)).toBeUndefined()
  })

  test("drops what says not where it goes", () => {
    const world = createWorld()
    const { net, kernel, vxlan } = world.machines[0]
    linkDel(vxlan)
    const dev = ok(linkAdd(net, { kind: "vxlan", name: "cilium_vxlan", vxlan: external }))
    linkUp(dev)
    const skb = kernel.arena.alloc(64)
    skb.put(64)
    dev.startXmit(dev, skb)
    expect([dev.stats.txDropped, kernel.arena.inUse]).toEqual([1, 0])
  })
})
