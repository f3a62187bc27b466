/** JSON patch (RFC 6902), with evanphx/json-patch's error texts as the API server shows them. */
import { clone, equal, isDict } from "../json.ts"

interface Operation {
  op: string
  path: string
  from?: string
  value?: unknown
}

/** The patched document, or why it cannot be. The document given is not touched. */
export function jsonPatch(document: unknown, operations: unknown): { value: unknown } | { error: string } {
  if (!Array.isArray(operations))
    return { error: "json: cannot unmarshal object into Go value of type jsonpatch.Patch" }
  const holder = { root: clone(document) }
  for (const operation of operations as Operation[]) {
    const error = apply(holder, operation)
    if (error !== undefined) return { error }
  }
  return { value: holder.root }
}

function apply(holder: { root: unknown }, operation: Operation): string | undefined {
  const { op, path } = operation
  switch (op) {
    case "add":
      return put(holder, path, clone(operation.value), "add")
    case "replace":
      return put(holder, path, clone(operation.value), "replace")
    case "remove":
      return remove(holder, path)
    case "test":
      return equal(lookup(holder.root, path), operation.value) ? undefined : `testing value ${path} failed: test failed`
    case "copy":
    case "move": {
      const value = lookup(holder.root, operation.from ?? "")
      if (value === undefined) return `error in ${op} for path: '${operation.from}': key not found`
      const copied = clone(value)
      const error = op === "move" ? remove(holder, operation.from ?? "") : undefined
      return error ?? put(holder, path, copied, "add")
    }
    default:
      return `Unexpected kind: ${op}`
  }
}

const segments = (path: string): string[] =>
  path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))

function lookup(root: unknown, path: string): unknown {
  let at = root
  for (const part of segments(path)) {
    if (Array.isArray(at)) at = at[Number(part)]
    else if (isDict(at)) at = at[part]
    else return undefined
  }
  return at
}

function parentOf(root: unknown, path: string): { parent: unknown; last: string } {
  const parts = segments(path)
  const last = parts.pop() ?? ""
  return {
    parent: lookup(root, parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")),
    last,
  }
}

function put(holder: { root: unknown }, path: string, value: unknown, op: "add" | "replace"): string | undefined {
  if (path === "") {
    holder.root = value
    return undefined
  }
  const { parent, last } = parentOf(holder.root, path)
  const missing =
    op === "add"
      ? `add operation does not apply: doc is missing path: "${path}": missing value`
      : `replace operation does not apply: doc is missing path: ${path}: missing value`
  if (isDict(parent)) {
    if (op === "replace" && parent[last] === undefined)
      return `replace operation does not apply: doc is missing key: ${path}: missing value`
    parent[last] = value
    return undefined
  }
  if (!Array.isArray(parent)) return missing
  const index = last === "-" ? parent.length : Number(last)
  if (!Number.isInteger(index) || index < 0 || index > parent.length - (op === "replace" ? 1 : 0))
    return `${op} operation does not apply: error in ${op} for path: '${path}': Unable to access invalid index: ${last}: invalid index referenced`
  parent.splice(index, op === "replace" ? 1 : 0, value)
  return undefined
}

function remove(holder: { root: unknown }, path: string): string | undefined {
  const { parent, last } = parentOf(holder.root, path)
  const gone = `remove operation does not apply: doc is missing path: "${path}": missing value`
  if (Array.isArray(parent)) {
    if (!/^\d+$/.test(last) || Number(last) >= parent.length) return gone
    parent.splice(Number(last), 1)
    return undefined
  }
  if (!isDict(parent) || parent[last] === undefined) return gone
  delete parent[last]
  return undefined
}
