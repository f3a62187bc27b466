/** kubectl apply, client-side. Models pkg/cmd/apply. */
import { type Dict, goJson, isDict } from "../../kube/api/json.ts"
import { type Resource, resourceKey } from "../../kube/api/resource.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { type Client, hasPatchRules, qualifiedKind } from "./client.ts"
import { type Failure, fail, Stop, statusFailure, usage } from "./failure.ts"
import { type ManifestObject, readManifests } from "./manifest.ts"
import { dryRunMode, objectPrinter, printDone } from "./print.ts"
import { threeWayPatch } from "./three-way.ts"

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

export async function apply(client: Client): Promise<number> {
  const { flags } = client
  if (flags.words.length > 0) usage("apply", `Unexpected args: [${flags.words.join(" ")}]`)
  const files = flags.all("filename")
  if (files.length === 0) fail("must specify one of -f and -k")
  const dryRun = dryRunMode(client)
  const validation = fieldValidation(client)
  objectPrinter(client)
  const query = {
    fieldManager: "kubectl-client-side-apply",
    fieldValidation: validation,
    ...(dryRun === "server" ? { dryRun: "All" } : {}),
  }
  const { objects, failures } = await readManifests(client, files)
  const failed: Failure[] = [...failures]
  if (objects.length === 0 && failed.length === 0) fail("no objects passed to apply")
  for (const item of objects) {
    const done = await applyOne(client, item, query, dryRun === "client")
    if ("failure" in done) failed.push(done.failure)
    else await printDone(client, item.resource, done.object, done.verb)
  }
  if (failed.length > 0) throw new Stop(...failed)
  return 0
}

/** What `--validate` asks the server to do about unknown fields. */
export function fieldValidation(client: Client): string {
  const value = client.flags.value("validate") ?? "strict"
  if (value === "strict" || value === "true") return "Strict"
  if (value === "warn") return "Warn"
  if (value === "ignore" || value === "false") return "Ignore"
  return fail(
    `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
  )
}

type Done = { object: ApiObject; verb: string } | { failure: Failure }

const when = (doing: string, source: string) => (text: string) =>
  `error when ${doing} ${JSON.stringify(source)}: ${text}`

/** An object as messages about it begin. */
function described({ resource, name, namespace }: ManifestObject): string {
  const { group, version, plural, kind } = resource
  return `Resource: "${group}/${version}, Resource=${plural}", GroupVersionKind: "${group}/${version}, Kind=${kind}"\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(resource.namespaced ? namespace : "")}`
}

async function applyOne(
  client: Client,
  item: ManifestObject,
  query: Record<string, string>,
  onlyClient: boolean,
): Promise<Done> {
  const { resource, name, namespace, source } = item
  const modified = withLastApplied(item)
  const retrieving = (text: string): string =>
    `error when retrieving current configuration of:\n${described(item)}\nfrom server for: ${JSON.stringify(source)}: ${text}`
  if (name === "") return { failure: { message: retrieving("resource name may not be empty") } }
  const current = client.find(resource, name, namespace)
  if (isFailure(current) && current.reason !== "NotFound") return { failure: statusFailure(current, retrieving) }
  if (!isFailure(current))
    return onlyClient
      ? { object: current as ApiObject, verb: "configured" }
      : change(client, item, modified, current as ApiObject, query)
  if (onlyClient) return { object: modified as ApiObject, verb: "created" }
  const path = client.path(resource, undefined, namespace, query)
  const created = (await client.ask({ method: "POST", path, body: modified, source: item.origin })) as
    | ApiObject
    | Status
  if (isFailure(created)) return { failure: statusFailure(created, when("creating", source)) }
  return { object: created as ApiObject, verb: "created" }
}

async function change(
  client: Client,
  item: ManifestObject,
  modified: Dict,
  current: ApiObject,
  query: Record<string, string>,
): Promise<Done> {
  const { resource, name, namespace, source } = item
  const last = current.metadata.annotations?.[LAST_APPLIED]
  if (last === undefined)
    await client.proc.err(
      `Warning: resource ${pluralName(resource, name)} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    )
  const patch = threeWayPatch(resource.kind, last === undefined ? {} : (JSON.parse(last) as Dict), modified, current)
  if (Object.keys(patch).length === 0) {
    // Nothing is sent, but it is this text now that says so.
    if (query["dryRun"] === undefined) client.api.sources.set(resourceKey(resource), current, item.origin)
    return { object: current, verb: "unchanged" }
  }
  const strategic = hasPatchRules(resource)
  const patched = (await client.ask({
    method: "PATCH",
    path: client.path(resource, name, namespace, query),
    headers: { "content-type": strategic ? "application/strategic-merge-patch+json" : "application/merge-patch+json" },
    body: patch,
    source: item.origin,
  })) as ApiObject | Status
  if (!isFailure(patched)) return { object: patched as ApiObject, verb: "configured" }
  const around = (text: string): string =>
    `error when applying patch:\n${goJson(patch)}\nto:\n${described(item)}\nfor: ${JSON.stringify(source)}: ${when("patching", source)(text)}`
  return { failure: statusFailure(patched, around) }
}

const pluralName = (resource: Resource, name: string): string =>
  `${resource.plural}${qualifiedKind(resource).slice(resource.singular.length)}/${name}`

/** The object with the annotation by which the next apply knows what this one said. */
export function withLastApplied({ object, namespace, resource }: ManifestObject): Dict {
  const own = isDict(object["metadata"]) ? object["metadata"] : {}
  const annotations: Dict = isDict(own["annotations"]) ? { ...own["annotations"] } : {}
  delete annotations[LAST_APPLIED]
  const metadata: Dict = { ...own, annotations, ...(resource.namespaced ? { namespace } : {}) }
  const plain = { ...object, metadata }
  return { ...plain, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: `${goJson(plain)}\n` } } }
}
