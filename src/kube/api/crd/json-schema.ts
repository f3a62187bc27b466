/** OpenAPI v3 schemas of custom resources, as the CustomResourceDefinition has them. Models apiextensions/v1 JSONSchemaProps. */
import { type Dict, isDict } from "../json.ts"

export interface ValidationRule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

export interface JsonSchema {
  readonly type?: string
  readonly format?: string
  readonly nullable?: boolean
  readonly description?: string
  readonly title?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean
  readonly "x-kubernetes-int-or-string"?: boolean
  readonly "x-kubernetes-list-type"?: string
  readonly "x-kubernetes-list-map-keys"?: readonly string[]
  readonly "x-kubernetes-map-type"?: string
  readonly "x-kubernetes-validations"?: readonly ValidationRule[]
}

/** Calls `visit` for a schema and all schemas in it that describe values (not those of anyOf and its kin), with `properties[spec]` paths. */
export function eachSchema(
  schema: JsonSchema,
  path: string,
  visit: (schema: JsonSchema, path: string, root: boolean) => void,
  root = true,
): void {
  visit(schema, path, root)
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    eachSchema(child, `${path}.properties[${name}]`, visit, false)
  if (isDict(schema.additionalProperties))
    eachSchema(schema.additionalProperties as JsonSchema, `${path}.additionalProperties`, visit, false)
  if (schema.items !== undefined) eachSchema(schema.items, `${path}.items`, visit, false)
}

/** The schema of a member: its property's, or the map's. */
export function memberSchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name]
  return isDict(schema.additionalProperties) ? (schema.additionalProperties as JsonSchema) : undefined
}

/** Members of an object, and only its own. */
export const ownValue = (object: Dict, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined
