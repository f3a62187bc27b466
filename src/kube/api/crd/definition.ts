/** CustomResourceDefinitions: what they say, and what is filled in. Models apiextensions-apiserver/pkg/apis/apiextensions/v1. */
import { type Dict, dicts, section, text } from "../json.ts"
import type { ApiObject } from "../types.ts"
import type { PrinterColumn } from "./columns.ts"
import type { JsonSchema } from "./json-schema.ts"

export interface DefinitionNames {
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

export interface DefinitionVersion {
  readonly name: string
  readonly served: boolean
  readonly storage: boolean
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema }
  readonly subresources?: { readonly status?: object; readonly scale?: object }
  readonly additionalPrinterColumns?: readonly PrinterColumn[]
  readonly selectableFields?: readonly { readonly jsonPath: string }[]
}

export interface DefinitionCondition {
  readonly type: string
  readonly status: "True" | "False"
  readonly lastTransitionTime: string
  readonly reason: string
  readonly message: string
}

export interface CustomResourceDefinition extends ApiObject {
  readonly spec: {
    readonly group: string
    readonly scope: "Cluster" | "Namespaced"
    readonly names: DefinitionNames
    readonly versions: readonly DefinitionVersion[]
    readonly conversion?: { readonly strategy: string }
    readonly preserveUnknownFields?: boolean
  }
  readonly status?: {
    readonly conditions?: readonly DefinitionCondition[]
    readonly acceptedNames?: Partial<DefinitionNames>
    readonly storedVersions?: readonly string[]
  }
}

/** Takes a definition's objects away before itself. */
export const CLEANUP = "customresourcecleanup.apiextensions.k8s.io"

export function definitionDefaults(object: Dict): void {
  const spec = section(object, "spec")
  const names = section(spec, "names")
  const kind = text(names, "kind")
  if (text(names, "singular") === "") names["singular"] = kind.toLowerCase()
  if (text(names, "listKind") === "" && kind !== "") names["listKind"] = `${kind}List`
  const conversion = section(spec, "conversion")
  conversion["strategy"] ??= "None"
  // The field is of the past; false is what it cannot but be.
  if (spec["preserveUnknownFields"] === false) delete spec["preserveUnknownFields"]
  for (const column of dicts(spec, "versions").flatMap((version) => dicts(version, "additionalPrinterColumns")))
    if (column["priority"] === 0) delete column["priority"]
}

/** `v2` before `v1`, `v1` before `v1beta2` before `v1alpha1`, anything else by name. Models apimachinery/pkg/version CompareKubeAwareVersionStrings. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [versionRank(a), versionRank(b)]
  if (x === undefined || y === undefined) return x === y ? (a < b ? -1 : 1) : x === undefined ? 1 : -1
  return y[0] - x[0] || y[1] - x[1] || y[2] - x[2]
}

function versionRank(name: string): [number, number, number] | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(name)
  if (match === null) return undefined
  const stage = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0
  return [stage, Number(match[1]), Number(match[3] ?? 0)]
}
