/** Lists that are sets or maps hold nothing twice. Models apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go. */
import { duplicate, type FieldError, Verbatim } from "../field-error.ts"
import { goSyntax } from "../go-text.ts"
import { type Dict, equal, isDict } from "../json.ts"
import { type JsonSchema, memberSchema } from "./json-schema.ts"

export function validateLists(schema: JsonSchema, value: unknown, path = ""): FieldError[] {
  if (Array.isArray(value)) {
    const errors = repeated(schema, value, path)
    if (schema.items === undefined) return errors
    const items = schema.items
    return [...errors, ...value.flatMap((item, i) => validateLists(items, item, `${path}[${i}]`))]
  }
  if (!isDict(value)) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const child = memberSchema(schema, name)
    return child === undefined ? [] : validateLists(child, member, path === "" ? name : `${path}.${name}`)
  })
}

function repeated(schema: JsonSchema, list: readonly unknown[], path: string): FieldError[] {
  const type = schema["x-kubernetes-list-type"]
  if (type !== "set" && type !== "map") return []
  const keys = list.map((item) => (type === "set" ? item : keyOf(schema, item)))
  return keys.flatMap((key, i) =>
    keys.findIndex((other) => equal(key, other)) < i ? [duplicate(`${path}[${i}]`, new Verbatim(goSyntax(key)))] : [],
  )
}

/** The members by which an item of a map-like list is known; defaults count. */
function keyOf(schema: JsonSchema, item: unknown): Dict {
  const object = isDict(item) ? item : {}
  return Object.fromEntries(
    (schema["x-kubernetes-list-map-keys"] ?? [])
      .map((name): [string, unknown] => [name, object[name] ?? schema.items?.properties?.[name]?.default])
      .filter(([, value]) => value !== undefined),
  )
}
