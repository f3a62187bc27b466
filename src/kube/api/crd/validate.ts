/**
 * Holds a custom resource's value against its schema, in the API server's words and in its order: type, anyOf and its kin, string, format, number,
 * items, enum, members. Models kube-openapi/pkg/validation/validate and apiextensions-apiserver/pkg/apiserver/validation/validation.go.
 * Where Go ranges over a map, and so in another order each time, here scalar members come first, each kind by name.
 */
import {
  type FieldError,
  invalidValue,
  maxLength,
  notSupported,
  required,
  tooMany,
  typeInvalid,
} from "../field-error.ts"
import { byCodePoint, type Dict, equal, goJson, isDict } from "../json.ts"
import { fitsFormat } from "./formats.ts"
import { type JsonSchema, ownValue } from "./json-schema.ts"
import { pattern } from "./pattern.ts"

/** What a check found, and how many of its steps went well: of several alternatives the one that went furthest is told about. */
class Result {
  readonly errors: FieldError[] = []
  matches = 0

  add(error: FieldError): this {
    if (!this.errors.some((known) => known.field === error.field && equal(known, error))) this.errors.push(error)
    return this
  }

  merge(other: Result): this {
    for (const error of other.errors) this.add(error)
    this.matches += other.matches
    return this
  }

  step(): this {
    this.matches++
    return this
  }

  get valid(): boolean {
    return this.errors.length === 0
  }
}

/** What is wrong with a value. With `old`, what it was: parts that did not change are not held against it (ratcheting, on since 1.30). */
export function validateValue(schema: JsonSchema, value: unknown, path = "", old?: unknown): FieldError[] {
  return check(schema, value, path, old).errors
}

function check(schema: JsonSchema, value: unknown, path: string, old?: unknown): Result {
  const result = new Result()
  if (old !== undefined && equal(value, old)) return result.step()
  if (value === null) return result.merge(checkType(schema, value, path)).merge(checkEnum(schema, value, path))
  const type = typeOf(value)
  const apply = (checked: Result): void => void result.merge(checked).step()
  if (typesOf(schema).length > 0 || schema.format !== undefined) apply(checkType(schema, value, path))
  apply(checkAlternatives(schema, value, path))
  if (typeof value === "string") {
    apply(checkString(schema, value, path))
    if (schema.format !== undefined) apply(checkFormat(schema.format, value, path))
  }
  if (typeof value === "number") apply(checkNumber(schema, value, path))
  if (Array.isArray(value)) apply(checkItems(schema, value, path))
  apply(checkEnum(schema, value, path))
  if (type === "object") apply(checkMembers(schema, value as Dict, path, isDict(old) ? old : {}))
  return result.step()
}

const INTEGER_OR_STRING = ["integer", "string"]

const typesOf = (schema: JsonSchema): readonly string[] =>
  schema.type !== undefined && schema.type !== ""
    ? [schema.type]
    : schema["x-kubernetes-int-or-string"] === true
      ? INTEGER_OR_STRING
      : []

/** A whole number is an integer: the server decodes JSON so. */
function typeOf(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number"
  return typeof value
}

function checkType(schema: JsonSchema, value: unknown, path: string): Result {
  const result = new Result()
  const types = typesOf(schema)
  const found = typeOf(value)
  const wrong = (): Result =>
    result.add(typeInvalid(path, found, bodyText(path, `must be of type ${types.join(",")}: "${found}"`)))
  if (value === null) return types.length > 0 && schema.nullable !== true ? wrong() : result.step()
  const fits = types.includes(found) || (found === "integer" && types.includes("number"))
  // A text or a list that has a format is the format's business.
  const numeric = types.includes("number") || types.includes("integer")
  const formatted = !numeric && schema.format !== undefined && (found === "string" || found === "array")
  return types.length === 0 || fits || formatted ? result.step() : wrong()
}

const bodyText = (path: string, rest: string): string => `${path} in body ${rest}`
/** Errors that name no field. */
const NIL = "<nil>"

