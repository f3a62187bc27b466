/** The shapes of objects: finds unknown fields and wrong types, in the API server's words. */
import { type Dict, isDict } from "./json.ts"
import { SCHEMA_TABLE } from "./schema-table.ts"

export interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
}

export type Fields = ReadonlyMap<string, Field>

let types: Map<string, string> | undefined
const parsed = new Map<string, Fields>()

/** The fields of a type of the table, or `undefined` when it is none (free-form). */
export function fieldsOf(type: string): Fields | undefined {
  const known = parsed.get(type)
  if (known !== undefined) return known
  types ??= new Map(
    SCHEMA_TABLE.trim()
      .split("\n")
      .map((line): [string, string] => [line.split(" ", 1)[0] as string, line.slice(line.indexOf(" ") + 1)]),
  )
  const line = types.get(type)
  if (line === undefined) return undefined
  const fields = new Map<string, Field>()
  for (const part of line === type ? [] : line.split(" ")) {
    const colon = part.indexOf(":")
    const required = part[colon - 1] === "!"
    const name = part.slice(0, required ? colon - 1 : colon)
    fields.set(name, { name, type: part.slice(colon + 1), required })
  }
  parsed.set(type, fields)
  return fields
}

/** What decoding found. */
export interface Decoded {
  /** A copy with unknown fields and nulls left out. */
  readonly value: Dict
  /** `spec.foo`, in order of appearance. */
  readonly unknown: readonly string[]
  /** `json: cannot unmarshal string into Go struct field …`. */
  readonly error: string | undefined
}

interface Walk {
  readonly unknown: string[]
  error: string | undefined
}

/** Decodes an object of a kind: copies it, sorts out unknown fields, checks types. */
export function decode(kind: string, object: Dict): Decoded {
  const walk: Walk = { unknown: [], error: undefined }
  const fields = fieldsOf(kind)
  const value = fields === undefined ? structured(object) : copyFields(walk, kind, object, "", "")
  return { value: value as Dict, unknown: walk.unknown, error: walk.error }
}

function structured(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structured)
  if (!isDict(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structured(item)]))
}

function copyFields(walk: Walk, type: string, object: Dict, path: string, goPath: string): Dict {
  const fields = fieldsOf(type)
  const copy: Dict = {}
  for (const [name, item] of Object.entries(object)) {
    const field = fields?.get(name)
    const at = path === "" ? name : `${path}.${name}`
    if (field === undefined) walk.unknown.push(at)
    else if (item !== null && item !== undefined)
      copy[name] = copyValue(walk, field.type, item, at, {
        owner: type,
        path: goPath === "" ? name : `${goPath}.${name}`,
      })
  }
  return copy
}

interface GoField {
  readonly owner: string
  readonly path: string
}

function copyValue(walk: Walk, type: string, value: unknown, path: string, go: GoField): unknown {
  if (type === "*") return structured(value)
  if (type.startsWith("?"))
    return isDict(value) ? copyFields(walk, type.slice(1), value, path, go.path) : structured(value)
  if (type.startsWith("[")) {
    if (!Array.isArray(value)) return mismatch(walk, value, type, go)
    return value.map((item, i) => copyValue(walk, type.slice(1, -1), item, `${path}[${i}]`, go))
  }
  if (type.startsWith("{")) {
    if (!isDict(value)) return mismatch(walk, value, type, go)
    const inner = type.slice(1, -1)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        item === null && inner === "s" ? "" : copyValue(walk, inner, item, `${path}.${key}`, go),
      ]),
    )
  }
  if (type.length > 1)
    return isDict(value) ? copyFields(walk, type, value, path, go.path) : mismatch(walk, value, type, go)
  return scalarFits(type, value) ? normalise(type, value) : mismatch(walk, value, type, go)
}

