/** Every protocol: what is written is read back, field by field, and what is read from valid bytes writes the same bytes. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as arp from "../../src/wire/arp.ts"
import * as ethernet from "../../src/wire/ethernet.ts"
import * as icmp from "../../src/wire/icmp.ts"
import * as ipv4 from "../../src/wire/ipv4.ts"
import * as sll2 from "../../src/wire/sll2.ts"
import * as tcp from "../../src/wire/tcp.ts"
import * as udp from "../../src/wire/udp.ts"
import * as vxlan from "../../src/wire/vxlan.ts"
import { framesOf } from "../support/crafted.ts"
import { readBytes } from "../support/golden.ts"
import { SEED } from "./seed.ts"

const uint = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 })
const u8 = uint(8)
const u16 = uint(16)
const u32 = uint(32)
const u48 = fc.maxSafeNat().map((n) => n % 2 ** 48)

/** Room with something in it on both sides, which writing must leave alone. */
function room(size: number): { view: DataView; at: number; untouched(): boolean } {
  const bytes = new Uint8Array(size + 32).fill(0xa5)
  const outside = (i: number): boolean => i < 16 || i >= 16 + size
  return {
    view: new DataView(bytes.buffer),
    at: 16,
    untouched: () => bytes.every((byte, i) => !outside(i) || byte === 0xa5),
  }
}

describe("written and read back", () => {
  test("Ethernet", () => {
    fc.assert(
      fc.property(u48, u48, u16, (destination, source, etherType) => {
        const { view, at, untouched } = room(ethernet.LENGTH)
        ethernet.emit(view, at, destination, source, etherType)
        expect(ethernet.parse(view, at, at + ethernet.LENGTH)).toEqual({ destination, source, etherType })
        expect(ethernet.parse(view, at, at + ethernet.LENGTH - 1)).toBeUndefined()
        expect(ethernet.isGroup(view, at)).toBe(((destination / 2 ** 40) & 1) === 1)
        expect(untouched()).toBe(true)
      }),
      SEED,
    )
  })

  test("ARP", () => {
    const packet = fc.record({ operation: u16, senderMac: u48, senderIp: u32, targetMac: u48, targetIp: u32 })
    fc.assert(
      fc.property(packet, (wanted) => {
        const { view, at, untouched } = room(arp.LENGTH)
        arp.emit(view, at, wanted)
        expect(arp.parse(view, at, at + arp.LENGTH)).toEqual(wanted)
        expect(arp.parse(view, at, at + arp.LENGTH - 1)).toBeUndefined()
        expect(untouched()).toBe(true)
      }),
      SEED,
    )
  })

  test("IPv4", () => {
    const header = fc.record({
      tos: u8,
      totalLength: fc.integer({ min: 20, max: 65535 }),
      id: u16,
      frag: uint(15),
      ttl: u8,
      protocol: u8,
      source: u32,
      destination: u32,
    })
    fc.assert(
      fc.property(header, (h) => {
        const { view, at, untouched } = room(ipv4.LENGTH)
        ipv4.emit(view, at, h.tos, h.totalLength, h.id, h.frag, h.ttl, h.protocol, h.source, h.destination)
        const read = ipv4.parse(view, at, at + ipv4.LENGTH)
        expect(read).toMatchObject({
          headerLength: 20,
          tos: h.tos,
          totalLength: h.totalLength,
          id: h.id,
          df: (h.frag & 0x4000) !== 0,
          mf: (h.frag & 0x2000) !== 0,
          fragmentOffset: (h.frag & 0x1fff) * 8,
          ttl: h.ttl,
          protocol: h.protocol,
          source: h.source,
          destination: h.destination,
        })
        expect(ipv4.checksumOk(view, at)).toBe(true)
        expect(ipv4.isFragment(view, at)).toBe((h.frag & 0x3fff) !== 0)
        expect(untouched()).toBe(true)
      }),
      SEED,
    )
  })

  test("IPv4: the patched checksum is the computed one, whatever the TTL", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), u16, u32, u32, (ttl, id, source, destination) => {
        const { view, at } = room(ipv4.LENGTH)
        ipv4.emit(view, at, 0, 84, id, 0, ttl, 1, source, destination)
        expect(ipv4.decreaseTtl(view, at)).toBe(ttl - 1)
        expect(ipv4.ttl(view, at)).toBe(ttl - 1)
        expect(ipv4.checksumOk(view, at)).toBe(true)
      }),
      SEED,
    )
  })

  test("ICMP", () => {
    fc.assert(
      fc.property(u8, u8, u32, fc.uint8Array({ maxLength: 80 }), (type, code, rest, payload) => {
        const { view, at, untouched } = room(icmp.LENGTH + payload.length)
        icmp.emit(view, at, type, code, rest)
        for (const [i, byte] of payload.entries()) view.setUint8(at + icmp.LENGTH + i, byte)
        icmp.updateChecksum(view, at, icmp.LENGTH + payload.length)
        expect([icmp.type(view, at), icmp.code(view, at), view.getUint32(at + 4)]).toEqual([type, code, rest])
        expect(icmp.echoId(view, at)).toBe(rest >>> 16)
        expect(icmp.checksumOk(view, at, icmp.LENGTH + payload.length)).toBe(true)
        expect(untouched()).toBe(true)
      }),
      SEED,
    )
  })

  test("UDP, VXLAN, the cooked header", () => {
    fc.assert(
      fc.property(
        u16,
        u16,
        u16,
        u16,
        uint(24),
        u32,
        u48,
        uint(3),
        (from, to, length, check, vni, ifindex, address, kind) => {
          const a = room(udp.LENGTH)
          udp.emit(a.view, a.at, from, to, length, check)
          const { view, at } = a
          expect([
            udp.sourcePort(view, at),
            udp.destinationPort(view, at),
            udp.length(view, at),
            udp.checksum(view, at),
          ]).toEqual([from, to, length, check])
          const b = room(vxlan.LENGTH)
          vxlan.emit(b.view, b.at, vni)
          expect([vxlan.flags(b.view, b.at), vxlan.vni(b.view, b.at)]).toEqual([vxlan.FLAG_VNI, vni])
          const c = room(sll2.LENGTH)
          sll2.emit(c.view, c.at, { protocol: from, ifindex, hardwareType: to, packetType: kind, address })
          expect([
            sll2.protocol(c.view, c.at),
            sll2.ifindex(c.view, c.at),
            c.view.getUint16(c.at + 8),
            sll2.packetType(c.view, c.at),
          ]).toEqual([from, ifindex, to, kind])
          expect(ethernet.readMac(c.view, c.at + 12)).toBe(address)
          expect([a.untouched(), b.untouched(), c.untouched()]).toEqual([true, true, true])
        },
      ),
      SEED,
    )
  })

  test("TCP", () => {
    const header = fc.record({
      from: u16,
      to: u16,
      seq: u32,
      ack: u32,
      words: fc.integer({ min: 5, max: 15 }),
      flags: u8,
      window: u16,
    })
    fc.assert(
      fc.property(header, (h) => {
        const { view, at, untouched } = room(tcp.LENGTH)
        tcp.emit(view, at, h.from, h.to, h.seq, h.ack, h.words * 4, h.flags, h.window)
        const read = [
          tcp.sourcePort,
          tcp.destinationPort,
          tcp.sequence,
          tcp.acknowledgment,
          tcp.headerLength,
          tcp.flags,
          tcp.window,
        ]
        expect(read.map((field) => field(view, at))).toEqual([
          h.from,
          h.to,
          h.seq,
          h.ack,
          h.words * 4,
          h.flags,
          h.window,
        ])
        expect([tcp.checksum(view, at), tcp.urgentPointer(view, at)]).toEqual([0, 0])
        expect(untouched()).toBe(true)
      }),
      SEED,
    )
  })
})

