/** The corpus of objects with what the API server says of them. */
import { readFileSync } from "node:fs"
import type { Manifest } from "../../src/kube/api/types.ts"
import { parseManifests } from "../../src/tools/kubectl/manifest.ts"

export interface Outcome {
  valid: boolean
  /** The field errors, as `crdSchema` lists them. */
  message?: string
  /** The whole sentence, as `k8s-validation` lists it. */
  apiServerMessage?: string
}

export interface ValidationCase {
  id: string
  object: Manifest
  old?: Manifest
  expect: Outcome & { crdSchema?: Outcome }
}

export function validationCases(suite: "cilium-validation" | "k8s-validation"): ValidationCase[] {
  const lines = readFileSync(`test/corpus/${suite}/cases.jsonl`, "utf8").trim().split("\n")
  return lines.map((line) => JSON.parse(line) as ValidationCase)
}

export function corpusDefinition(name: string): Manifest {
  return parseManifests(readFileSync(`test/corpus/crds/${name}.yaml`, "utf8"), name)[0] as Manifest
}

/** The definitions of Cilium's policies as the corpus has them. */
export function corpusDefinitions(): Manifest[] {
  return ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies", "ciliumcidrgroups"].map(corpusDefinition)
}
