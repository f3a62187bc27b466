/** Strategic merge patch: a merge patch that knows which lists are sets of named things. Models apimachinery's strategicpatch. */
import { clone, type Dict, equal, isDict } from "../json.ts"
import { fieldsOf, mergeKey } from "../schema.ts"

/** A new object: `patch` laid over `target`, both of type `type` of the schema. */
export function strategicMerge(type: string, target: Dict, patch: Dict): Dict {
  return mergeFields(type, target, patch) ?? {}
}

const innerType = (type: string, field: string): string =>
  (fieldsOf(type)?.get(field)?.type ?? "").replace(/^[[{]|[\]}]$/g, "")

/** `undefined` when the patch says to delete the whole. */
function mergeFields(type: string, target: Dict, patch: Dict): Dict | undefined {
  const directive = patch["$patch"]
  if (directive === "delete") return undefined
  if (directive === "replace") return withoutDirectives(patch)
  const result = retainKeys({ ...target }, patch["$retainKeys"])
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) applyListDirective(type, result, key, value)
    else if (value === null) delete result[key]
    else mergeField(type, result, key, value, patch)
  }
  return result
}

function withoutDirectives(patch: Dict): Dict {
  return Object.fromEntries(Object.entries(clone(patch)).filter(([key]) => !key.startsWith("$")))
}

function retainKeys(target: Dict, keys: unknown): Dict {
  if (!Array.isArray(keys)) return target
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)))
}

function mergeField(type: string, result: Dict, key: string, value: unknown, patch: Dict): void {
  const old = result[key]
  const inner = innerType(type, key)
  if (Array.isArray(value)) {
    const by = mergeKey(type, key)
    const list = Array.isArray(old) ? old : []
    const order = patch[`$setElementOrder/${key}`]
    result[key] =
      by === undefined
        ? replaceList(value)
        : reorder(mergeList(inner, by, list, value), Array.isArray(order) ? order : value, by, list)
  } else if (isDict(value)) {
    const merged = mergeFields(inner, isDict(old) ? old : {}, value)
    if (merged === undefined) delete result[key]
    else result[key] = merged
  } else result[key] = value
}

const replaceList = (list: readonly unknown[]): unknown[] =>
  clone(list.filter((item) => !isDict(item) || item["$patch"] === undefined))

function mergeList(type: string, by: string, old: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (by === "") return [...old, ...patch.filter((item) => !old.some((known) => equal(known, item)))]
  if (patch.some((item) => isDict(item) && item["$patch"] === "replace")) return replaceList(patch)
  const result = [...old]
  for (const item of patch) {
    if (!isDict(item)) continue
    const at = result.findIndex((known) => isDict(known) && equal(known[by], item[by]))
    const merged = mergeFields(type, at < 0 ? {} : (result[at] as Dict), item)
    if (merged === undefined) {
      if (at >= 0) result.splice(at, 1)
    } else if (at < 0) result.push(merged)
    else result[at] = merged
  }
  return result
}

function applyListDirective(type: string, result: Dict, directive: string, value: unknown): void {
  const [word, field] = directive.split("/") as [string, string | undefined]
  if (field === undefined || !Array.isArray(value)) return
  const list = result[field]
  if (word === "$deleteFromPrimitiveList" && Array.isArray(list))
    result[field] = list.filter((item) => !value.includes(item))
  else if (word === "$setElementOrder" && Array.isArray(list))
    result[field] = reorder(list, value, mergeKey(type, field) ?? "", list)
}

/**
 * The items the patch names come in its order, the server's own stay where they were among them; what is new to the server goes before
 * them. Models strategicpatch's normalizeElementOrder.
 */
function reorder(
  list: readonly unknown[],
  order: readonly unknown[],
  by: string,
  server: readonly unknown[],
): unknown[] {
  const keyOf = (item: unknown): unknown => (by === "" || !isDict(item) ? item : item[by])
  const keys = order.map(keyOf)
  const named = keys.flatMap((key) => list.filter((item) => equal(keyOf(item), key)))
  const own = list.filter((item) => !keys.some((key) => equal(keyOf(item), key)))
  const place = (item: unknown): number => server.findIndex((known) => equal(keyOf(known), keyOf(item)))
  const result: unknown[] = []
  while (own.length > 0 && named.length > 0) {
    const at = place(named[0])
    result.push(at >= 0 && place(own[0]) < at ? own.shift() : named.shift())
  }
  return [...result, ...own, ...named]
}
