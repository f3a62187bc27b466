/**
 * The patch that apply sends: what is to change from the live object, and what the last apply had and this one has not.
 * Models apimachinery/pkg/util/strategicpatch CreateThreeWayMergePatch.
 */
import { byCodePoint, type Dict, equal, isDict } from "../../kube/api/json.ts"
import { fieldsOf, mergeKey } from "../../kube/api/schema.ts"

/** Which half of a difference is wanted. */
type Half = "additions" | "deletions"

/** `type` is the kind; a kind without a schema has no lists that merge. */
export function threeWayPatch(type: string, original: Dict, modified: Dict, current: Dict): Dict {
  const deltas = diffMaps(type, current, modified, "additions")
  const deletions = diffMaps(type, original, modified, "deletions")
  return mergePatches(type, deletions, deltas)
}

/** The type of a field's items or value, without the brackets. */
const innerType = (type: string, field: string): string =>
  (fieldsOf(type)?.get(field)?.type ?? "*").replace(/^[[{](.*)[\]}]$/, "$1")

function diffMaps(type: string, from: Dict, to: Dict, half: Half): Dict {
  const patch: Dict = {}
  for (const [key, value] of Object.entries(to)) {
    const old = from[key]
    const additions = half === "additions"
    if (old === undefined || kindOf(old) !== kindOf(value)) {
      if (additions) patch[key] = value
    } else if (isDict(value)) {
      const inner = diffMaps(innerType(type, key), old as Dict, value, half)
      if (Object.keys(inner).length > 0) patch[key] = inner
    } else if (Array.isArray(value)) diffList(type, key, old as unknown[], value, half, patch)
    else if (additions && !equal(old, value)) patch[key] = value
  }
  if (half === "deletions") for (const key of Object.keys(from)) if (to[key] === undefined) patch[key] = null
  return patch
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value)

function diffList(type: string, key: string, from: unknown[], to: unknown[], half: Half, patch: Dict): void {
  const by = mergeKey(type, key)
  if (by === undefined) {
    if (half === "additions" && !equal(from, to)) patch[key] = to
    return
  }
  if (by === "") {
    diffSet(key, from, to, half, patch)
    return
  }
  const find = (list: unknown[], id: unknown): Dict | undefined => (list as Dict[]).find((item) => item[by] === id)
  const changes = (to as Dict[]).flatMap((item) => {
    const old = find(from, item[by])
    if (old === undefined) return half === "additions" ? [item] : []
    const inner = diffMaps(innerType(type, key), old, item, half)
    return Object.keys(inner).length === 0 ? [] : [{ ...inner, [by]: item[by] }]
  })
  const removed =
    half === "additions"
      ? []
      : (from as Dict[])
          .filter((item) => find(to, item[by]) === undefined)
          .map((item) => ({ $patch: "delete", [by]: item[by] }))
  const list = [...changes, ...removed]
  if (list.length > 0) patch[key] = list
  if (list.length > 0 || !sameOrder(from as Dict[], to as Dict[], by))
    patch[`$setElementOrder/${key}`] = (to as Dict[]).map((item) => ({ [by]: item[by] }))
}

/** Items of both lists stand in the same order. */
function sameOrder(from: readonly Dict[], to: readonly Dict[], by: string): boolean {
  const inBoth = (list: readonly Dict[], other: readonly Dict[]): unknown[] =>
    list.map((item) => item[by]).filter((id) => other.some((item) => item[by] === id))
  return equal(inBoth(from, to), inBoth(to, from))
}

function diffSet(key: string, from: unknown[], to: unknown[], half: Half, patch: Dict): void {
  const added = half === "additions" ? to.filter((item) => !from.includes(item)) : []
  const removed = half === "deletions" ? from.filter((item) => !to.includes(item)) : []
  if (added.length > 0) patch[key] = added
  if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed
  if (added.length > 0 || removed.length > 0) patch[`$setElementOrder/${key}`] = to
}

/** Both halves in one patch. */
function mergePatches(type: string, first: Dict, second: Dict): Dict {
  const merged: Dict = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const old = merged[key]
    const by = mergeKey(type, key)
    if (isDict(old) && isDict(value)) merged[key] = mergePatches(innerType(type, key), old, value)
    else if (Array.isArray(old) && Array.isArray(value) && by !== undefined && by !== "")
      merged[key] = mergeItems(innerType(type, key), by, old as Dict[], value as Dict[])
    else merged[key] = value
  }
  return Object.fromEntries(Object.entries(merged).toSorted(([a], [b]) => byCodePoint(a, b)))
}

function mergeItems(type: string, by: string, first: readonly Dict[], second: readonly Dict[]): Dict[] {
  const both = second.map((item) => {
    const other = first.find((candidate) => candidate[by] === item[by])
    return other === undefined ? item : mergePatches(type, other, item)
  })
  return [...both, ...first.filter((item) => !second.some((other) => other[by] === item[by]))]
}
