/** JSON merge patch (RFC 7386). */
import { clone, type Dict, isDict } from "../json.ts"

/** A new value: `patch` laid over `target`; null deletes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isDict(patch)) return clone(patch)
  const result: Dict = isDict(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}
