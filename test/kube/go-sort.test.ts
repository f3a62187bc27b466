/** Go's sort: sorted, nothing lost, and equal items where Go puts them. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { goSort } from "../../src/tools/kubectl/go-sort.ts"

interface Item {
  key: number
  at: number
}

const less = (a: Item, b: Item): boolean => a.key < b.key
const items = (keys: readonly number[]): Item[] => keys.map((key, at) => ({ key, at }))

test("any items come out sorted, each once", () => {
  const keys = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 300 }),
    fc.array(fc.integer(), { maxLength: 300 }),
    fc.array(fc.integer(), { maxLength: 300 }).map((list) => list.toSorted((a, b) => b - a)),
  )
  fc.assert(
    fc.property(keys, (list) => {
      const sorted = goSort(items(list), less)
      expect(sorted.map(({ key }) => key)).toEqual(list.toSorted((a, b) => a - b))
      expect(new Set(sorted.map(({ at }) => at)).size).toBe(list.length)
    }),
    { seed: 20251018, numRuns: 500 },
  )
})

test("up to twelve equal items keep their order", () => {
  expect(goSort(items(new Array<number>(12).fill(0)), less).map(({ at }) => at)).toEqual([...new Array(12).keys()])
})

/** `kubectl get pods -A --sort-by=.metadata.creationTimestamp`, recorded: two later pods, then fourteen of one second. */
test("sixteen rows as the real kubectl shows them", () => {
  const rows = goSort(items([1, 1, ...new Array<number>(14).fill(0)]), less)
  expect(rows.map(({ at }) => at)).toEqual([8, 10, 2, 3, 15, 5, 14, 6, 4, 9, 7, 11, 12, 13, 1, 0])
})
