/** What is wrong with a CustomResourceDefinition. Models apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "../field-error.ts"
import { dns1035LabelErrors, dnsSubdomainErrors } from "../names.ts"
import type { ApiObject } from "../types.ts"
import { checkSchema } from "./check-schema.ts"
import { pathProblem } from "./columns.ts"
import type { CustomResourceDefinition, DefinitionNames, DefinitionVersion } from "./definition.ts"

const COLUMN_TYPES: readonly string[] = ["boolean", "date", "integer", "number", "string"]
const APPROVED = "api-approved.kubernetes.io"

export function validateDefinition(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const { metadata, spec } = object as CustomResourceDefinition
  const errors: FieldError[] = []
  if (metadata.name !== "" && metadata.name !== `${spec.names.plural}.${spec.group}`)
    errors.push(invalidValue("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group'))
  errors.push(...checkGroup(spec.group ?? "", metadata.annotations ?? {}), ...checkNames(spec.names))
  if (!["Cluster", "Namespaced"].includes(spec.scope))
    errors.push(notSupported("spec.scope", spec.scope ?? "", ["Cluster", "Namespaced"]))
  errors.push(...checkVersions(spec.versions ?? []))
  if (spec.conversion?.strategy === "Webhook")
    errors.push(forbiddenField("spec.conversion.strategy", "podwire does not call conversion webhooks"))
  else if (spec.conversion?.strategy !== "None")
    errors.push(notSupported("spec.conversion.strategy", spec.conversion?.strategy, ["None", "Webhook"]))
  if (spec.preserveUnknownFields === true)
    errors.push(
      invalidValue(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    )
  return [...errors, ...checkChange(object as CustomResourceDefinition, old as CustomResourceDefinition | undefined)]
}

function checkGroup(group: string, annotations: Readonly<Record<string, string>>): FieldError[] {
  if (group === "") return [required("spec.group")]
  const errors = dnsSubdomainErrors(group).map((text) => invalidValue("spec.group", group, text))
  if (errors.length === 0 && !group.includes("."))
    errors.push(invalidValue("spec.group", group, "should be a domain with at least one dot"))
  const protectedGroup = /(^|\.)(k8s|kubernetes)\.io$/.test(group)
  if (protectedGroup && annotations[APPROVED] === undefined)
    errors.push(
      required(
        `metadata.annotations[${APPROVED}]`,
        `protected groups must have approval annotation "${APPROVED}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    )
  return errors
}

function checkNames(names: DefinitionNames): FieldError[] {
  const errors: FieldError[] = []
  const label = (field: string, value: string | undefined, shown = value): void => {
    const text = (value ?? "").toLowerCase()
    if (text === "") errors.push(required(`spec.names.${field}`))
    else errors.push(...dns1035LabelErrors(text).map((detail) => invalidValue(`spec.names.${field}`, shown, detail)))
  }
  label("plural", names.plural)
  label("singular", names.singular)
  label("kind", names.kind)
  label("listKind", names.listKind)
  for (const [i, name] of (names.shortNames ?? []).entries()) label(`shortNames[${i}]`, name)
  for (const [i, name] of (names.categories ?? []).entries()) label(`categories[${i}]`, name)
  if (names.kind !== "" && names.kind === names.listKind)
    errors.push(invalidValue("spec.names.listKind", names.listKind, "kind and listKind may not be the same"))
  return errors
}

function checkVersions(versions: readonly DefinitionVersion[]): FieldError[] {
  if (versions.length === 0) return [required("spec.versions", "must have at least one version")]
  const errors = versions.flatMap((version, i) => checkVersion(version, `spec.versions[${i}]`))
  const shown = versions.map(({ name, served, storage }) => ({ name, served, storage }))
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue("spec.versions", shown, "must have exactly one version marked as storage version"))
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalidValue("spec.versions", shown, "must contain unique version names"))
  return errors
}

function checkVersion(version: DefinitionVersion, path: string): FieldError[] {
  const errors = dns1035LabelErrors(version.name ?? "").map((text) => invalidValue(`${path}.name`, version.name, text))
  const schema = version.schema?.openAPIV3Schema
  if (schema === undefined) errors.push(required(`${path}.schema.openAPIV3Schema`, "schemas are required"))
  else errors.push(...checkSchema(schema, `${path}.schema.openAPIV3Schema`))
  if (version.subresources?.scale !== undefined)
    errors.push(forbiddenField(`${path}.subresources.scale`, "podwire does not scale custom resources"))
  for (const [i, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const at = `${path}.additionalPrinterColumns[${i}]`
    if ((column.name ?? "") === "") errors.push(required(`${at}.name`))
    if ((column.type ?? "") === "") errors.push(required(`${at}.type`, `must be one of ${COLUMN_TYPES.join(",")}`))
    else if (!COLUMN_TYPES.includes(column.type)) errors.push(notSupported(`${at}.type`, column.type, COLUMN_TYPES))
    const problem = (column.jsonPath ?? "") === "" ? undefined : pathProblem(column.jsonPath)
    if ((column.jsonPath ?? "") === "") errors.push(required(`${at}.jsonPath`))
    else if (problem !== undefined) errors.push(invalidValue(`${at}.jsonPath`, column.jsonPath, problem))
  }
  return errors
}

/** What stays once it is established. */
function checkChange({ spec }: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (old === undefined) return []
  const errors: FieldError[] = []
  const same = (field: string, value: unknown, before: unknown): void => {
    if (value !== before) errors.push(invalidValue(field, value, "field is immutable"))
  }
  same("spec.group", spec.group, old.spec.group)
  same("spec.names.plural", spec.names.plural, old.spec.names.plural)
  same("spec.names.kind", spec.names.kind, old.spec.names.kind)
  same("spec.scope", spec.scope, old.spec.scope)
  for (const [i, stored] of (old.status?.storedVersions ?? []).entries())
    if (!spec.versions.some(({ name }) => name === stored))
      errors.push(
        invalidValue(
          `status.storedVersions[${i}]`,
          stored,
          "missing from spec.versions; ".concat(
            `${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`,
          ),
        ),
      )
  return errors
}
