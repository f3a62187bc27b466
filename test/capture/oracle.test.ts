/** Damaged frames, printed by podwire and by the real tcpdump: the same text, or podwire says that it does not decode the protocol. */
import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"
import { compileFilter, FilterError } from "../../src/capture/filter.ts"
import { type PrintOptions, TcpdumpPrinter } from "../../src/capture/tcpdump.ts"
import { filterFiles, framesOf, pcap } from "../support/crafted.ts"
import { mutatedFrames, recordedFrames } from "../support/mutate.ts"
import { findProgram, needs } from "../support/needs.ts"
import { randomFilters } from "../support/random-filter.ts"

const tcpdump = findProgram("tcpdump")
const SEED = Number(process.env["SEED"] ?? 20251018)
const COUNT = Number(process.env["COUNT"] ?? 3000)
/** Always -n: names would be asked for over the network. */
const SETS: readonly (readonly [string, PrintOptions])[] = [
  ["-n", { numeric: true }],
  ["-n -v", { numeric: true, verbose: 1 }],
  ["-n -vv -e -S", { numeric: true, verbose: 2, linkHeader: true, absolute: true }],
  ["-n -e -x", { numeric: true, linkHeader: true, hex: "x" }],
  ["-n -q -X", { numeric: true, quiet: true, hex: "X" }],
  ["-n -A", { numeric: true, hex: "A" }],
  ["-n -v -T vxlan", { numeric: true, verbose: 1, tunnel: "vxlan" }],
]

/** Text by packet: each begins with its number as its time. */
function byPacket(text: string): Map<number, string> {
  const packets = new Map<number, string>()
  for (const part of text.split(/^(?=\d+\.000000 )/m)) packets.set(Number.parseInt(part, 10), part)
  return packets
}

needs({ tcpdump: tcpdump !== undefined })("the real tcpdump takes the same frames by filters made up at random", () => {
  const file = filterFiles(recordedFrames())["ethernet"] as Uint8Array
  const frames = framesOf(file)
  // Of frames cut short libpcap's optimizer may read the fields in another order, and so let another one pass.
  const cut = new Set(frames.filter(({ bytes, length }) => bytes.length < (length ?? 0)).map(({ seconds }) => seconds))
  const whole = (numbers: readonly number[]): string => numbers.filter((number) => !cut.has(number)).join(" ")

  test.each(randomFilters(SEED, 150))("%s", (filter) => {
    const run = spawnSync(tcpdump as string, ["-n", "-r", "-", "-w", "-", "--", filter], {
      input: file,
      maxBuffer: 1e8,
    })
    const said = run.stderr
      .toString()
      .split("\n")
      .find((line) => line.startsWith("tcpdump: "))
    const real = run.status === 0 ? whole(framesOf(new Uint8Array(run.stdout)).map(({ seconds }) => seconds)) : said
    let own: string
    try {
      const pass = compileFilter(filter)
      const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      own = whole(
        frames.filter(({ bytes, length }) => pass(view(bytes), 0, bytes.length, length)).map(({ seconds }) => seconds),
      )
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      own = `tcpdump: ${error.message}`
    }
    expect(own, `SEED=${SEED}`).toBe(real)
  })
})

needs({ tcpdump: tcpdump !== undefined })("the real tcpdump reads damaged frames the same way", () => {
  test.each(SETS)("%s", (line, options) => {
    const originals = recordedFrames().map((frame, i) => ({ ...frame, seconds: COUNT + i, fraction: 0 }))
    const frames = [...mutatedFrames(SEED, COUNT), ...originals]
    const input = Buffer.from(pcap(frames))
    const run = spawnSync(tcpdump as string, ["-tt", ...line.split(" "), "-r", "-"], {
      input,
      maxBuffer: 1e9,
      env: { TZ: "UTC", LC_ALL: "C" },
    })
    const real = byPacket(run.stdout.toString("latin1"))
    const printer = new TcpdumpPrinter({ ...options, time: 2 })
    let compared = 0
    for (const { seconds, bytes, length } of frames) {
      const text = printer.print({ seconds, nanos: 0, bytes, length: length ?? bytes.length })
      if (text.includes("[podwire does not decode")) continue
      compared++
      expect(text, `SEED=${SEED}, frame ${seconds}: ${Buffer.from(bytes).toString("hex")}`).toBe(real.get(seconds))
    }
    // Most frames must be comparable, or this test tests nothing.
    expect(compared).toBeGreaterThan(frames.length * 0.85)
  })
})
