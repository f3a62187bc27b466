/** Capture files: written and read back, in any pieces; damaged ones are read as far as they go, and never throw. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { Savefile } from "../../src/capture/file/savefile.ts"
import type { Frame } from "../../src/capture/frame.ts"
import { isCaptureError, readPcap, writePcap } from "../../src/capture/pcap.ts"
import { writePcapng } from "../../src/capture/pcapng.ts"
import { craftedFiles } from "../support/crafted.ts"

const SEED = { seed: Number(process.env["SEED"] ?? 20251018) }
const frame: fc.Arbitrary<Frame> = fc.record({
  seconds: fc.integer({ min: 0, max: 0xffffffff }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
  bytes: fc.uint8Array({ maxLength: 120 }),
  length: fc.integer({ min: 120, max: 70_000 }),
})
const frames = fc.array(frame, { minLength: 1, maxLength: 8 })

/** A file given in pieces, and what was read of it. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): { frames: Frame[]; fault: unknown } {
  const file = new Savefile()
  const read: Frame[] = []
  const take = (): void => {
    for (let next = file.next(); next !== undefined; next = file.next()) read.push(next)
  }
  let at = 0
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    file.push(bytes.subarray(at, cut))
    take()
    at = cut
  }
  file.end()
  take()
  return { frames: read, fault: file.fault }
}

test("both forms give back what was written, to the nanosecond", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2000), { maxLength: 6 }), (wanted, cuts) => {
      for (const bytes of [writePcap(wanted, 1, true), writePcapng(wanted)])
        expect(inPieces(bytes, cuts)).toEqual({ frames: wanted, fault: undefined })
    }),
    SEED,
  )
})

test("a pcap with microseconds loses what is finer", () => {
  fc.assert(
    fc.property(frames, (wanted) => {
      const read = readPcap(writePcap(wanted))
      if (isCaptureError(read)) throw new Error(read.message)
      expect(read.frames).toEqual(wanted.map((f) => ({ ...f, nanos: Math.floor(f.nanos / 1000) * 1000 })))
    }),
    SEED,
  )
})

test("cut anywhere: the whole frames before the cut, and where it is", () => {
  fc.assert(
    fc.property(frames, fc.nat(2000), fc.boolean(), (wanted, place, newer) => {
      const whole = newer ? writePcapng(wanted) : writePcap(wanted, 1, true)
      const bytes = whole.subarray(0, place % whole.length)
      const read = readPcap(bytes)
      expect(read.frames).toEqual(wanted.slice(0, read.frames.length))
      if (isCaptureError(read)) expect(read.offset).toBeLessThanOrEqual(bytes.length)
    }),
    SEED,
  )
})

test("damaged anywhere: never an exception", () => {
  const files = Object.values(craftedFiles()).filter((bytes) => bytes.length > 0)
  fc.assert(
    fc.property(
      fc.nat(files.length - 1),
      fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      (which, changes) => {
        const bytes = (files[which] as Uint8Array).slice()
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const read = readPcap(bytes)
        if (isCaptureError(read)) expect(read.offset).toBeLessThanOrEqual(bytes.length)
      },
    ),
    { ...SEED, numRuns: 2000 },
  )
})