function checkAlternatives(schema: JsonSchema, value: unknown, path: string): Result {
  const result = new Result()
  const about = (text: string): FieldError => invalidValue(NIL, "", `${JSON.stringify(path)} ${text}`)
  if (schema.anyOf !== undefined) {
    const { best, valid } = tryEach(schema.anyOf, value, path)
    if (valid === 0) result.add(about("must validate at least one schema (anyOf)"))
    if (best !== undefined) result.merge(best)
  }
  if (schema.oneOf !== undefined) {
    const { best, valid } = tryEach(schema.oneOf, value, path)
    const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`
    if (valid !== 1) result.add(about(`must validate one and only one schema (oneOf). ${found}`))
    if (best !== undefined && valid < 2) result.merge(best)
  }
  if (schema.allOf !== undefined) {
    const checked = schema.allOf.map((one) => check(one, value, path))
    for (const one of checked) result.merge(one)
    const valid = checked.filter((one) => one.valid).length
    if (valid < checked.length)
      result.add(about(`must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`))
  }
  if (schema.not !== undefined && check(schema.not, value, path).valid)
    result.add(about("must not validate the schema (not)"))
  return result.step()
}

/** How many alternatives fit, and the first of those; when none does, the one that came closest. */
function tryEach(
  schemas: readonly JsonSchema[],
  value: unknown,
  path: string,
): { best: Result | undefined; valid: number } {
  const checked = schemas.map((schema) => check(schema, value, path))
  const fitting = checked.filter((one) => one.valid)
  if (fitting.length > 0) return { best: fitting[0], valid: fitting.length }
  return { best: checked.reduce((best, one) => (one.matches > best.matches ? one : best)), valid: 0 }
}

function checkString(schema: JsonSchema, value: string, path: string): Result {
  const result = new Result()
  const length = [...value].length
  if (schema.maxLength !== undefined && length > schema.maxLength)
    return result.add(maxLength(path, value, schema.maxLength))
  if (schema.minLength !== undefined && length < schema.minLength)
    return result.add(invalidValue(path, value, bodyText(path, `should be at least ${schema.minLength} chars long`)))
  if (schema.pattern !== undefined && schema.pattern !== "" && !pattern(schema.pattern).test(value))
    result.add(invalidValue(path, value, bodyText(path, `should match '${schema.pattern}'`)))
  return result
}

function checkFormat(format: string, value: string, path: string): Result {
  const result = new Result()
  if (!fitsFormat(format, value))
    result.add(typeInvalid(path, value, bodyText(path, `must be of type ${format}: ${JSON.stringify(value)}`)))
  return result
}

function checkNumber(schema: JsonSchema, value: number, path: string): Result {
  const result = new Result()
  const { multipleOf, maximum, minimum } = schema
  const say = (text: string): void => void result.add(invalidValue(path, value, bodyText(path, `should be ${text}`)))
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) say(`a multiple of ${multipleOf}`)
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum))
    say(`less than ${schema.exclusiveMaximum === true ? "" : "or equal to "}${maximum}`)
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum))
    say(`greater than ${schema.exclusiveMinimum === true ? "" : "or equal to "}${minimum}`)
  return result
}

function checkItems(schema: JsonSchema, value: readonly unknown[], path: string): Result {
  const result = new Result()
  const { items, minItems, maxItems } = schema
  if (items !== undefined) for (const [i, item] of value.entries()) result.merge(check(items, item, `${path}[${i}]`))
  if (minItems !== undefined && value.length < minItems)
    result.add(invalidValue(path, value.length, bodyText(path, `should have at least ${minItems} items`)))
  if (maxItems !== undefined && value.length > maxItems) result.add(tooMany(path, value.length, maxItems))
  if (schema.uniqueItems === true && value.some((item, i) => value.slice(0, i).some((other) => equal(item, other))))
    result.add(invalidValue(path, "", bodyText(path, "shouldn't contain duplicates")))
  return result.step()
}

function checkEnum(schema: JsonSchema, value: unknown, path: string): Result {
  const result = new Result()
  const allowed = schema.enum ?? []
  if (allowed.length === 0 || allowed.some((one) => equal(one, value))) return result
  const texts = allowed.map((one) => (typeof one === "string" ? one : goJson(one)))
  return result.add(notSupported(path, value, texts))
}

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null

/** Scalars first, each kind by name. */
const inOrder = (object: Dict, names: readonly string[]): string[] =>
  names.toSorted((a, b) => Number(isScalar(object[b])) - Number(isScalar(object[a])) || byCodePoint(a, b))

function checkMembers(schema: JsonSchema, value: Dict, path: string, old: Dict): Result {
  const result = new Result()
  const { properties = {}, additionalProperties, minProperties, maxProperties } = schema
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`)
  if (minProperties !== undefined && names.length < minProperties)
    return result.add(
      invalidValue(path, names.length, bodyText(path, `should have at least ${minProperties} properties`)),
    )
  if (maxProperties !== undefined && names.length > maxProperties)
    return result.add(tooMany(path, names.length, maxProperties))
  const others = names.filter((name) => !Object.hasOwn(properties, name))
  if (additionalProperties === false)
    for (const name of others.sort(byCodePoint))
      result.add(invalidValue(path, name, `${path}.${name} in body is a forbidden property`))
  if (isDict(additionalProperties))
    for (const name of inOrder(value, others))
      result.merge(check(additionalProperties as JsonSchema, value[name], at(name), ownValue(old, name)))
  for (const name of inOrder(
    value,
    names.filter((name) => Object.hasOwn(properties, name)),
  ))
    result.merge(check(properties[name] as JsonSchema, value[name], at(name), ownValue(old, name)))
  for (const name of schema.required ?? []) if (ownValue(value, name) === undefined) result.add(required(at(name)))
  return result
}
