/** x-kubernetes-validations of a schema, on a value. Models apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go. */
import { type FieldError, invalidValue } from "../../field-error.ts"
import { byCodePoint, equal, isDict } from "../../json.ts"
import { type JsonSchema, memberSchema, type ValidationRule } from "../json-schema.ts"
import { evaluate, type Variables } from "./evaluate.ts"
import { CelError, type Expression, freeNames, parseCel } from "./parse.ts"

const parsed = new Map<string, Expression>()

function treeOf(text: string): Expression {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const tree = parseCel(text)
  parsed.set(text, tree)
  return tree
}

const WITHOUT: readonly (keyof ValidationRule)[] = ["reason", "fieldPath", "optionalOldSelf"]

/** Why a rule cannot be evaluated, or `undefined` when it can. */
export function ruleProblem(rule: ValidationRule): string | undefined {
  const missing = WITHOUT.find((field) => rule[field] !== undefined)
  if (missing !== undefined) return `podwire does not evaluate validation rules with ${missing}`
  try {
    for (const text of [rule.rule, rule.messageExpression])
      if (text !== undefined) {
        const unknown = freeNames(treeOf(text)).find((name) => name !== "self" && name !== "oldSelf")
        if (unknown !== undefined) return `compilation failed: undeclared reference to '${unknown}' (in container '')`
      }
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof CelError)) throw thrown
    return `compilation failed: ${thrown.message}`
  }
}

/** True when some rule is written in the schema. */
export function hasRules(schema: JsonSchema): boolean {
  const children = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties]
  return (
    (schema["x-kubernetes-validations"]?.length ?? 0) > 0 ||
    children.some((child) => isDict(child) && hasRules(child as JsonSchema))
  )
}

/** What the rules say against a value; `old` is what it was. */
export function validateRules(schema: JsonSchema, value: unknown, old: unknown, path = ""): FieldError[] {
  if (value === null || value === undefined) return []
  // What did not change is not held against the object.
  if (old !== undefined && equal(value, old)) return []
  const errors = (schema["x-kubernetes-validations"] ?? []).flatMap((rule) => failure(rule, schema, value, old, path))
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    return [...errors, ...value.flatMap((item, i) => validateRules(items, item, undefined, `${path}[${i}]`))]
  }
  if (!isDict(value)) return errors
  for (const name of Object.keys(value).sort(byCodePoint)) {
    const child = memberSchema(schema, name)
    const before = isDict(old) ? old[name] : undefined
    if (child !== undefined)
      errors.push(...validateRules(child, value[name], before, path === "" ? name : `${path}.${name}`))
  }
  return errors
}

function failure(
  rule: ValidationRule,
  schema: JsonSchema,
  self: unknown,
  oldSelf: unknown,
  path: string,
): FieldError[] {
  const tree = treeOf(rule.rule)
  // A rule about a change has nothing to say before there is one.
  if (oldSelf === undefined && freeNames(tree).includes("oldSelf")) return []
  const variables: Variables = { self, oldSelf }
  const refuse = (text: string): FieldError[] => [invalidValue(path === "" ? "<nil>" : path, schema.type ?? "", text)]
  try {
    return evaluate(tree, variables) === true ? [] : refuse(messageOf(rule, variables))
  } catch (thrown) {
    if (!(thrown instanceof CelError)) throw thrown
    return refuse(`rule evaluation error: ${thrown.message} evaluating rule: ${rule.message ?? rule.rule}`)
  }
}

function messageOf({ rule, message, messageExpression }: ValidationRule, variables: Variables): string {
  const plain = message === undefined || message === "" ? `failed rule: ${rule}` : message
  if (messageExpression === undefined) return plain
  try {
    const text = evaluate(treeOf(messageExpression), variables)
    return typeof text === "string" && text.trim() !== "" && !text.includes("\n") ? text : plain
  } catch (thrown) {
    if (!(thrown instanceof CelError)) throw thrown
    return plain
  }
}
