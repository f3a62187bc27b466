/** Frames nobody sends: those of the recorded captures, damaged in a way that a seed reproduces. */
import { readdirSync, readFileSync } from "node:fs"
import { framesOf, type RawFrame } from "./crafted.ts"

const CAPTURES = new URL("../golden/captures/", import.meta.url)

/** All recorded frames, in the order of the files' names. */
export function recordedFrames(): RawFrame[] {
  const names = readdirSync(CAPTURES).filter((name) => name.endsWith(".pcap"))
  return names.sort().flatMap((name) => framesOf(new Uint8Array(readFileSync(new URL(name, CAPTURES)))))
}

/** Mulberry32: numbers below `bound`, the same for the same seed everywhere. */
export function numbers(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * bound)
  }
}

/** `count` damaged frames: bytes changed, most of them in the headers, and some cut short. */
export function mutatedFrames(seed: number, count: number): RawFrame[] {
  const random = numbers(seed)
  const originals = recordedFrames()
  return [...Array(count).keys()].map((i) => {
    const original = originals[random(originals.length)] as RawFrame
    const bytes = original.bytes.slice()
    for (let n = random(5); n > 0; n--)
      bytes[random(Math.min(bytes.length, random(3) === 0 ? 1e9 : 130))] = damage(random)
    const cut = random(3) === 0 ? bytes.slice(0, 1 + random(bytes.length)) : bytes
    return { seconds: i, fraction: 0, bytes: cut, length: bytes.length }
  })
}

/** Bytes at the edge more often than others. */
function damage(random: (bound: number) => number): number {
  const edges = [0, 1, 2, 3, 4, 5, 8, 0x3f, 0x40, 0x45, 0x46, 0x4f, 0x7f, 0x80, 0xff]
  return random(2) === 0 ? (edges[random(edges.length)] as number) : random(256)
}
