/** Reassembly beside a model: any cut of a datagram, in any order, with repetitions; what contradicts itself is lost as a whole. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../src/linux/inet/raw.ts"
import { ethTypeTrans, netifReceiveSkb } from "../../src/linux/netdev.ts"
import { SECOND } from "../../src/sim/simulation.ts"
import { ipv4 } from "../../src/wire/address.ts"
import * as ethernet from "../../src/wire/ethernet.ts"
import * as icmp from "../../src/wire/icmp.ts"
import * as ip from "../../src/wire/ipv4.ts"
import { createWorld, type World } from "../support/world.ts"

const SOURCE = ipv4("10.244.1.1")
const HERE = ipv4("10.244.1.2")

interface Piece {
  offset: number
  bytes: Uint8Array
  more: boolean
}

/** An echo reply of `size` bytes with a sound checksum. */
function datagram(size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 255)
  const view = new DataView(bytes.buffer)
  icmp.emit(view, 0, icmp.IcmpType.ECHO_REPLY, 0, 0x12340001)
  icmp.updateChecksum(view, 0, size)
  return bytes
}

/** Cuts at multiples of eight. */
function cut(bytes: Uint8Array, at: readonly number[]): Piece[] {
  const marks = [...new Set([0, ...at.map((mark) => (mark % Math.ceil(bytes.length / 8)) * 8)])].sort((a, b) => a - b)
  return marks.map((offset, i) => {
    const end = marks[i + 1] ?? bytes.length
    return { offset, bytes: bytes.subarray(offset, end), more: i + 1 < marks.length }
  })
}

function receive(world: World, { offset, bytes, more }: Piece): void {
  const { eth0, kernel } = world.machines[0]
  const skb = kernel.arena.alloc(bytes.length + 34)
  const at = skb.put(bytes.length + 34)
  ethernet.emit(skb.view, at, eth0.address, 0x0200_0000_0001, ethernet.EtherType.IPV4)
  ip.emit(skb.view, at + 14, 0, bytes.length + 20, 77, 0, 64, ip.IpProtocol.ICMP, SOURCE, HERE)
  skb.view.setUint16(at + 14 + 6, (more ? ip.IP_MF : 0) | (offset / 8))
  ip.updateChecksum(skb.view, at + 14)
  skb.arena.bytes.set(bytes, at + 34)
  ethTypeTrans(skb, eth0)
  netifReceiveSkb(eth0, skb)
}

function setUp(): { world: World; socket: RawIcmpSocket } {
  const world = createWorld()
  return { world, socket: new RawIcmpSocket(world.machines[0].pod) }
}

describe("reassembly", () => {
  test("gives back any datagram from its pieces, in any order, with repetitions", () => {
    const plan = fc.record({
      size: fc.integer({ min: 8, max: 6000 }),
      marks: fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }),
      order: fc.infiniteStream(fc.nat(1000)),
      repeated: fc.array(fc.nat(8), { maxLength: 4 }),
    })
    fc.assert(
      fc.property(plan, ({ size, marks, order, repeated }) => {
        const { world, socket } = setUp()
        const whole = datagram(size)
        const pieces = cut(whole, marks)
        const draw = order[Symbol.iterator]()
        const shuffled = pieces
          .map((piece) => ({ piece, key: draw.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ piece }) => piece)
        // Every piece but the last one to arrive may come twice: then the datagram is still in the making.
        for (const [i, piece] of shuffled.entries()) {
          receive(world, piece)
          if (repeated.includes(i) && i + 1 < shuffled.length) receive(world, piece)
        }
        expect(socket.pending.map(({ data }) => data)).toEqual([whole])
        world.sim.runFor(60 * SECOND)
        expect(world.machines[0].kernel.arena.inUse).toBe(0)
      }),
      { seed: 20251018, numRuns: 300 },
    )
  })

  // By one unit of eight at either edge, by half, as a whole.
  test.each([
    [80, 168],
    [80, 240],
    [152, 240],
    [0, 168],
    [16, 32],
  ])("loses a datagram whose pieces overlap, all of it (0-160 and %i-%i, either one first)", (from, to) => {
    const whole = datagram(400)
    const one = { offset: 0, bytes: whole.subarray(0, 160), more: true }
    const other = { offset: from, bytes: whole.subarray(from, to), more: true }
    // What is missing of the rest would make it whole, had the overlap been let pass.
    const rest = { offset: Math.max(160, to), bytes: whole.subarray(Math.max(160, to)), more: false }
    for (const pieces of [
      [one, other, rest],
      [other, one, rest],
    ]) {
      const { world, socket } = setUp()
      for (const piece of pieces) receive(world, piece)
      expect([socket.pending.length, world.machines[0].pod.snmp.ipReasmFails]).toEqual([0, 1])
    }
  })

  test("loses a datagram one piece of which is empty", () => {
    const { world, socket } = setUp()
    const whole = datagram(400)
    receive(world, { offset: 0, bytes: whole.subarray(0, 160), more: true })
    receive(world, { offset: 160, bytes: whole.subarray(160, 165), more: true })
    receive(world, { offset: 160, bytes: whole.subarray(160), more: false })
    expect([socket.pending.length, world.machines[0].pod.snmp.ipReasmFails]).toEqual([0, 1])
  })

  test("never makes a datagram that is longer than one can be", () => {
    const { world, socket } = setUp()
    receive(world, { offset: 65528, bytes: new Uint8Array(1400), more: false })
    for (let offset = 0; offset < 65528; offset += 1400)
      receive(world, { offset, bytes: new Uint8Array(Math.min(1400, 65528 - offset)), more: true })
    expect([socket.pending.length, world.machines[0].pod.snmp.ipReasmFails]).toEqual([0, 1])
    world.sim.runFor(60 * SECOND)
    expect(world.machines[0].kernel.arena.inUse).toBe(0)
  })

  test("after thirty seconds gives up, and says so to the sender of the first piece", () => {
    const { world } = setUp()
    const seen: string[] = []
    world.machines[0].eth0.addTap({
      deliver: (_dev, skb, out) => {
        const header = skb.data + 14
        if (out && skb.view.getUint16(skb.data + 12) === 0x0800 && ip.protocol(skb.view, header) === 1)
          seen.push(
            `${world.sim.now / SECOND} type ${icmp.type(skb.view, header + 20)} code ${icmp.code(skb.view, header + 20)}`,
          )
      },
    })
    const whole = datagram(400)
    receive(world, { offset: 80, bytes: whole.subarray(80, 160), more: true })
    world.sim.runFor(40 * SECOND)
    expect(seen, "without the first piece nobody is told").toEqual([])
    receive(world, { offset: 0, bytes: whole.subarray(0, 80), more: true })
    world.sim.runFor(29 * SECOND)
    expect(seen).toEqual([])
    world.sim.runFor(3 * SECOND)
    expect(seen.map((line) => line.replace(/^\S+/, ""))).toEqual([" type 11 code 1"])
  })
})
