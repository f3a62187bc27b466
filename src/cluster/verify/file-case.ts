/** Files of policies, and whether the agent parses each document (schema/parse.schema.json of the conformance corpus). */
import { parseAllDocuments } from "yaml"
import { type PolicyObject, parseCiliumPolicy } from "../../policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../policy/parse/network-policy.ts"
import { type CaseReport, type Method, skippedReport } from "./answer.ts"
import type { CaseObject } from "./case.ts"
import { Checks } from "./checks.ts"
import { ACCEPTED, AGENT_OPTIONS, isRequires, schemaAnswer } from "./object-case.ts"
import { type ObjectCluster, withObjectCluster } from "./object-cluster.ts"
import type { FindFiles } from "./short-form.ts"

interface FileDocument {
  readonly kind: string
  readonly name: string
  /** False for pods and services that stand beside the policies. */
  readonly policy?: boolean
  readonly mustParse: boolean
  readonly message?: string
  /** What the definition's schema says against it. */
  readonly crdSchemaMessage?: string
  /** Options of the agent that it needs, and what it says without them. */
  readonly requires?: Readonly<Record<string, boolean>>
  readonly messageWithout?: string
}

export interface FileCase {
  /** Where it stands in its project. */
  readonly path: string
  /** Relative to the test's file. */
  readonly file: string
  readonly documents: readonly FileDocument[]
}

export async function verifyFile(given: FileCase, method: Method, find: FindFiles): Promise<CaseReport> {
  const { path, file, documents } = given
  const test = { id: path, suite: "example files" }
  const [found] = find(file)
  if (found === undefined) return skippedReport(test, method, `${file}: no such file`)
  const checks = new Checks(test, method)
  const objects = parseAllDocuments(found.text)
    .map((one) => one.toJS() as PolicyDocument | null)
    .filter((object) => object !== null)
  checks.check(
    "its documents",
    documents.map(({ kind, name }) => `${kind} ${name}`).join(", "),
    objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", "),
  )
  for (const [i, wanted] of documents.entries()) {
    const object = objects[i]
    if (object === undefined || wanted.policy === false) continue
    if (isRequires(object)) checks.ambiguous(12)
    if (method === "verdict") parseDocument(wanted, object, checks)
    else await withObjectCluster((world) => applyDocument(world, wanted, object, checks))
  }
  return checks.report()
}

type PolicyDocument = CaseObject & PolicyObject

function parseDocument(wanted: FileDocument, object: PolicyDocument, checks: Checks): void {
  const { kind, name, mustParse, message, requires = {}, messageWithout } = wanted
  const extendedIpProtocols = requires["enable-extended-ip-protocols"] === true
  const what = `${kind} ${name}`
  const answer = mustParse || isRequires(object) ? ACCEPTED : (message ?? "refused")
  checks.check(what, answer, parse(object, extendedIpProtocols))
  if (messageWithout !== undefined)
    checks.check(`${what}, without ${Object.keys(requires).join(", ")}`, messageWithout, parse(object, false))
}

function parse(object: PolicyDocument, extendedIpProtocols: boolean): string {
  if (object.kind !== "NetworkPolicy")
    return parseCiliumPolicy(object, { ...AGENT_OPTIONS, extendedIpProtocols }).error ?? ACCEPTED
  parseNetworkPolicy(object)
  return ACCEPTED
}

/** By the agents of a cluster, which have none of the options that a document may need. */
async function applyDocument(
  world: ObjectCluster,
  { kind, name, mustParse, crdSchemaMessage, messageWithout }: FileDocument,
  object: PolicyDocument,
  checks: Checks,
): Promise<void> {
  const placed = kind.includes("Clusterwide") ? object : withNamespace(object)
  const { code, message } = await world.create(placed)
  const wanted = mustParse ? (messageWithout ?? ACCEPTED) : schemaAnswer(object, crdSchemaMessage)
  checks.check(`${kind} ${name}`, wanted, code < 400 ? world.agentAnswer(placed) : message)
  await world.clear([placed])
}

const withNamespace = (object: PolicyDocument): PolicyDocument => ({
  ...object,
  metadata: { namespace: "default", ...object.metadata },
})
