/** API errors: Status objects with the upstream reason and words. Models k8s.io/apimachinery/pkg/api/errors. */
import { type FieldError, fieldErrorBody, fieldErrorText } from "./field-error.ts"

export interface StatusCause {
  reason?: string
  message: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export interface Status {
  kind: "Status"
  apiVersion: "v1"
  metadata: Record<string, string>
  status: "Success" | "Failure"
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

/** A resource or kind with its group: `pods`, `deployments.apps`. */
export interface GroupName {
  readonly group: string
  readonly name: string
}

export const qualified = ({ group, name }: GroupName): string => (group === "" ? name : `${name}.${group}`)

export function isStatus(value: unknown): value is Status {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "Status"
}

/** True for a Status that says no: what calls return instead of an object. */
export function isFailure(value: unknown): value is Status {
  return isStatus(value) && value.status === "Failure"
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): Status {
  const status: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason }
  if (details !== undefined) status.details = details
  status.code = code
  return status
}

function detailsOf(of: GroupName, name?: string): StatusDetails {
  return { ...(name === undefined ? {} : { name }), ...(of.group === "" ? {} : { group: of.group }), kind: of.name }
}

export function notFound(resource: GroupName, name: string): Status {
  return failure(404, "NotFound", `${qualified(resource)} ${JSON.stringify(name)} not found`, detailsOf(resource, name))
}

export function alreadyExists(resource: GroupName, name: string): Status {
  return failure(
    409,
    "AlreadyExists",
    `${qualified(resource)} ${JSON.stringify(name)} already exists`,
    detailsOf(resource, name),
  )
}

export function conflict(resource: GroupName, name: string, why: string): Status {
  return failure(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`,
    detailsOf(resource, name),
  )
}

/** The object was changed since it was read. */
export function modified(resource: GroupName, name: string): Status {
  return conflict(
    resource,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  )
}

export function forbidden(resource: GroupName, name: string, why: string): Status {
  return failure(
    403,
    "Forbidden",
    `${qualified(resource)} ${JSON.stringify(name)} is forbidden: ${why}`,
    detailsOf(resource, name),
  )
}

/** A request without credentials for what is not everybody's: a path, or a resource and perhaps one of them. */
export function anonymousForbidden(why: string, resource?: GroupName, name = ""): Status {
  if (resource === undefined) return failure(403, "Forbidden", `forbidden: ${why}`, {})
  if (name !== "") return forbidden(resource, name, why)
  return failure(403, "Forbidden", `${qualified(resource)} is forbidden: ${why}`, detailsOf(resource))
}

/** Credentials that nobody knows. */
export function unauthorized(): Status {
  return failure(401, "Unauthorized", "Unauthorized")
}

export function badRequest(message: string): Status {
  return failure(400, "BadRequest", message)
}

export function expired(message: string): Status {
  return failure(410, "Expired", message)
}

export function unsupportedMediaType(message: string): Status {
  return failure(415, "UnsupportedMediaType", message)
}

/** A path that leads nowhere. */
export function pathNotFound(): Status {
  return failure(404, "NotFound", "the server could not find the requested resource", {})
}

export function internalError(message: string): Status {
  return failure(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] })
}

/** 422: every field error becomes a cause. */
export function invalid(kind: GroupName, name: string, errors: readonly FieldError[]): Status {
  const texts = [...new Set(errors.map(fieldErrorText))]
  const joined = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`
  const causes = errors.map((error) => ({ reason: error.type, message: fieldErrorBody(error), field: error.field }))
  return failure(422, "Invalid", `${qualified(kind)} ${JSON.stringify(name)} is invalid: ${joined}`, {
    ...detailsOf(kind, name),
    causes,
  })
}

export function success(details?: StatusDetails): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    ...(details === undefined ? {} : { details }),
  }
}
