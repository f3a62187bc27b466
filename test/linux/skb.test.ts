/** Laws of packet buffers, beside a model that is nothing but arrays of bytes. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Arena, MAX_HEADER, type Skb } from "../../src/linux/skb.ts"

interface Modelled {
  skb: Skb
  bytes: number[]
}

type Action =
  | { kind: "alloc"; size: number }
  | { kind: "push" | "put"; of: number; bytes: number[] }
  | { kind: "pull" | "trim"; of: number; count: number }
  | { kind: "clone" | "free"; of: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("alloc" as const), size: fc.constantFrom(0, 64, 1500, 9000, 65000) }),
  fc.record({
    kind: fc.constantFrom("push" as const, "put" as const),
    of: fc.nat(20),
    bytes: fc.array(fc.nat(255), { maxLength: 60 }),
  }),
  fc.record({ kind: fc.constantFrom("pull" as const, "trim" as const), of: fc.nat(20), count: fc.nat(80) }),
  fc.record({ kind: fc.constantFrom("clone" as const, "free" as const), of: fc.nat(20) }),
)

/** Does one action to the packet and to its model; writers own their bytes first. */
function apply(arena: Arena, live: Modelled[], step: Action): void {
  if (step.kind === "alloc") {
    live.push({ skb: arena.alloc(step.size), bytes: [] })
    return
  }
  const at = live.length === 0 ? -1 : step.of % live.length
  const it = live[at]
  if (it === undefined) return
  const { skb } = it
  switch (step.kind) {
    case "push": {
      const bytes = step.bytes.slice(0, skb.headroom)
      skb.cow()
      arena.bytes.set(bytes, skb.push(bytes.length))
      it.bytes.unshift(...bytes)
      return
    }
    case "put": {
      const bytes = step.bytes.slice(0, skb.end - skb.tail)
      skb.cow()
      arena.bytes.set(bytes, skb.put(bytes.length))
      it.bytes.push(...bytes)
      return
    }
    case "pull":
      skb.pull(Math.min(step.count, skb.length))
      it.bytes.splice(0, step.count)
      return
    case "trim":
      skb.trim(step.count)
      it.bytes.splice(step.count)
      return
    case "clone":
      live.push({ skb: skb.clone(), bytes: [...it.bytes] })
      return
    case "free":
      skb.free()
      live.splice(at, 1)
  }
}

describe("a packet buffer", () => {
  test("holds what was written, whoever else reads or frees the same bytes", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (steps) => {
        const arena = new Arena(1 << 14)
        const live: Modelled[] = []
        for (const step of steps) {
          apply(arena, live, step)
          for (const { skb, bytes } of live) expect([...skb.copyBytes()]).toEqual(bytes)
        }
        for (const { skb } of live.splice(0)) skb.free()
        expect(arena.inUse).toBe(0)
      }),
      { seed: 20251018, numRuns: 300 },
    )
  })

  test("keeps the headers it has passed when it gets bytes of its own", () => {
    const arena = new Arena()
    const skb = arena.alloc(100)
    arena.bytes.fill(0xaa, skb.put(100), skb.tail)
    skb.macHeader = skb.data
    skb.pull(14)
    const other = skb.clone()
    skb.cow()
    skb.push(14)
    expect([...skb.copyBytes()]).toEqual(Array(100).fill(0xaa))
    expect(skb.macHeader).toBe(skb.data)
    other.free()
    skb.free()
  })

  test("cannot be freed twice, even while a clone lives", () => {
    const arena = new Arena()
    const skb = arena.alloc(10)
    const clone = skb.clone()
    skb.free()
    expect(() => skb.free()).toThrow(/freed twice/)
    expect([arena.inUse, clone.headroom]).toEqual([1, MAX_HEADER])
    clone.free()
    expect(arena.inUse).toBe(0)
  })

  test("says when there is no room", () => {
    const skb = new Arena().alloc(10)
    expect(() => skb.push(MAX_HEADER + 1)).toThrow(/no headroom/)
    expect(() => new Arena().alloc(10).put(5000)).toThrow(/no tailroom/)
    expect(() => new Arena().alloc(70_000)).toThrow(/longer than an IPv4 datagram/)
  })
})
