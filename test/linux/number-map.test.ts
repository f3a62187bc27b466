import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { NumberMap } from "../../src/linux/number-map.ts"

/** Few different keys, so that they meet; small ones, MAC addresses, and what an ifindex above an address makes. */
const key = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom(
    0xffff_ffff_ffff,
    0x2_0000_0000,
    0xc0a8_5067,
    7 * 0x1_0000_0000 + 0x0af4_0102,
    Number.MAX_SAFE_INTEGER,
  ),
)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set" as const), key, value: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteWhere" as const), limit: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
)

describe("NumberMap", () => {
  test("behaves as a Map, order included", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const ours = new NumberMap<number>()
        const theirs = new Map<number, number>()
        for (const s of steps) {
          if (s.do === "set") {
            ours.set(s.key, s.value)
            theirs.set(s.key, s.value)
          } else if (s.do === "delete") expect(ours.delete(s.key)).toBe(theirs.delete(s.key))
          else if (s.do === "clear") {
            ours.clear()
            theirs.clear()
          } else {
            ours.deleteWhere((value) => value < s.limit)
            for (const [k, value] of theirs) if (value < s.limit) theirs.delete(k)
          }
          expect(ours.size).toBe(theirs.size)
        }
        expect([...ours.keys()]).toEqual([...theirs.keys()])
        expect([...ours.values()]).toEqual([...theirs.values()])
        for (const [k, value] of theirs) expect([ours.get(k), ours.has(k)]).toEqual([value, true])
      }),
      { seed: 20251018 },
    )
  })

  test("holds many, through growth, deletion and growth again", () => {
    const map = new NumberMap<number>()
    const keys = Array.from({ length: 5000 }, (_, i) => i * 0x1_0000_0001)
    for (const k of keys) map.set(k, k)
    for (const k of keys.slice(0, 4990)) map.delete(k)
    for (let i = 0; i < 20_000; i++) {
      map.set(i + 0.5e15, i)
      map.delete(i + 0.5e15)
    }
    expect([...map.values()]).toEqual(keys.slice(4990))
    expect(map.get(keys[0] as number)).toBeUndefined()
  })

  test("entries may be deleted while they are walked", () => {
    const map = new NumberMap<number>()
    for (const k of [1, 2, 3, 4]) map.set(k, k)
    const seen: number[] = []
    for (const value of map.values()) {
      seen.push(value)
      map.delete(value)
      map.delete(3)
    }
    expect(seen).toEqual([1, 2, 4])
    expect(map.size).toBe(0)
  })
})
