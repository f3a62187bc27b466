/** Label selectors as the agent refuses them. Models k8s.io/apimachinery apis/meta/v1/validation ValidateLabelSelector without a path. */
import { labelValueErrors, qualifiedNameErrors } from "../../kube/api/names.ts"
import { selectorKey } from "../selector.ts"
import type { LabelSelectorSpec } from "./cilium-spec.ts"

export function selectorError(selector: LabelSelectorSpec): string | undefined {
  const errors = [
    ...Object.entries(selector.matchLabels ?? {}).flatMap(([key, value]) => labelErrors(key, value)),
    ...(selector.matchExpressions ?? []).flatMap((expression, index) => expressionErrors(expression, index)),
  ]
  if (errors.length === 0) return undefined
  // An aggregate of one prints bare.
  return `invalid label selector: ${errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`}`
}

function labelErrors(key: string, value: string): string[] {
  const { key: name } = selectorKey(key)
  const invalid = (shown: string, text: string): string =>
    `matchLabels: Invalid value: ${JSON.stringify(shown)}: ${text}`
  return [
    ...qualifiedNameErrors(name).map((text) => invalid(name, text)),
    ...labelValueErrors(value).map((text) => invalid(value, text)),
  ]
}

function expressionErrors(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  index: number,
): string[] {
  const path = `matchExpressions[${index}]`
  const errors: string[] = []
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0)
      errors.push(`${path}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`)
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      errors.push(`${path}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`)
  } else errors.push(`${path}.operator: Invalid value: ${JSON.stringify(operator)}: not a valid selector operator`)
  const { key: name } = selectorKey(key)
  errors.push(
    ...qualifiedNameErrors(name).map((text) => `${path}.key: Invalid value: ${JSON.stringify(name)}: ${text}`),
    ...values.flatMap((value, at) =>
      labelValueErrors(value).map((text) => `${path}.values[${at}]: Invalid value: ${JSON.stringify(value)}: ${text}`),
    ),
  )
  return errors
}
