/** Values of a release: read, merged, checked. Models helm/pkg/chartutil as far as this chart needs it. */
import { isDict } from "../../../kube/api/json.ts"
import { type Scalar, VALUES, type ValueSpec, type ValueTree } from "./value-table.ts"

export type { ValueTree } from "./value-table.ts"

/** What the user set, under what the chart has. */
export class Values {
  readonly user: ValueTree
  readonly #flat: ReadonlyMap<string, unknown>

  /** @param user as {@link checkValues} let it pass */
  constructor(user: ValueTree) {
    this.user = user
    this.#flat = new Map(flatten(user))
  }

  #get(path: string): unknown {
    const spec = VALUES[path]
    if (spec === undefined) throw new Error(`the chart has no value ${path}`)
    return this.#flat.has(path) ? this.#flat.get(path) : spec.value
  }

  /** As a template prints it: nothing for null. */
  text(path: string): string {
    const value = this.#get(path)
    return value === null || value === undefined ? "" : String(value)
  }

  flag(path: string): boolean {
    return this.#get(path) === true || this.#get(path) === "true"
  }

  number(path: string): number {
    return Number(this.#get(path))
  }

  list(path: string): string[] {
    const value = this.#get(path)
    return Array.isArray(value) ? value.map(String) : value === null ? [] : String(value).split(/[ ,]+/)
  }

  /** Neither the chart nor the user gives it a value. */
  isNull(path: string): boolean {
    return this.#get(path) === null
  }
}

/** The leaves of a tree by path; lists are leaves. */
export function* flatten(tree: ValueTree, prefix = ""): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix === "" ? key : `${prefix}.${key}`
    if (isDict(value) && VALUES[path] === undefined) yield* flatten(value as ValueTree, path)
    else yield [path, value]
  }
}

/** `over` wins; a null of `over` takes the key away, so that the chart's default is seen again. Models chartutil.CoalesceTables. */
export function mergeValues(under: ValueTree, over: ValueTree): ValueTree {
  const merged: ValueTree = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const old = merged[key]
    if (isDict(value) && isDict(old)) merged[key] = mergeValues(old as ValueTree, value as ValueTree)
    else merged[key] = value
  }
  return merged
}

/** Why these values cannot be used: Helm's complaint about their types, the chart's own (templates/validate.yaml), or podwire's limits. */
export function checkValues(user: ValueTree): string | undefined {
  const leaves = [...flatten(user)]
  if (leaves.some(([path]) => path === "tunnel")) return failAt("validate.yaml:41:5", REMOVED_TUNNEL)
  const unknown = leaves.find(([path]) => VALUES[path] === undefined)
  if (unknown !== undefined) return `podwire does not support the value ${unknown[0]}`
  return wrongTypes(leaves) ?? unsupported(leaves) ?? refusedByChart(new Values(user))
}

const REMOVED_TUNNEL =
  "tunnel was deprecated in v1.14 and has been removed in v1.15. For details please refer to https://docs.cilium.io/en/v1.15/operations/upgrade/#helm-options"

/** As Helm words what a template refuses. */
const failAt = (place: string, message: string): string => `execution error at (cilium/templates/${place}): ${message}`

function wrongTypes(leaves: readonly (readonly [string, unknown])[]): string | undefined {
  const wrong = leaves.flatMap(([path, value]) => {
    const spec = VALUES[path] as ValueSpec
    // The chart's schema leaves kubeProxyReplacement open: the templates look at its text.
    if (path === "kubeProxyReplacement" || (value === null && spec.nullable === true)) return []
    const given = kindOf(value)
    if (given === spec.type) return []
    const expected = spec.nullable === true ? `${["null", spec.type].join("/")}` : spec.type
    return [`- ${path}: Invalid type. Expected: ${expected}, given: ${given}\n`]
  })
  return wrong.length === 0
    ? undefined
    : `values don't meet the specifications of the schema(s) in the following chart(s):\ncilium:\n${wrong.join("")}`
}

/** A type by its name in JSON schema. */
function kindOf(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number"
  return typeof value
}

function unsupported(leaves: readonly (readonly [string, unknown])[]): string | undefined {
  const found = leaves.find(([path, value]) => {
    const only = VALUES[path]?.only
    return only !== undefined && !only.includes(value as Scalar)
  })
  if (found === undefined) return undefined
  const [path, value] = found
  const possible = (VALUES[path]?.only ?? []).map((each) => (each === null || each === "" ? "unset" : String(each)))
  if (path === "kubeProxyReplacement" && String(value) !== "true")
    return failAt(
      "cilium-configmap.yaml:82:5",
      "kubeProxyReplacement must be explicitly set to a valid value (true or false) to continue.",
    )
  return `podwire does not support ${path}=${String(value)}; possible: ${[...new Set(possible)].join(", ")}`
}

function refusedByChart(values: Values): string | undefined {
  const name = values.text("cluster.name")
  if (values.flag("hubble.relay.enabled") && !values.flag("hubble.enabled"))
    return failAt("validate.yaml:71:7", "Hubble Relay requires .Values.hubble.enabled=true")
  if (name === "") return failAt("validate.yaml:153:5", "The cluster name is invalid: cannot be empty")
  if (name.length > 32)
    return failAt("validate.yaml:156:5", "The cluster name is invalid: must not be more than 32 characters")
  if (!/^([a-z0-9][-a-z0-9]*)?[a-z0-9]$/.test(name))
    return failAt(
      "validate.yaml:159:5",
      "The cluster name is invalid: must consist of lower case alphanumeric characters and '-', and must start and end with an alphanumeric character",
    )
  return undefined
}
