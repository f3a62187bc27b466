/**
 * What a schema does not know is cut off, what it has defaults for is filled in. Models apiextensions-apiserver/pkg/apiserver/schema/pruning and
 * schema/defaulting.
 */
import { byCodePoint, clone, type Dict, isDict } from "../json.ts"
import { type JsonSchema, memberSchema } from "./json-schema.ts"

/** Every object has them, whatever its schema says; metadata is the server's own business. */
const AT_ROOT: readonly string[] = ["apiVersion", "kind", "metadata"]

export interface Pruned {
  /** A copy. */
  readonly value: Dict
  /** `spec.ingress[0].foo`, sorted. */
  readonly unknown: readonly string[]
}

export function prune(schema: JsonSchema, object: Dict): Pruned {
  const unknown: string[] = []
  const value = pruneObject(schema, object, "", unknown)
  return { value, unknown: unknown.sort(byCodePoint) }
}

function pruneObject(schema: JsonSchema, object: Dict, path: string, unknown: string[]): Dict {
  const copy: Dict = {}
  const keeps = schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true
  for (const [name, member] of Object.entries(object)) {
    const at = path === "" ? name : `${path}.${name}`
    const child = memberSchema(schema, name)
    if (path === "" && AT_ROOT.includes(name)) copy[name] = clone(member)
    else if (child !== undefined) copy[name] = pruneValue(child, member, at, unknown)
    else if (keeps) copy[name] = clone(member)
    else unknown.push(at)
  }
  return copy
}

function pruneValue(schema: JsonSchema, value: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined
      ? clone(value)
      : value.map((item, i) => pruneValue(items, item, `${path}[${i}]`, unknown))
  }
  return isDict(value) ? pruneObject(schema, value, path, unknown) : value
}

/** Fills in defaults, in place; a null where none may be gives way to the default. */
export function applyDefaults(schema: JsonSchema, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applyDefaults(schema.items, item)
    return
  }
  if (!isDict(value)) return
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (child.default === undefined) continue
    const missing = value[name] === undefined || (value[name] === null && child.nullable !== true)
    if (missing) value[name] = clone(child.default)
  }
  for (const [name, member] of Object.entries(value)) {
    const child = memberSchema(schema, name)
    if (child !== undefined) applyDefaults(child, member)
  }
}
