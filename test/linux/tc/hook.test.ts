import { describe, expect, test } from "vitest"
import { dropReasonName } from "../../../src/linux/drop-reason.ts"
import { RawIcmpSocket } from "../../../src/linux/inet/raw.ts"
import { linkAdd, linkUp } from "../../../src/linux/rtnetlink/link.ts"
import type { Skb } from "../../../src/linux/skb.ts"
import { TcAct, type TcProgram, tcAttach, tcAttachments, tcDetach } from "../../../src/linux/tc/hook.ts"
import { redirectEgress, redirectIngress } from "../../../src/linux/tc/redirect.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { TraceKind } from "../../../src/sim/trace.ts"
import { ipv4 } from "../../../src/wire/address.ts"
import * as icmp from "../../../src/wire/icmp.ts"
import { createPod, createWorld, ok, type World } from "../../support/world.ts"

function echo(world: World, destination: string): RawIcmpSocket {
  const socket = new RawIcmpSocket(world.machines[0].pod)
  const data = new Uint8Array(64)
  icmp.emit(new DataView(data.buffer), 0, icmp.IcmpType.ECHO, 0, 0x12340001)
  socket.send(ipv4(destination), data, {})
  return socket
}

let nextId = 1
const program = (name: string, run: TcProgram["run"]): TcProgram => {
  const id = nextId++
  return { name, id, tag: "0123456789abcdef", linkId: id, run }
}

/** Notes its name and answers. */
const noting = (name: string, into: string[], act: TcAct): TcProgram =>
  program(name, () => {
    into.push(name)
    return act
  })

const etherType = (skb: Skb): number => skb.view.getUint16(skb.data + 12)

describe("programs on a device", () => {
  test("see the Ethernet header both ways, ingress after the taps, egress before them", () => {
    const world = createWorld()
    const { bridge, net } = world.machines[0]
    const veth = net.device("veth2")
    if (veth === undefined) throw new Error("no veth2")
    echo(world, "10.244.2.2")
    world.sim.runFor(SECOND)
    const seen: string[] = []
    const note = (what: string): TcProgram =>
      program(what, (skb, dev) => {
        seen.push(`${what} ${dev.name} 0x${etherType(skb).toString(16)}`)
        return TcAct.UNSPEC
      })
    veth.addTap({ deliver: (_dev, _skb, out) => void seen.push(`tap ${out ? "out" : "in"}`) })
    bridge.addTap({ deliver: (_dev, _skb, out) => void seen.push(`bridge ${out ? "out" : "in"}`) })
    tcAttach(veth, true, note("ingress"))
    tcAttach(veth, false, note("egress"))
    const socket = echo(world, "10.244.2.2")
    world.sim.runFor(SECOND)
    expect(socket.pending.length).toBe(1)
    expect(seen).toEqual(["tap in", "ingress veth2 0x800", "bridge in", "bridge out", "egress veth2 0x800", "tap out"])
  })

  test("run in order until one has decided, and drop with the hook's reason and their own cause", () => {
    const world = createWorld()
    const veth = world.machines[0].net.device("veth2")
    if (veth === undefined) throw new Error("no veth2")
    const ran: string[] = []
    const cause = { text: "because", object: undefined }
    tcAttach(veth, true, noting("first", ran, TcAct.UNSPEC))
    const second = { ...noting("second", ran, TcAct.SHOT), cause: () => cause }
    tcAttach(veth, true, second)
    tcAttach(veth, true, noting("third", ran, TcAct.OK))
    expect(tcAttachments(veth).map(({ ingress, program: { name } }) => `${name} ${ingress}`)).toEqual([
      "first true",
      "second true",
      "third true",
    ])
    const from = world.sim.trace.start()
    echo(world, "10.244.1.1")
    world.sim.runFor(SECOND / 100)
    const drops = world.sim.trace.stop(from).filter((event) => event.kind === TraceKind.KFREE_SKB)
    expect(ran).toEqual(["first", "second"])
    expect(drops.map((event) => [dropReasonName(event.value), event.object])).toEqual([
      ["SKB_DROP_REASON_TC_INGRESS", cause],
    ])
    expect(tcDetach(veth, true, second)).toBe(true)
    expect(tcDetach(veth, true, second)).toBe(false)
    const socket = echo(world, "10.244.1.1")
    world.sim.runFor(5 * SECOND)
    expect(socket.pending.length).toBeGreaterThan(0)
    expect(world.machines[0].kernel.arena.inUse).toBe(0)
  })

  test("an egress program drops even for a device that is down", () => {
    const world = createWorld()
    const { net } = world.machines[0]
    const dev = ok(linkAdd(net, { kind: "dummy", name: "d0" }))
    const ran: string[] = []
    tcAttach(dev, false, noting("deny", ran, TcAct.SHOT))
    redirectEgress(dev, world.machines[0].kernel.arena.alloc(64))
    expect([ran, dev.stats.txDropped]).toEqual([["deny"], 0])
  })

  test("a redirect goes out of a device's own egress, or in by its ingress a little later", () => {
    const world = createWorld()
    const machine = world.machines[0]
    const { pod: other, eth0 } = createPod(machine.kernel, machine.bridge, "10.244.1", 3)
    const veth = machine.net.device("veth2")
    if (veth === undefined) throw new Error("no veth2")
    const got: string[] = []
    eth0.addTap({ deliver: (dev, _skb, out) => void got.push(`${dev.name} ${out ? "out" : "in"}`) })
    const host = eth0.link
    if (host === undefined) throw new Error("no peer")
    tcAttach(
      veth,
      true,
      program("steer", (skb) => redirectEgress(host, skb)),
    )
    echo(world, "10.244.1.1")
    world.sim.runFor(SECOND / 100)
    expect(got, "the first pod's question is the other pod's now").toEqual(["eth0 in"])
    const dummy = ok(linkAdd(machine.net, { kind: "dummy", name: "d0" }))
    linkUp(dummy)
    const received: string[] = []
    tcAttach(dummy, true, noting("in", received, TcAct.SHOT))
    for (const { program: one } of tcAttachments(veth)) tcDetach(veth, true, one)
    tcAttach(
      veth,
      true,
      program("steer", (skb) => redirectIngress(dummy, skb)),
    )
    echo(world, "10.244.1.1")
    world.sim.runFor(2 * SECOND)
    expect(received.length).toBeGreaterThan(0)
    expect(other.name).toBe("pod-3")
  })

  test("cost nothing where there are none: no hook object, one look at an absent field", () => {
    const { machines } = createWorld()
    for (const dev of machines[0].net.devices) expect([dev.tcIngress, dev.tcEgress]).toEqual([undefined, undefined])
    const one = program("one", () => TcAct.OK)
    tcAttach(machines[0].bridge, true, one)
    tcDetach(machines[0].bridge, true, one)
    expect(machines[0].bridge.tcIngress).toBeUndefined()
  })
})
