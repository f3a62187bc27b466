/** What an API server with Cilium's definitions says of an object before it stores it; no server is needed for that. */
import { ciliumDefinitions } from "../../cni/cilium/crds/index.ts"
import type { CustomResourceDefinition } from "../../kube/api/crd/definition.ts"
import { definitionCode } from "../../kube/api/crd/load.ts"
import type { FieldError } from "../../kube/api/field-error.ts"
import { clone, type Dict } from "../../kube/api/json.ts"
import type { Resource } from "../../kube/api/resource.ts"
import { BUILT_IN } from "../../kube/api/resources.ts"
import { decode } from "../../kube/api/schema.ts"
import { invalid } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { validateObject } from "../../kube/api/validation/meta.ts"
import type { CaseObject } from "./case.ts"

/** The kind of an object; undefined when nobody serves it. Load the code of definitions first (loadDefinitions). */
export function servedKind({ apiVersion, kind }: CaseObject): Resource | undefined {
  const builtIn = BUILT_IN.find(
    (resource) =>
      resource.kind === kind &&
      (resource.group === "" ? resource.version : `${resource.group}/${resource.version}`) === apiVersion,
  )
  if (builtIn !== undefined) return builtIn
  for (const definition of ciliumDefinitions as readonly unknown[] as readonly CustomResourceDefinition[]) {
    const { group, names, versions } = definition.spec
    const version = versions.find(({ name }) => `${group}/${name}` === apiVersion)
    if (version !== undefined && names.kind === kind) return definitionCode().customResource(definition, version)
  }
  return undefined
}

/** A copy as the server stores it. */
export function stored(resource: Resource, object: CaseObject): ApiObject {
  const value = clone(object) as unknown as Dict
  const decoded = (resource.custom === true ? resource.decode?.(value).value : undefined) ?? value
  const copy = decoded as unknown as ApiObject
  copy.metadata.name ??= ""
  resource.defaults?.(decoded)
  return copy
}

/** The server's sentence about field errors. */
export const invalidText = ({ group, kind }: Resource, name: string, errors: readonly FieldError[]): string =>
  invalid({ group, name: kind }, name, errors).message ?? ""

export interface Complaint {
  /** The field it is about: `spec.ingress[0]`. */
  readonly field: string
  readonly message: string
}

/** What `kubectl apply` would hear of an object; undefined when it would be taken. */
export function complaintAbout(object: CaseObject): Complaint | undefined {
  const resource = servedKind(object)
  if (resource === undefined) return undefined
  const given = clone(object) as unknown as Dict
  const { unknown, error } = resource.decode?.(given) ?? decode(resource.kind, given)
  if (error !== undefined) return { field: "", message: error }
  if (unknown.length > 0) {
    const fields = unknown.map((field) => `unknown field ${JSON.stringify(field)}`)
    return { field: unknown[0] ?? "", message: `strict decoding error: ${fields.join(", ")}` }
  }
  const errors = validateObject(resource, stored(resource, object), undefined)
  return errors.length === 0
    ? undefined
    : { field: errors[0]?.field ?? "", message: invalidText(resource, object.metadata.name, errors) }
}
