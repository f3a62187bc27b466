/** The kind that a CustomResourceDefinition makes, one version of it. Models apiextensions-apiserver/pkg/registry/customresource/strategy.go. */
import { type FieldError, invalidValue } from "../field-error.ts"
import { goText } from "../go-text.ts"
import { type Dict, isDict } from "../json.ts"
import { findResults } from "../jsonpath/evaluate.ts"
import { parseJsonPath } from "../jsonpath/parse.ts"
import type { Resource } from "../resource.ts"
import { type Decoded, decode } from "../schema.ts"
import type { ApiObject } from "../types.ts"
import { hasRules, validateRules } from "./cel/rules.ts"
import { AGE_COLUMN, rowPrinter, tableColumns } from "./columns.ts"
import type { CustomResourceDefinition, DefinitionVersion } from "./definition.ts"
import type { JsonSchema } from "./json-schema.ts"
import { validateLists } from "./lists.ts"
import { applyDefaults, prune } from "./prune.ts"
import { validateValue } from "./validate.ts"

export function customResource({ spec }: CustomResourceDefinition, version: DefinitionVersion): Resource {
  const { names, group } = spec
  const schema: JsonSchema = version.schema?.openAPIV3Schema ?? {}
  const columns = version.additionalPrinterColumns ?? [AGE_COLUMN]
  const status = version.subresources?.status !== undefined
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular,
    ...(names.shortNames === undefined ? {} : { shortNames: names.shortNames }),
    ...(names.categories === undefined ? {} : { categories: names.categories }),
    namespaced: spec.scope === "Namespaced",
    ...(status ? { subresources: ["status"], status: true } : {}),
    generation: true,
    custom: true,
    ...(version.deprecated === true ? { deprecation: deprecation(group, names.kind, version) } : {}),
    columns: tableColumns(columns),
    row: rowPrinter(columns),
    fields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath }) => [jsonPath.slice(1), textAt(jsonPath)]),
    ),
    decode: (object) => decodeCustom(schema, object),
    defaults: (object) => applyDefaults(schema, object),
    validate: (object, old) => validateCustom(schema, object, old),
  }
}

const deprecation = (group: string, kind: string, { name, deprecationWarning }: DefinitionVersion): string =>
  deprecationWarning ?? `${group}/${name} ${kind} is deprecated`

function textAt(jsonPath: string): (object: ApiObject) => string {
  const nodes = parseJsonPath(`{${jsonPath}}`)
  return (object) => {
    const [value] = findResults(nodes, object)[0] ?? []
    return value === undefined ? "" : goText(value)
  }
}

/** The schema prunes the object, the server's own type its metadata. */
function decodeCustom(schema: JsonSchema, object: Dict): Decoded {
  const { value, unknown } = prune(schema, object)
  const metadata = value["metadata"]
  if (!isDict(metadata)) return { value, unknown, error: undefined }
  const meta = decode("ObjectMeta", metadata)
  const inMetadata = meta.unknown.map((field) => `metadata.${field}`)
  return { value: { ...value, metadata: meta.value }, unknown: [...inMetadata, ...unknown], error: meta.error }
}

/** After these a rule could not trust what it reads. */
const BLOCKING: readonly FieldError["type"][] = [
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]
const UNCHECKED =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"

function validateCustom(schema: JsonSchema, object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const errors = [...validateValue(schema, object, "", old), ...validateLists(schema, object)]
  if (!hasRules(schema)) return errors
  if (errors.some(({ type }) => BLOCKING.includes(type))) return [...errors, invalidValue("<nil>", "null", UNCHECKED)]
  return [...errors, ...validateRules(schema, object, old)]
}
