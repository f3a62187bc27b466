/** Test files: the corpus's JSON lines, one case as JSON, or the short form people write in YAML. */
import type { Case } from "./case.ts"

/** What a file says that is no test: one line, with its place. */
export class CaseError extends Error {
  override readonly name: string = "CaseError"
}

export type JsonObject = Readonly<Record<string, unknown>>

/** A test as its file has it. */
export interface Given {
  readonly value: JsonObject
  /** `cases.jsonl:3`. */
  readonly place: string
}

/** The tests of a JSON text: an object, an array, or one object a line. Throws {@link CaseError}. */
export function readJson(text: string, file: string): Given[] {
  const whole = parse(text)
  if (whole !== undefined) return (Array.isArray(whole) ? whole : [whole]).map((value) => given(value, file))
  const tests = text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return []
    const value = parse(line)
    if (value === undefined) throw new CaseError(`${file}:${i + 1}: this line is not JSON`)
    return [given(value, `${file}:${i + 1}`)]
  })
  if (tests.length === 0) throw new CaseError(`${file}: no test in it`)
  return tests
}

function given(value: unknown, place: string): Given {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CaseError(`${place}: expected a case: an object with id, profile, cluster and steps`)
  return { value: value as JsonObject, place }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const PROFILES = ["kubernetes", "cilium", "network-policy-api"]
const OPERATIONS = ["create", "update", "delete", "deleteAllPolicies", "setLabels", "createNamespace", "createPod"]

/** A case, or what is missing from it. */
export function checkCase({ value: given, place }: Given): Case {
  const fail = (message: string): never => {
    throw new CaseError(`${place}: ${message}`)
  }
  for (const name of ["id", "profile"]) if (typeof given[name] !== "string") fail(`a case needs "${name}"`)
  if (!PROFILES.includes(given["profile"] as string))
    fail(`profile ${JSON.stringify(given["profile"])}: expected ${PROFILES.join(", ")}`)
  const cluster = given["cluster"] as { namespaces?: unknown; pods?: unknown } | undefined
  if (!Array.isArray(cluster?.namespaces) || !Array.isArray(cluster.pods))
    fail(`case ${given["id"]}: "cluster" needs namespaces and pods`)
  const { steps } = given
  if (!Array.isArray(steps)) return fail(`case ${given["id"]}: "steps" is not a list`)
  for (const step of steps as { name?: string; actions?: unknown; expect?: unknown }[]) {
    if (!Array.isArray(step.actions) || typeof step.expect !== "object")
      fail(`case ${given["id"]}: step ${JSON.stringify(step.name)} needs actions and expect`)
    for (const { op } of step.actions as { op: string }[])
      if (!OPERATIONS.includes(op))
        fail(`case ${given["id"]}: unknown op ${JSON.stringify(op)}; there are: ${OPERATIONS.join(", ")}`)
  }
  return { suite: "", config: {}, ...given } as unknown as Case
}
