/** The Internet checksum beside the plainest way to write it (RFC 1071 section 4.1). */
import fc from "fast-check"
import { expect, test } from "vitest"
import { csumFold, csumFold16, csumPartial, csumReplace16, pseudoHeaderSum } from "../../src/wire/checksum.ts"
import { SEED } from "./seed.ts"

/** 16 bits at a time, carries added at once; an odd byte is the high half of a word. */
function naive(bytes: Uint8Array, start = 0): number {
  let sum = start
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0)
    if (sum > 0xffff) sum = (sum & 0xffff) + 1
  }
  return sum
}

const bytes = fc.uint8Array({ maxLength: 1600 })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
/** Zero has two forms in one's complement. */
const same = (sum: number): number => (sum === 0xffff ? 0 : sum)

test("a sum is the naive sum, at any offset and length", () => {
  fc.assert(
    fc.property(bytes, fc.nat(7), (data, offset) => {
      const shifted = new Uint8Array(offset + data.length + 8).fill(0xee)
      shifted.set(data, offset)
      const sum = csumPartial(new DataView(shifted.buffer), offset, data.length, 0)
      expect(csumFold16(sum)).toBe(naive(data))
      expect(csumFold(sum)).toBe(~naive(data) & 0xffff)
    }),
    { ...SEED, numRuns: 500 },
  )
})

test("pieces of even length add up to the whole", () => {
  fc.assert(
    fc.property(bytes, fc.nat(800), (data, half) => {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
      const cut = Math.min(half * 2, data.length & ~1)
      const first = csumPartial(view, 0, cut, 0)
      expect(csumFold16(csumPartial(view, cut, data.length - cut, first))).toBe(
        csumFold16(csumPartial(view, 0, data.length, 0)),
      )
    }),
    SEED,
  )
})

test("a message with its checksum in it sums to nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 1500 }), u32, u32, (data, source, destination) => {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
      const pseudo = pseudoHeaderSum(source, destination, 17, data.length)
      view.setUint16(2, 0)
      view.setUint16(2, csumFold(csumPartial(view, 0, data.length, pseudo)))
      expect(csumFold(csumPartial(view, 0, data.length, pseudo))).toBe(0)
    }),
    SEED,
  )
})

test("a patched checksum is the computed one (RFC 1624)", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 60 }).filter((data) => data.length % 2 === 0),
      u16,
      (data, to) => {
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
        const before = csumFold(csumPartial(view, 0, data.length, 0))
        const from = view.getUint16(8)
        view.setUint16(8, to)
        const computed = csumFold(csumPartial(view, 0, data.length, 0))
        expect(same(csumReplace16(before, from, to))).toBe(same(computed))
      },
    ),
    SEED,
  )
})
