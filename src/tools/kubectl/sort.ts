/** --sort-by. Models pkg/cmd/get/sorter.go. */
import { byCodePoint } from "../../kube/api/json.ts"
import { parseQuantity } from "../../kube/api/quantity.ts"
import { goSort } from "./go-sort.ts"
import { relaxedJsonPath } from "./jsonpath.ts"

/** Sorted by what the path finds in each item's object; those without it come first. */
export function sortBy<T>(items: readonly T[], path: string, objectOf: (item: T) => unknown): T[] {
  const template = relaxedJsonPath(path)
  const keyed = items.map((item) => ({ item, key: template.results(objectOf(item))[0]?.[0] }))
  // What nothing has, nothing is sorted by, and the real kubectl then shows nothing.
  if (keyed.every(({ key }) => key === undefined)) return []
  return goSort(keyed, (a, b) => compare(a.key, b.key) < 0).map(({ item }) => item)
}

function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  if (typeof a === "number" && typeof b === "number") return a - b
  const [x, y] = [String(a), String(b)]
  const [p, q] = [parseQuantity(x), parseQuantity(y)]
  if (p !== undefined && q !== undefined) return p - q
  return byCodePoint(x, y)
}
