/** The policy map against the verdicts of bpf/lib/policy.h, and the blocks of its keys. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { insertEntries } from "../../src/policy/map-insert.ts"
import { type MapEntry, MapState, matchType } from "../../src/policy/map-state.ts"
import { lastPort, portBlocks } from "../../src/policy/policy-key.ts"
import type { RuleRef } from "../../src/policy/rule.ts"

const origin = { kind: "CiliumNetworkPolicy", namespace: "default", name: "p", uid: "" }

function entry(identity: number, port: number | [number, number, number], more: Partial<MapEntry> = {}): MapEntry {
  const [protocol, first, prefixLength] = typeof port === "number" ? [6, port, port === 0 ? 8 : 24] : port
  return {
    identity,
    direction: "ingress",
    protocol,
    port: first,
    prefixLength,
    deny: false,
    proxyPort: 0,
    proxyPriority: 0,
    auth: "disabled",
    explicitAuth: false,
    rules: [],
    labels: [],
    packets: 0,
    bytes: 0,
    ...more,
  }
}

const L3: [number, number, number] = [0, 0, 0]
const http = { proxyPort: 14301, proxyPriority: 26 }

function mapOf(...entries: MapEntry[]): MapState {
  const map = new MapState()
  insertEntries(map, entries)
  return map
}

const access = (map: MapState, identity: number, port = 80): number => map.canAccess(identity, "ingress", 6, port)

describe("verdicts", () => {
  test("nothing matches: policy denied", () => {
    expect(access(new MapState(), 5)).toBe(-133)
    expect(access(mapOf(entry(5, 80)), 6)).toBe(-133)
    expect(mapOf(entry(5, 80)).canAccess(5, "egress", 6, 80)).toBe(-133)
    expect(mapOf(entry(5, 80)).canAccess(5, "ingress", 17, 80)).toBe(-133)
  })

  test("a denial of an identity that comes later is not lost behind a proxy for all", () => {
    const map = mapOf(entry(0, 80, http))
    insertEntries(map, [entry(5, 80, { deny: true })])
    expect([access(map, 5), access(map, 6)]).toEqual([-181, 14301])
  })

  test("the identity's own and that of any, by address alone, by port alone", () => {
    const map = mapOf(entry(5, L3), entry(0, 443))
    expect([access(map, 5), access(map, 5, 443), access(map, 6, 443), access(map, 6)]).toEqual([0, 0, 0, -133])
    expect(matchType(map.lookup(5, "ingress", 6, 80))).toBe("L3-Only")
    expect(matchType(map.lookup(6, "ingress", 6, 443))).toBe("L4-Only")
  })

  test("an explicit deny wins on either side, by its own drop reason", () => {
    expect(access(mapOf(entry(5, 80), entry(0, 80, { deny: true })), 5)).toBe(-181)
    expect(access(mapOf(entry(0, 80), entry(5, L3, { deny: true })), 5)).toBe(-181)
    expect(access(mapOf(entry(5, L3), entry(0, 80, { deny: true })), 5)).toBe(-181)
    expect(access(mapOf(entry(0, L3, { deny: true }), entry(5, 80, http)), 5)).toBe(-181)
    expect(access(mapOf(entry(0, 80, { deny: true }), entry(5, L3)), 5, 81)).toBe(0)
  })

  test("a proxy goes before no proxy, the better listener before the worse", () => {
    expect(access(mapOf(entry(5, L3), entry(0, 80, http)), 5)).toBe(14301)
    expect(access(mapOf(entry(5, 80), entry(0, 80, http)), 5)).toBe(14301)
    expect(access(mapOf(entry(5, 80, { proxyPort: 1, proxyPriority: 6 }), entry(0, 80, http)), 5)).toBe(14301)
  })

  test("the longer prefix, and on a tie the identity's own", () => {
    const range: [number, number, number] = [6, 80, 20]
    const narrow = mapOf(entry(5, range, { ...http, proxyPort: 1 }), entry(0, 80, { ...http, proxyPort: 2 }))
    expect(access(narrow, 5)).toBe(2)
    expect(access(mapOf(entry(5, 80, { ...http, proxyPort: 1 }), entry(0, 80, { ...http, proxyPort: 2 })), 5)).toBe(1)
  })

  test("authentication is asked for after the verdict, and handed down to narrower entries", () => {
    const required = { auth: "required", explicitAuth: true } as const
    expect(access(mapOf(entry(5, 80, required)), 5)).toBe(-189)
    expect(access(mapOf(entry(5, L3, required), entry(5, 80)), 5)).toBe(-189)
    expect(access(mapOf(entry(5, L3, required), entry(5, 80, { explicitAuth: true })), 5)).toBe(0)
  })

  test.each([
    [entry(5, L3), "L3-Only"],
    [entry(5, 0), "L3-Proto"],
    [entry(5, 80), "L3-L4"],
    [entry(0, L3), "all"],
    [entry(0, 0), "Proto-Only"],
    [entry(0, [6, 80, 20]), "L4-Only"],
    [undefined, "none"],
  ])("match type %#", (one, name) => expect(matchType(one)).toBe(name))
})

describe("entries", () => {
  test("of two rules carry both", () => {
    const [a, b]: RuleRef[] = [
      { origin, path: "spec.ingress[0]" },
      { origin, path: "spec.ingress[1]" },
    ]
    const map = mapOf(entry(5, 80, { rules: [a as RuleRef] }), entry(5, 80, { rules: [b as RuleRef] }))
    expect(map.size).toBe(1)
    expect(map.lookup(5, "ingress", 6, 80)?.rules.map(({ path }) => path)).toEqual([
      "spec.ingress[0]",
      "spec.ingress[1]",
    ])
  })

  test("that would never decide are left out", () => {
    expect(mapOf(entry(5, 80), entry(5, L3, { deny: true }), entry(5, 81, { deny: true })).size).toBe(1)
    expect(mapOf(entry(5, 80), entry(0, [6, 80, 20], http)).size).toBe(1)
    expect(mapOf(entry(5, 80), entry(5, L3)).size).toBe(2)
  })

  test("go with their identity, and every write is counted", () => {
    const map = mapOf(entry(5, 80), entry(6, 80), entry(0, 443))
    const before = map.generation
    expect(map.remove(({ identity }) => identity === 5)).toBe(true)
    expect(map.remove(({ identity }) => identity === 5)).toBe(false)
    expect(map.generation).toBeGreaterThan(before)
    expect([access(map, 5), access(map, 6), access(map, 5, 443)]).toEqual([-133, 0, 0])
  })

  test("thousands are all found again", () => {
    const entries = Array.from({ length: 5000 }, (_, index) => entry(256 + index, 1 + (index % 60_000)))
    const map = mapOf(...entries)
    for (const { identity, port } of entries) expect(map.lookup(identity, "ingress", 6, port)?.identity).toBe(identity)
  })
})

describe("port blocks", () => {
  test("of a range hold its ports and no others, each once, aligned to their size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }), (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)]
        let next = first
        for (const block of portBlocks(6, first, last)) {
          expect(block.port).toBe(next)
          const size = lastPort(block) - block.port + 1
          expect(block.port % size).toBe(0)
          next = lastPort(block) + 1
        }
        expect(next).toBe(last + 1)
      }),
      { seed: 3, numRuns: 1000 },
    )
  })

  test("the specification's example", () => {
    expect(portBlocks(6, 8080, 8087)).toEqual([{ prefixLength: 21, protocol: 6, port: 8080 }])
    expect(portBlocks(6, 0, 0)).toEqual([{ prefixLength: 8, protocol: 6, port: 0 }])
    expect(portBlocks(0, 0, 0)).toEqual([{ prefixLength: 0, protocol: 0, port: 0 }])
  })
})
