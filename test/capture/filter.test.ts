/** Every recorded filter: the same frames pass as with the real libpcap, or the same words say what is wrong with it. */
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { compileFilter, FilterError } from "../../src/capture/filter.ts"
import { isCaptureError, type PcapFile, readPcap } from "../../src/capture/pcap.ts"
import { filterFiles } from "../support/crafted.ts"
import { recordedFrames } from "../support/mutate.ts"

const GOLDEN = "test/golden/tcpdump-filters.txt"

/**
 * libpcap's optimizer asks a field for both values before it reads the next field, so that a frame cut between the two passes; podwire reads in the
 * order of the filter. Whole frames are alike.
 */
const WHOLE_ONLY: readonly string[] = ["host (10.244.1.1 or 10.244.1.2)"]

const files = new Map<string, PcapFile>()
for (const [name, bytes] of Object.entries(filterFiles(recordedFrames()))) {
  const file = readPcap(bytes)
  if (isCaptureError(file)) throw new Error(file.message)
  files.set(name, file)
}

/** What the recorder wrote for a filter: the numbers of the frames that pass, or tcpdump's line. */
function answer(link: string, filter: string): string {
  const { linkType, frames } = files.get(link) as PcapFile
  try {
    const pass = compileFilter(filter, { linkType })
    return frames
      .filter(({ bytes, length }) => pass(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, length))
      .map(({ seconds }) => seconds)
      .join(" ")
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return `tcpdump: ${error.message}`
  }
}

const blocks = readFileSync(GOLDEN, "utf8")
  .split(/^=== /m)
  .slice(1)
  .map((block) => {
    const end = block.indexOf("\n")
    const [, link = "", filter = ""] = /^(\w+) \| (.*)$/.exec(block.slice(0, end)) ?? []
    return { link, filter, wanted: block.slice(end + 1).replace(/\n$/, "") }
  })

test("there are recordings", () => expect(blocks.length).toBeGreaterThan(350))

test.each(blocks)("$link: $filter", ({ link, filter, wanted }) => {
  const cut = new Set(
    files
      .get(link)
      ?.frames.filter((f) => f.bytes.length < f.length)
      .map((f) => String(f.seconds)),
  )
  const shown = (numbers: string): string =>
    WHOLE_ONLY.includes(filter)
      ? numbers
          .split(" ")
          .filter((number) => !cut.has(number))
          .join(" ")
      : numbers
  expect(shown(answer(link, filter))).toBe(shown(wanted))
})
