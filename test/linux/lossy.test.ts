/** Byte streams over wires that lose, repeat and reorder; devices that come and go while something is on its way. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../src/linux/inet/raw.ts"
import { TcpListener, TcpSocket } from "../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import type { NetDevice } from "../../src/linux/netdev.ts"
import { addrAdd, addrDel } from "../../src/linux/rtnetlink/addr.ts"
import { fdbFlush } from "../../src/linux/rtnetlink/fdb.ts"
import { linkDel, linkDown, linkSetMaster, linkSetMtu, linkUp } from "../../src/linux/rtnetlink/link.ts"
import type { Process } from "../../src/linux/task/process.ts"
import { SECOND } from "../../src/sim/simulation.ts"
import { ipv4 } from "../../src/wire/address.ts"
import { createPod, createWorld, start, type World } from "../support/world.ts"

const bytesOf = (size: number, salt: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7 + salt) & 255)

async function readAll(proc: Process, socket: TcpSocket, into: number[]): Promise<void> {
  for (;;) {
    const data = await socket.read(proc)
    if (typeof data === "string" || data.length === 0) return
    into.push(...data)
  }
}

/** One end: writes its bytes and closes its half, while it reads the other's to the end. */
function talk(
  world: World,
  machine: 0 | 1,
  socket: TcpSocket,
  bytes: Uint8Array,
): { received: number[]; ends: Process[] } {
  const { kernel, pod } = world.machines[machine]
  const received: number[] = []
  const writer = start(kernel, pod, async (proc) => {
    await socket.write(proc, bytes)
    socket.sock.shutdownWrite()
    return 0
  })
  const reader = start(kernel, pod, async (proc) => {
    await readAll(proc, socket, received)
    return 0
  })
  return { received, ends: [writer, reader] }
}

describe("a wire that loses, repeats and reorders", () => {
  test("carries two byte streams at once, each exactly", async () => {
    const wire = fc.record({
      seed: fc.nat(100_000),
      loss: fc.constantFrom(0, 0.01, 0.05, 0.15),
      jitter: fc.constantFrom(0, 50_000, 400_000, 3_000_000),
      duplicate: fc.constantFrom(0, 0.02, 0.2),
      up: fc.integer({ min: 0, max: 60_000 }),
      down: fc.integer({ min: 0, max: 60_000 }),
    })
    await fc.assert(
      fc.asyncProperty(wire, async ({ seed, up, down, ...segment }) => {
        const world = createWorld({ seed, segment })
        const [a, b] = world.machines
        const results: { received: number[]; ends: Process[] }[] = []
        start(b.kernel, b.pod, async (proc) => {
          const listener = TcpListener.listen(proc.net, 0, 80)
          if (typeof listener === "string") return 1
          results.push(talk(world, 1, await listener.accept(proc), bytesOf(down, 1)))
          return 0
        })
        let failure: string | undefined
        start(a.kernel, a.pod, async (proc) => {
          const socket = await TcpSocket.connect(proc, ipv4("10.244.2.2"), 80)
          if (typeof socket === "string") failure = socket
          else results.push(talk(world, 0, socket, bytesOf(up, 0)))
          return 0
        })
        // Retransmissions of a bad wire take their time; a stall takes longer than this.
        for (let minute = 0; minute < 20 && !(results.length === 2 && finished(results)); minute++)
          await world.sim.advance(60 * SECOND)
        expect(failure).toBeUndefined()
        expect(
          results.every(({ ends }) => ends.every((end) => end.status !== undefined)),
          "both ends finish",
        ).toBe(true)
        const [first, second] = results.map(({ received }) => Uint8Array.from(received))
        // The client's side may have come first or second: the two streams differ by their salt.
        expect(new Set([String(first), String(second)])).toEqual(
          new Set([String(bytesOf(up, 0)), String(bytesOf(down, 1))]),
        )
        await world.sim.advance(1300 * SECOND)
        expect(a.kernel.arena.inUse).toBe(0)
        expect(world.machines.flatMap(({ kernel }) => kernel.processes.crashes)).toEqual([])
      }),
      { seed: 20251018, numRuns: 60 },
    )
  })
})

const finished = (results: readonly { ends: Process[] }[]): boolean =>
  results.every(({ ends }) => ends.every((end) => end.status !== undefined))

/** What may happen to a cluster's devices, by number. */
function disturb(world: World, what: number, which: number): void {
  const { kernel, net, pod, bridge, vxlan, uplink } = world.machines[(which & 1) as 0 | 1]
  const devices = [...net.devices, ...kernel.namespaces.slice(1).flatMap((other) => [...other.devices])]
  const dev = devices[(which >> 1) % devices.length] as NetDevice
  const address = dev.addresses[0]
  switch (what) {
    case 0:
      linkDown(dev)
      return
    case 1:
      linkUp(dev)
      return
    case 2:
      if (address !== undefined) addrDel(dev, address.address, address.prefixLength)
      return
    case 3:
      addrAdd(dev, { address: ipv4(`10.250.${which % 200}.1`), prefixLength: 24 })
      return
    case 4:
      if (dev.kind === "veth") linkDel(dev)
      return
    case 5:
      if (dev.kind === "veth" && dev.net === net) linkSetMaster(dev, dev.port === undefined ? bridge : undefined)
      return
    case 6:
      linkSetMtu(dev, [68, 600, 1450, 1500, 9000][which % 5] as number)
      return
    case 7:
      fdbFlush(which % 3 === 0 ? vxlan : bridge)
      return
    case 8:
      for (const neigh of [...net.neigh.entries(), ...pod.neigh.entries()]) neigh.net.neigh.remove(neigh)
      return
    case 9:
      if (net.device(`veth${(which % 200) + 10}`) === undefined && bridge.net.device("cni0") === bridge)
        createPod(kernel, bridge, "10.244.1", (which % 200) + 10)
      return
    default:
      if (which % 7 === 0 && dev !== uplink) linkDel(dev)
  }
}

describe("devices that come and go", () => {
  test("lose packets, but no buffers, and break nothing", async () => {
    const event = fc.record({
      what: fc.nat(10),
      which: fc.nat(500),
      wait: fc.constantFrom(0, 10_000, 150_000, 20_000_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.array(event, { maxLength: 40 }), async (seed, events) => {
        const world = createWorld({ seed, segment: { jitter: 100_000 } })
        const [a] = world.machines
        const icmp = new RawIcmpSocket(a.pod)
        const udp = new UdpSocket(a.pod)
        start(a.kernel, a.pod, async (proc) => {
          const socket = await TcpSocket.connect(proc, ipv4("10.244.2.2"), 80)
          return typeof socket === "string" ? 1 : 0
        })
        for (const { what, which, wait } of events) {
          const echo = new Uint8Array(64 + (which % 3) * 2000)
          echo[0] = 8
          for (const to of ["10.244.2.2", "10.244.1.1", "10.244.2.99", "10.244.1.255"]) icmp.send(ipv4(to), echo)
          udp.send(new Uint8Array(which), ipv4("10.244.2.2"), 53)
          await world.sim.advance(wait)
          disturb(world, what, which)
        }
        await world.sim.advance(1300 * SECOND)
        expect(a.kernel.arena.inUse).toBe(0)
        expect(world.machines.flatMap(({ kernel }) => kernel.processes.crashes)).toEqual([])
      }),
      { seed: 20251018, numRuns: 200 },
    )
  })
})
