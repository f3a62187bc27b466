/** The rows of the small kinds: namespaces, configuration, events, leases, policies, roles. */
import { dicts, num, peek, strings, text } from "../json.ts"
import type { Cell, Column, PrintContext } from "../resource.ts"
import { formatSelector, selectorOf } from "../selector.ts"
import type { ApiObject, Event, Lease } from "../types.ts"
import { AGE, column, NAME, NONE, wide } from "./common.ts"

const age = (object: ApiObject, context: PrintContext): string => context.age(object.metadata.creationTimestamp)

export const plainColumns: readonly Column[] = [NAME, AGE]
export const plainRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  age(object, context),
]

export const namespaceColumns: readonly Column[] = [NAME, column("Status"), AGE]
export const namespaceRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  text(peek(object, "status"), "phase"),
  age(object, context),
]

export const configMapColumns: readonly Column[] = [NAME, column("Data"), AGE]
export const configMapRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  Object.keys(strings(object, "data")).length + Object.keys(strings(object, "binaryData")).length,
  age(object, context),
]

export const secretColumns: readonly Column[] = [NAME, column("Type"), column("Data"), AGE]
export const secretRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  text(object, "type"),
  Object.keys(strings(object, "data")).length,
  age(object, context),
]

export const serviceAccountColumns: readonly Column[] = [NAME, column("Secrets"), AGE]
export const serviceAccountRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  dicts(object, "secrets").length,
  age(object, context),
]

export const leaseColumns: readonly Column[] = [NAME, column("Holder"), AGE]
export const leaseRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  (object as Lease).spec?.holderIdentity ?? "",
  age(object, context),
]

export const priorityClassColumns: readonly Column[] = [
  NAME,
  { name: "Value", type: "integer" },
  { name: "Global-Default", type: "boolean" },
  AGE,
]
export const priorityClassRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  num(object, "value"),
  object["globalDefault"] === true,
  age(object, context),
]

export const networkPolicyColumns: readonly Column[] = [NAME, column("Pod-Selector"), AGE]
export const networkPolicyRow = (object: ApiObject, context: PrintContext): Cell[] => [
  object.metadata.name,
  formatSelector(selectorOf(peek(object, "spec")["podSelector"])) || NONE,
  age(object, context),
]

/** Roles, and definitions: the day itself, not how long ago it was. */
export const createdColumns: readonly Column[] = [NAME, { name: "Created At", type: "date" }]
export const createdRow = (object: ApiObject): Cell[] => [object.metadata.name, object.metadata.creationTimestamp]

export const roleBindingColumns: readonly Column[] = [
  NAME,
  column("Role"),
  AGE,
  wide("Users"),
  wide("Groups"),
  wide("ServiceAccounts"),
]

export function roleBindingRow(object: ApiObject, context: PrintContext): Cell[] {
  const ref = peek(object, "roleRef")
  const subjects = dicts(object, "subjects")
  const names = (kind: string): string =>
    subjects
      .filter((subject) => subject["kind"] === kind)
      .map((subject) =>
        kind === "ServiceAccount" ? `${text(subject, "namespace")}/${text(subject, "name")}` : text(subject, "name"),
      )
      .join(", ")
  return [
    object.metadata.name,
    `${text(ref, "kind")}/${text(ref, "name")}`,
    age(object, context),
    names("User"),
    names("Group"),
    names("ServiceAccount"),
  ]
}

export const eventColumns: readonly Column[] = [
  column("Last Seen"),
  column("Type"),
  column("Reason"),
  column("Object"),
  wide("Subobject"),
  wide("Source"),
  column("Message"),
  wide("First Seen"),
  wide("Count"),
  { name: "Name", type: "string", format: "name", priority: 1 },
]

export function eventRow(object: ApiObject, context: PrintContext): Cell[] {
  const event = object as Event
  const { component = "", host = "" } = event.source ?? {}
  return [
    context.age(event.lastTimestamp ?? event.metadata.creationTimestamp),
    event.type,
    event.reason,
    `${(event.involvedObject.kind ?? "").toLowerCase()}/${event.involvedObject.name ?? ""}`,
    event.involvedObject.fieldPath ?? "",
    host === "" ? component : `${component}, ${host}`,
    event.message.trim(),
    context.age(event.firstTimestamp ?? event.metadata.creationTimestamp),
    event.count ?? 1,
    event.metadata.name,
  ]
}
