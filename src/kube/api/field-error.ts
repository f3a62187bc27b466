/** What is wrong with a field. Models k8s.io/apimachinery/pkg/util/validation/field. */

export interface FieldError {
  /** The cause's reason: `FieldValueRequired`. */
  readonly type: keyof typeof HEADINGS
  readonly field: string
  /** What was found, printed where the type shows it. */
  readonly value?: unknown
  readonly detail: string
}

const HEADINGS = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  FieldValueTypeInvalid: "Invalid value",
} as const

const WITHOUT_VALUE: readonly string[] = ["FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong"]

export const required = (field: string, detail = ""): FieldError => ({ type: "FieldValueRequired", field, detail })
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: "FieldValueInvalid",
  field,
  value,
  detail,
})
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: "FieldValueDuplicate",
  field,
  value,
  detail: "",
})
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: "FieldValueForbidden",
  field,
  detail,
})
export const notFoundValue = (field: string, value: unknown): FieldError => ({
  type: "FieldValueNotFound",
  field,
  value,
  detail: "",
})
export const tooLong = (field: string, most: number): FieldError => ({
  type: "FieldValueTooLong",
  field,
  detail: `must have at most ${most} bytes`,
})
/** More characters than a schema's maxLength. */
export const maxLength = (field: string, value: string, most: number): FieldError => ({
  type: "FieldValueTooLong",
  field,
  value,
  detail: `may not be more than ${most} bytes`,
})
export const tooMany = (field: string, found: number, most: number): FieldError => ({
  type: "FieldValueTooMany",
  field,
  value: found,
  detail: `must have at most ${most} items`,
})
/** A value of the wrong type, shown as the type it has. */
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: "FieldValueTypeInvalid",
  field,
  value,
  detail,
})

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((text) => JSON.stringify(text)).join(", ")
  return {
    type: "FieldValueNotSupported",
    field,
    value,
    detail: supported.length === 0 ? "" : `supported values: ${list}`,
  }
}

/** `Invalid value: "X": must be …`. */
export function fieldErrorBody(error: FieldError): string {
  const heading = HEADINGS[error.type]
  const head = WITHOUT_VALUE.includes(error.type) ? heading : `${heading}: ${printed(error.value)}`
  return error.detail === "" ? head : `${head}: ${error.detail}`
}

/** A value that is shown as it stands here, where Go's own form is another one. */
export class Verbatim {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function printed(value: unknown): string {
  if (value instanceof Verbatim) return value.text
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  // Go's %#v.
  if (Array.isArray(value) && value.every((item) => typeof item === "string"))
    return `[]string{${value.map((item) => JSON.stringify(item)).join(", ")}}`
  if (isStringMap(value))
    return `map[string]string{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${JSON.stringify(value[key])}`)
      .join(", ")}}`
  return JSON.stringify(value ?? null)
}

function isStringMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === "string")
  )
}

export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`
}
