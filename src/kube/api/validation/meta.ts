/** Metadata. Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go. */
import { duplicate, type FieldError, forbiddenField, invalidValue, required, tooLong } from "../field-error.ts"
import { isDict } from "../json.ts"
import {
  dns1035LabelErrors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from "../names.ts"
import type { Resource } from "../resource.ts"
import type { ApiObject } from "../types.ts"

const LABEL_KEY = "a valid label key"
const ANNOTATIONS_MAX = 256 * 1024

function pathSegmentErrors(text: string): string[] {
  if (text === "." || text === "..") return [`may not be '${text}'`]
  return ["/", "%"].filter((c) => text.includes(c)).map((c) => `may not contain '${c}'`)
}

export const NAME_RULES: Readonly<Record<NonNullable<Resource["names"]>, (text: string) => string[]>> = {
  label: dnsLabelErrors,
  label1035: dns1035LabelErrors,
  subdomain: dnsSubdomainErrors,
  path: pathSegmentErrors,
}

/** An object as a whole; with `old`, as a change of that. */
export function validateObject(resource: Resource, object: ApiObject, old: ApiObject | undefined): FieldError[] {
  return [...validateMeta(resource, object, old), ...(resource.validate?.(object, old) ?? [])]
}

export function validateMeta(resource: Resource, object: ApiObject, old?: ApiObject): FieldError[] {
  const { metadata } = object
  const errors: FieldError[] = []
  if (old !== undefined && old.metadata.name !== metadata.name)
    return [invalidValue("metadata.name", metadata.name, "field is immutable")]
  if (metadata.generateName !== undefined && metadata.generateName !== "")
    for (const text of NAME_RULES[resource.names ?? "subdomain"](metadata.generateName.replace(/-$/, "a")))
      errors.push(invalidValue("metadata.generateName", metadata.generateName, text))
  if (metadata.name === "") errors.push(required("metadata.name", "name or generateName is required"))
  else
    for (const text of NAME_RULES[resource.names ?? "subdomain"](metadata.name))
      errors.push(invalidValue("metadata.name", metadata.name, text))
  if (resource.namespaced)
    for (const text of dnsLabelErrors(metadata.namespace ?? ""))
      errors.push(invalidValue("metadata.namespace", metadata.namespace, text))
  errors.push(...validateLabels(metadata.labels, "metadata.labels"), ...validateAnnotations(metadata.annotations))
  for (const [i, finalizer] of (metadata.finalizers ?? []).entries())
    errors.push(
      ...finalizerErrors(resource, finalizer).map((text) => invalidValue(`metadata.finalizers[${i}]`, finalizer, text)),
    )
  return errors
}

/** The server's own kinds are stricter than those that definitions make. */
function finalizerErrors({ custom, group }: Resource, name: string): string[] {
  if (custom === true || group === "apiextensions.k8s.io") return qualifiedNameErrors(name)
  const standard = name.includes("/") || ["kubernetes", "orphan", "foregroundDeletion"].includes(name)
  return standard ? [] : ["name is neither a standard finalizer name nor is it fully qualified"]
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const text of qualifiedNameErrors(key, LABEL_KEY)) errors.push(invalidValue(path, key, text))
    for (const text of labelValueErrors(value, "bytes")) errors.push(invalidValue(path, value, text))
  }
  return errors
}

function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const text of qualifiedNameErrors(key.toLowerCase()))
      errors.push(invalidValue("metadata.annotations", key, text))
    size += key.length + value.length
  }
  if (size > ANNOTATIONS_MAX) errors.push(tooLong("metadata.annotations", ANNOTATIONS_MAX))
  return errors
}

/** `{matchLabels, matchExpressions}`. Models metav1 ValidateLabelSelector. */
export function validateSelector(selector: unknown, path: string): FieldError[] {
  if (!isDict(selector)) return []
  const errors = validateLabels(selector["matchLabels"] as Record<string, string> | undefined, `${path}.matchLabels`)
  const expressions = Array.isArray(selector["matchExpressions"]) ? selector["matchExpressions"] : []
  for (const [i, expression] of expressions.entries()) {
    const at = `${path}.matchExpressions[${i}]`
    const { key, operator, values } = expression as { key?: string; operator?: string; values?: string[] }
    const count = values?.length ?? 0
    if (operator === "In" || operator === "NotIn") {
      if (count === 0) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (count > 0)
        errors.push(
          forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        )
    } else errors.push(invalidValue(`${at}.operator`, operator ?? "", "not a valid selector operator"))
    for (const text of qualifiedNameErrors(key ?? "", LABEL_KEY))
      errors.push(invalidValue(`${at}.key`, key ?? "", text))
    for (const [j, value] of (values ?? []).entries())
      for (const text of labelValueErrors(value, "bytes")) errors.push(invalidValue(`${at}.values[${j}]`, value, text))
  }
  return errors
}

/** Says which items of a list repeat an earlier one. */
export function duplicates(list: readonly string[], path: (i: number) => string): FieldError[] {
  return list.flatMap((item, i) => (list.indexOf(item) < i ? [duplicate(path(i), item)] : []))
}
