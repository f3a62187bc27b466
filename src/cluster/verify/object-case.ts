/** Objects, valid or not, and what the API server and the agent say of them (schema/object.schema.json of the conformance corpus). */
import { loadDefinitions } from "../../kube/api/crd/load.ts"
import { type FieldError, fieldErrorText } from "../../kube/api/field-error.ts"
import type { Resource } from "../../kube/api/resource.ts"
import { validateObject } from "../../kube/api/validation/meta.ts"
import { parseCiliumPolicy } from "../../policy/parse/cilium-policy.ts"
import type { CaseReport, TestCase } from "./answer.ts"
import type { CaseObject } from "./case.ts"
import { Checks } from "./checks.ts"
import { invalidText, servedKind, stored } from "./served-kind.ts"

export interface Outcome {
  readonly valid: boolean
  readonly message?: string
}

export interface ObjectCase extends TestCase {
  readonly object: CaseObject
  /** What it is an update of. */
  readonly old?: CaseObject
  /** A feature gate that changes the outcome; none is on here. */
  readonly gate?: string
  readonly expect: {
    /** Of a kind the API server itself knows: its whole answer, and the field errors in it. */
    readonly valid?: boolean
    readonly apiServerMessage?: string
    readonly fieldErrors?: readonly { readonly field: string; readonly type: string; readonly message: string }[]
    /** Of a Cilium policy: what its definition's schema says, and what the agent says. */
    readonly crdSchema?: Outcome
    readonly parser?: Outcome
  }
}

/** What a check of an object expects where nothing is wrong with it. */
export const ACCEPTED = "accepted"

/** The agents of these cases read fromNodes and toNodes. */
export const AGENT_OPTIONS = { nodeSelectorLabels: true } as const

export async function verifyObject(test: ObjectCase): Promise<CaseReport> {
  const checks = new Checks(test, "verdict")
  sayAmbiguities(test, checks)
  await loadDefinitions()
  const resource = servedKind(test.object)
  if (resource === undefined) checks.check("the kind", `${test.object.kind} of ${test.object.apiVersion}`, "not served")
  else if (test.expect.crdSchema === undefined) checkBuiltIn(resource, test, checks)
  else checkCustom(resource, test, checks)
  return checks.report()
}

/** Parts of 1.18's policies that are gone from the releases after it. */
const REQUIRES = /"(from|to)Requires":/

/** Whether the answer is one of those that releases differ in. */
export const isRequires = (object: object): boolean => REQUIRES.test(JSON.stringify(object))

export function sayAmbiguities({ object, gate }: ObjectCase, checks: Checks): void {
  if (isRequires(object)) checks.ambiguous(12)
  if (gate === "StrictIPCIDRValidation") checks.ambiguous(10)
}

function checkBuiltIn(resource: Resource, { object, old, expect }: ObjectCase, checks: Checks): void {
  const before = old === undefined ? undefined : stored(resource, old)
  const errors = validateObject(resource, stored(resource, object), before)
  checks.check("the API server's answer", expect.apiServerMessage ?? ACCEPTED, answerOf(resource, object, errors))
  const wanted = expect.fieldErrors ?? []
  const found = errors.map((error) => ({ field: error.field, type: error.type, message: fieldErrorText(error) }))
  for (let i = 0; i < Math.max(wanted.length, found.length); i++)
    checks.check(`field error ${i + 1}`, errorText(wanted[i]), errorText(found[i]))
}

const errorText = (error: { type: string; message: string } | undefined): string =>
  error === undefined ? "none" : `${error.type} ${error.message}`

const answerOf = (resource: Resource, { metadata }: CaseObject, errors: readonly FieldError[]): string =>
  errors.length === 0 ? ACCEPTED : invalidText(resource, metadata.name ?? "", errors)

function checkCustom(resource: Resource, { object, expect }: ObjectCase, checks: Checks): void {
  const { crdSchema = { valid: true }, parser = { valid: true } } = expect
  checks.check(
    "the schema's answer",
    crdSchema.valid ? ACCEPTED : schemaAnswer(object, crdSchema.message),
    answerOf(resource, object, resource.validate?.(stored(resource, object), undefined) ?? []),
  )
  // Ambiguity 12: what later agents cannot read, this one takes.
  const valid = parser.valid || isRequires(object)
  const { error } = parseCiliumPolicy(object, AGENT_OPTIONS)
  checks.check("the agent's answer", valid ? ACCEPTED : (parser.message ?? ""), error ?? ACCEPTED)
}

/**
 * The server's sentence around the corpus's message. The corpus's replay decodes every number as a float; the server's own decoder
 * (apimachinery's util/json) keeps whole numbers, and calls their type so.
 */
export function schemaAnswer({ kind, metadata }: CaseObject, message = ""): string {
  const said = message.replaceAll('"number"', '"integer"')
  return `${kind}.cilium.io ${JSON.stringify(metadata.name ?? "")} is invalid: ${said}`
}
