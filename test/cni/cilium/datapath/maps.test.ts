import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { CtDirection, type CtKey, CtMap } from "../../../../src/cni/cilium/datapath/maps/ct-map.ts"
import { IpcacheMap } from "../../../../src/cni/cilium/datapath/maps/ipcache-map.ts"
import { networkOf } from "../../../../src/wire/address.ts"

const address = fc.integer({ min: 0x0a000000, max: 0x0a0003ff })
const prefix = fc.record({ address, length: fc.constantFrom(0, 8, 16, 22, 24, 28, 30, 32), identity: fc.nat(9) })

describe("the ipcache", () => {
  test("answers with the longest prefix that covers an address", () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 40 }), fc.array(fc.nat(39)), address, (rows, gone, asked) => {
        const map = new IpcacheMap()
        const model = new Map<string, (typeof rows)[number]>()
        const key = (row: (typeof rows)[number]): string => `${networkOf(row.address, row.length)}/${row.length}`
        for (const row of rows) {
          map.set({ address: row.address, prefixLength: row.length, identity: row.identity })
          model.set(key(row), row)
        }
        for (const index of gone) {
          const row = rows[index]
          if (row === undefined) continue
          expect(map.delete(row.address, row.length)).toBe(model.delete(key(row)))
        }
        const best = [...model.values()]
          .filter((row) => networkOf(asked, row.length) === networkOf(row.address, row.length))
          .sort((a, b) => b.length - a.length)[0]
        expect(map.lookup(asked)?.identity).toBe(best?.identity)
        expect([...map.entries()].length).toBe(model.size)
      }),
      { seed: 20251018 },
    )
  })
})

const port = fc.integer({ min: 1, max: 3 })
const ctKey = fc.record({
  source: fc.integer({ min: 1, max: 4 }),
  destination: fc.integer({ min: 1, max: 4 }),
  protocol: fc.constantFrom(1, 6, 17),
  sourcePort: port,
  destinationPort: port,
  direction: fc.constantFrom(...Object.values(CtDirection)),
  related: fc.boolean(),
})
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("create" as const), key: ctKey, lifetime: fc.nat(400) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), key: ctKey }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.nat(200) }) },
)
const textOf = (key: CtKey): string => JSON.stringify(key, Object.keys(key).sort())

describe("the connection table", () => {
  test("finds what was created until it is deleted, or has expired and a collector came by", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const map = new CtMap()
        const model = new Map<string, { key: CtKey; expires: number }>()
        let now = 1e9
        for (const one of steps) {
          if (one.do === "wait") now += one.seconds * 1e9
          else if (one.do === "create") {
            const entry = map.create(one.key, now)
            if (entry === undefined) throw new Error("full")
            entry.expires = now + one.lifetime * 1e9
            model.set(textOf(one.key), { key: one.key, expires: entry.expires })
          } else {
            const entry = map.lookup(one.key)
            if (entry !== undefined) map.delete(entry)
            model.delete(textOf(one.key))
          }
        }
        // The collector has been here every five minutes; a table that grew may have looked earlier.
        const visited = now - (now % 300e9)
        for (const { key, expires } of model.values()) {
          const found = map.find(key, now)
          if (expires > now) expect(found?.expires).toBe(expires)
          else if (expires <= visited) expect(found).toBeUndefined()
        }
        const listed = [...map.entries(now)].length
        const live = [...model.values()].filter(({ expires }) => expires > now).length
        expect(listed).toBeGreaterThanOrEqual(live)
        expect(listed).toBe(map.size)
        expect(map.collect(Number.POSITIVE_INFINITY)).toBe(listed)
        expect(map.size).toBe(0)
      }),
      { seed: 20251018 },
    )
  })
})
