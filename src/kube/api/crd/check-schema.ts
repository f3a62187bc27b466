/**
 * What a schema must be so that its definition is taken, and what of OpenAPI podwire does not evaluate. Models apiextensions-apiserver's
 * pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation.
 */
import { type FieldError, forbiddenField, invalidValue, required } from "../field-error.ts"
import { type Dict, isDict } from "../json.ts"
import { ruleProblem } from "./cel/rules.ts"
import { formatName, UNSUPPORTED_FORMATS } from "./formats.ts"
import { eachSchema, type JsonSchema } from "./json-schema.ts"
import { PatternError, pattern } from "./pattern.ts"

/** Forbidden by the server itself. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  $ref: "$ref is not supported",
  additionalItems: "additionalItems is not supported",
  definitions: "definitions is not supported",
  dependencies: "dependencies is not supported",
  id: "id is not supported",
  patternProperties: "patternProperties is not supported",
}

const TYPES: readonly string[] = ["array", "boolean", "integer", "number", "object", "string"]

export function checkSchema(root: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (root.type === undefined || root.type === "")
    errors.push(required(`${path}.type`, "must not be empty at the root"))
  else if (root.type !== "object") errors.push(invalidValue(`${path}.type`, root.type, "must be object at the root"))
  eachSchema(root, path, (schema, at, isRoot) => {
    errors.push(...checkOne(schema, at))
    if (!isRoot) errors.push(...checkPresence(schema, at))
    for (const [i, rule] of (schema["x-kubernetes-validations"] ?? []).entries()) {
      const problem = ruleProblem(rule)
      if (problem !== undefined)
        errors.push(invalidValue(`${at}.x-kubernetes-validations[${i}].rule`, rule.rule, problem))
    }
  })
  return errors
}

function checkPresence(schema: JsonSchema, path: string): FieldError[] {
  const free = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true
  if ((schema.type ?? "") !== "" || free) return []
  const of = path.endsWith(".items") ? "specified array items" : "specified object fields"
  return [required(`${path}.type`, `must not be empty for ${of}`)]
}

function checkOne(schema: JsonSchema, path: string): FieldError[] {
  const errors = Object.entries(FORBIDDEN)
    .filter(([name]) => (schema as Dict)[name] !== undefined)
    .map(([name, detail]) => forbiddenField(`${path}.${name}`, detail))
  const { type = "", format = "" } = schema
  if (type !== "" && !TYPES.includes(type))
    errors.push(invalidValue(`${path}.type`, type, "must be one of: array, boolean, integer, number, object, string"))
  if (schema.uniqueItems === true)
    errors.push(
      forbiddenField(
        `${path}.uniqueItems`,
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ),
    )
  if (schema.properties !== undefined && isDict(schema.additionalProperties))
    errors.push(
      forbiddenField(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"),
    )
  if (type === "array" && schema.items === undefined) errors.push(required(`${path}.items`, "must be specified"))
  if ((schema as Dict)["x-kubernetes-embedded-resource"] === true)
    errors.push(forbiddenField(`${path}.x-kubernetes-embedded-resource`, "podwire does not check embedded resources"))
  if (UNSUPPORTED_FORMATS.includes(formatName(format)))
    errors.push(forbiddenField(`${path}.format`, `podwire does not check the format ${format}`))
  return [...errors, ...checkPatterns(schema, path)]
}

/** Patterns of a schema and of its alternatives. */
function checkPatterns(schema: JsonSchema, path: string): FieldError[] {
  const alternatives = (["anyOf", "oneOf", "allOf"] as const).flatMap((name) =>
    (schema[name] ?? []).flatMap((one, i) => checkPatterns(one, `${path}.${name}[${i}]`)),
  )
  if (schema.pattern === undefined) return alternatives
  try {
    pattern(schema.pattern)
    return alternatives
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown
    const detail = `must be a valid regular expression, but isn't: ${thrown.message}`
    return [invalidValue(`${path}.pattern`, schema.pattern, detail), ...alternatives]
  }
}