function scalarFits(type: string, value: unknown): boolean {
  switch (type) {
    case "b":
      return typeof value === "boolean"
    case "i":
    case "l":
      return typeof value === "number" && Number.isInteger(value)
    case "n":
      return typeof value === "number"
    case "q":
    case "x":
      return typeof value === "string" || typeof value === "number"
    default:
      return typeof value === "string"
  }
}

/** A quantity is stored as text, whatever it was written as. */
const normalise = (type: string, value: unknown): unknown =>
  type === "q" && typeof value === "number" ? String(value) : value

const GO_TYPES: Readonly<Record<string, string>> = {
  s: "string",
  i: "int32",
  l: "int64",
  n: "float64",
  b: "bool",
  y: "[]uint8",
  t: "string",
  m: "string",
}
/** Fields whose Go type has a name of its own. */
const GO_NAMED: Readonly<Record<string, string>> = {
  protocol: "v1.Protocol",
  restartPolicy: "v1.RestartPolicy",
  imagePullPolicy: "v1.PullPolicy",
  dnsPolicy: "v1.DNSPolicy",
  policyTypes: "v1.PolicyType",
  type: "string",
}

function goType(type: string, field: string): string {
  if (type.startsWith("[")) return `[]${goType(type.slice(1, -1), field)}`
  if (type.startsWith("{")) return `map[string]${goType(type.slice(1, -1), field)}`
  if (type === "s") return GO_NAMED[field] ?? "string"
  return GO_TYPES[type] ?? `v1.${type}`
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array"
  if (typeof value === "boolean") return "bool"
  return typeof value === "object" ? "object" : typeof value
}

function mismatch(walk: Walk, value: unknown, type: string, go: GoField): unknown {
  const field = go.path.slice(go.path.lastIndexOf(".") + 1)
  const kind = typeof value === "number" && (type === "i" || type === "l") ? `number ${value}` : jsonKind(value)
  walk.error ??=
    type === "q"
      ? "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
      : `json: cannot unmarshal ${kind} into Go struct field ${go.owner}.${go.path} of type ${goType(type, field)}`
  return undefined
}

/** How lists merge in a strategic merge patch: by this key, or by value ("") when they hold scalars. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  "Container.ports": "containerPort",
  "Container.env": "name",
  "Container.volumeMounts": "mountPath",
  "Container.volumeDevices": "devicePath",
  "EphemeralContainer.ports": "containerPort",
  "EphemeralContainer.env": "name",
  "EphemeralContainer.volumeMounts": "mountPath",
  "EphemeralContainer.volumeDevices": "devicePath",
  "ContainerStatus.volumeMounts": "mountPath",
  "ContainerStatus.allocatedResourcesStatus": "name",
  "PodSpec.volumes": "name",
  "PodSpec.initContainers": "name",
  "PodSpec.containers": "name",
  "PodSpec.ephemeralContainers": "name",
  "PodSpec.imagePullSecrets": "name",
  "PodSpec.hostAliases": "ip",
  "PodSpec.topologySpreadConstraints": "topologyKey",
  "PodSpec.schedulingGates": "name",
  "PodSpec.resourceClaims": "name",
  "PodStatus.conditions": "type",
  "PodStatus.hostIPs": "ip",
  "PodStatus.podIPs": "ip",
  "ServiceStatus.conditions": "type",
  "ServiceSpec.ports": "port",
  "ServiceAccount.secrets": "name",
  "NodeSpec.podCIDRs": "",
  "NodeStatus.conditions": "type",
  "NodeStatus.addresses": "type",
  "NamespaceStatus.conditions": "type",
  "DeploymentStatus.conditions": "type",
  "DaemonSetStatus.conditions": "type",
  "ReplicaSetStatus.conditions": "type",
  "ObjectMeta.ownerReferences": "uid",
  "ObjectMeta.finalizers": "",
}

export function mergeKey(type: string, field: string): string | undefined {
  return MERGE_KEYS[`${type}.${field}`]
}
