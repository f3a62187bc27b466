/** Dissection and printing take any bytes. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { TcpdumpPrinter } from "../../src/capture/tcpdump.ts"
import { dissect } from "../../src/wire/dissect.ts"
import { mutatedFrames, recordedFrames } from "../support/mutate.ts"
import { SEED } from "./seed.ts"

const LINKS = [1, 101, 228, 276]

/** Layers lie inside the frame, in order, and fields inside their layers. */
function sound(frame: Uint8Array): void {
  let at = 0
  for (const layer of dissect(frame)) {
    expect(layer.offset).toBeGreaterThanOrEqual(at)
    expect(layer.offset + layer.length).toBeLessThanOrEqual(frame.length)
    for (const field of layer.fields) {
      expect(field.offset).toBeGreaterThanOrEqual(layer.offset)
      expect(field.offset + field.length).toBeLessThanOrEqual(layer.offset + layer.length)
    }
    at = layer.offset
  }
}

function printed(bytes: Uint8Array, length: number): void {
  for (const linkType of LINKS)
    for (const options of [
      {},
      { numeric: true, verbose: 2, linkHeader: true },
      { quiet: true, hex: "XX" as const },
      { tunnel: "vxlan" as const, hex: "A" as const },
    ])
      expect(new TcpdumpPrinter(options, linkType).print({ seconds: 0, nanos: 0, bytes, length }).endsWith("\n")).toBe(
        true,
      )
}

test("any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(100), (bytes, more) => {
      sound(bytes)
      printed(bytes, bytes.length + more)
    }),
    { ...SEED, numRuns: 500 },
  )
})

describe("recorded frames", () => {
  const frames = recordedFrames()

  test("cut at every length", () => {
    // Long ones are alike behind their headers.
    for (const { bytes } of frames)
      for (let size = 0; size <= Math.min(bytes.length, 160); size++) {
        sound(bytes.subarray(0, size))
        if (size % 7 === 0) printed(bytes.subarray(0, size), bytes.length)
      }
  })

  test("damaged", () => {
    for (const { bytes, length } of mutatedFrames(SEED.seed, 2000)) {
      sound(bytes)
      printed(bytes, length ?? bytes.length)
    }
  })

  test("whole ones have no malformed layer", () => {
    for (const { bytes } of frames) expect(dissect(bytes).map((layer) => layer.protocol)).not.toContain("malformed")
  })
})