describe("TCP options", () => {
  const block = fc.tuple(u32, u32)
  const options = fc.record(
    {
      mss: u16,
      wscale: u8,
      sackPermitted: fc.constant(true),
      sack: fc.array(block, { minLength: 1, maxLength: 4 }),
      timestamp: fc.record({ value: u32, echo: u32 }),
    },
    { requiredKeys: [] },
  )
  const be = (width: number, value: number): number[] =>
    [...Array(width).keys()].map((i) => Math.floor(value / 2 ** (8 * (width - 1 - i))) & 255)

  test("any of them, in any order, with no-ops between", () => {
    fc.assert(
      fc.property(options, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), fc.nat(), (wanted, noOps, turn) => {
        const parts: number[][] = []
        if (wanted.mss !== undefined) parts.push([2, 4, ...be(2, wanted.mss)])
        if (wanted.wscale !== undefined) parts.push([3, 3, wanted.wscale])
        if (wanted.sackPermitted === true) parts.push([4, 2])
        if (wanted.timestamp !== undefined)
          parts.push([8, 10, ...be(4, wanted.timestamp.value), ...be(4, wanted.timestamp.echo)])
        if (wanted.sack !== undefined)
          parts.push([5, 2 + 8 * wanted.sack.length, ...wanted.sack.flatMap(([l, r]) => [...be(4, l), ...be(4, r)])])
        const turned = parts.map((_, i) => parts[(i + turn) % parts.length] as number[])
        const bytes = Uint8Array.from([...turned.flatMap((part, i) => [...(noOps[i] === true ? [1] : []), ...part]), 0])
        expect(tcp.parseOptions(new DataView(bytes.buffer), 0, bytes.length)).toEqual(wanted)
      }),
      SEED,
    )
  })

  test("any bytes end the walk and never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        tcp.parseOptions(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length)
      }),
      SEED,
    )
  })
})

describe("recorded frames are written as they were read", () => {
  const captures = ["http-wire", "ping-pod", "no-answer", "ttl-exceeded", "fragments", "closed-port", "udp-closed"]
  test.each(captures)("%s", (name) => {
    for (const { bytes } of framesOf(readBytes(`test/golden/captures/${name}.pcap`))) rewritten(bytes)
  })
})

/** Reads each header of a frame and writes it over itself; tunnels are followed. */
function rewritten(frame: Uint8Array): void {
  const copy = frame.slice()
  const view = new DataView(copy.buffer)
  let at = 0
  for (let depth = 0; depth < 2; depth++) {
    const outer = ethernet.parse(view, at, copy.length)
    if (outer === undefined) throw new Error("no Ethernet header")
    ethernet.emit(view, at, outer.destination, outer.source, outer.etherType)
    at += ethernet.LENGTH
    if (outer.etherType === ethernet.EtherType.ARP) {
      arp.emit(view, at, arp.parse(view, at, copy.length) as arp.ArpPacket)
      break
    }
    const ip = ipv4.parse(view, at, copy.length) as ipv4.Ipv4Header
    ipv4.emit(
      view,
      at,
      ip.tos,
      ip.totalLength,
      ip.id,
      ipv4.flagsAndOffset(view, at),
      ip.ttl,
      ip.protocol,
      ip.source,
      ip.destination,
    )
    at += ip.headerLength
    if (ip.protocol === ipv4.IpProtocol.TCP) {
      const check = tcp.checksum(view, at)
      tcp.emit(
        view,
        at,
        tcp.sourcePort(view, at),
        tcp.destinationPort(view, at),
        tcp.sequence(view, at),
        tcp.acknowledgment(view, at),
        tcp.headerLength(view, at),
        tcp.flags(view, at),
        tcp.window(view, at),
      )
      view.setUint16(at + tcp.CHECKSUM_OFFSET, check)
    }
    if (ip.protocol !== ipv4.IpProtocol.UDP) break
    udp.emit(
      view,
      at,
      udp.sourcePort(view, at),
      udp.destinationPort(view, at),
      udp.length(view, at),
      udp.checksum(view, at),
    )
    if (udp.destinationPort(view, at) !== vxlan.LINUX_PORT) break
    vxlan.emit(view, at + udp.LENGTH, vxlan.vni(view, at + udp.LENGTH))
    at += udp.LENGTH + vxlan.LENGTH
  }
  expect(Buffer.from(copy).toString("hex")).toBe(Buffer.from(frame).toString("hex"))
}
