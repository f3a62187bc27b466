import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { isCaptureError, readPcap, writePcap } from "../../src/capture/pcap.ts"
import { type PrintOptions, TcpdumpPrinter } from "../../src/capture/tcpdump.ts"
import { readCaptureGolden } from "../support/golden.ts"

const FOLDER = "test/golden/captures"

/** The printer's options and the packet count for a command line. */
function optionsOf(line: string): { options: PrintOptions; count: number } {
  const words = line.split(" ")
  const has = (word: string): boolean => words.includes(word)
  const hex = has("-XX") ? "XX" : has("-X") ? "X" : has("-x") ? "x" : undefined
  const options: PrintOptions = {
    numeric: has("-n"),
    linkHeader: has("-e"),
    verbose: has("-vvv") ? 3 : has("-vv") ? 2 : has("-v") ? 1 : 0,
    quiet: has("-q"),
    absolute: has("-S"),
    time: words.find((word) => /^-t+$/.test(word))?.slice(1).length ?? 0,
    ...(hex === undefined ? {} : { hex }),
    ...(has("vxlan") ? { tunnel: "vxlan" } : {}),
  }
  return { options, count: has("-c") ? Number(words[words.indexOf("-c") + 1]) : Number.POSITIVE_INFINITY }
}

describe("prints as the real tcpdump does", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".pcap"))
  test("there are captures", () => expect(names.length).toBeGreaterThanOrEqual(12))

  for (const name of names) {
    const file = readPcap(readFileSync(`${FOLDER}/${name}`))
    if (isCaptureError(file)) throw new Error(file.message)
    for (const { options: line, output } of readCaptureGolden(`${FOLDER}/${name.replace(".pcap", ".txt")}`))
      test(`${name} ${line}`, () => {
        const { options, count } = optionsOf(line)
        const printer = new TcpdumpPrinter(options)
        const text = file.frames
          .slice(0, count)
          .map((frame) => printer.print(frame))
          .join("")
        expect(text).toBe(output)
      })
  }
})

describe("capture files", () => {
  test("are written as they were read", () => {
    const bytes = readFileSync(`${FOLDER}/http-wire.pcap`)
    const file = readPcap(bytes)
    if (isCaptureError(file)) throw new Error(file.message)
    expect(Buffer.from(writePcap(file.frames)).equals(bytes)).toBe(true)
  })

  test("say where they break off", () => {
    const bytes = readFileSync(`${FOLDER}/http-wire.pcap`)
    const cut = readPcap(bytes.subarray(0, 500))
    expect(isCaptureError(cut) && cut.message).toMatch(
      /^truncated dump file; tried to read \d+ captured bytes, only got \d+$/,
    )
    expect(isCaptureError(cut) && cut.offset).toBeGreaterThan(24)
    const garbage = readPcap(new TextEncoder().encode("root:x:0:0:root:/root:/bin/bash\n"))
    expect(isCaptureError(garbage) && garbage).toMatchObject({ message: "unknown file format", offset: 0 })
  })
})
