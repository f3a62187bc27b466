/** kubectl apply, create, delete: objects from manifests. Everything is read and looked up before anything is changed. */
import { type Dict, equal, goJson, isDict } from "../../kube/api/json.ts"
import type { Resource } from "../../kube/api/resource.ts"
import { isFailure, isStatus } from "../../kube/api/status.ts"
import { type Client, fail, printedName, statusText } from "./client.ts"
import type { Flags } from "./flags.ts"
import { readTargets } from "./get.ts"
import { type ManifestObject, readManifests } from "./manifest.ts"

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

interface Planned {
  resource: Resource
  name: string
  namespace: string
  object: Dict
  source: string
}

/** Finds the resource of each object, or says which has none. */
function plan(client: Client, manifests: readonly ManifestObject[]): Planned[] {
  return manifests.map(({ object, source }) => {
    const { apiVersion, kind } = object
    for (const field of ["apiVersion", "kind"])
      if (typeof object[field] !== "string")
        fail(
          `error: error validating ${JSON.stringify(source)}: error validating data: ${field} not set; if you choose to ignore these errors, turn validation off with --validate=false`,
        )
    const resource = client.api.registry.resourceByKind(String(apiVersion), String(kind))
    if (resource === undefined)
      return fail(
        `error: resource mapping not found for name: ${JSON.stringify(nameOf(object))} namespace: ${JSON.stringify(namespaceOf(object) ?? "")} from ${JSON.stringify(source)}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}\nensure CRDs are installed first`,
      )
    return { resource, name: nameOf(object), namespace: namespaceOf(object) ?? client.namespace, object, source }
  })
}

const metadataOf = (object: Dict): Dict => (isDict(object["metadata"]) ? object["metadata"] : {})
const nameOf = (object: Dict): string => String(metadataOf(object)["name"] ?? "")
const namespaceOf = (object: Dict): string | undefined => metadataOf(object)["namespace"] as string | undefined

const STRICT = { fieldManager: "kubectl-client-side-apply", fieldValidation: "Strict" }

export async function apply(client: Client, flags: Flags): Promise<number> {
  const files = flags.all("filename")
  if (files.length === 0) fail("error: must specify one of -f and -k")
  const planned = plan(client, await readManifests(client.proc, files))
  const query = { ...STRICT, ...dryRun(flags) }
  // A first pass that changes nothing: what would be refused is refused before anything is done.
  let code = 0
  for (const item of planned) {
    const refused = applyOne(client, item, { ...query, dryRun: "All" }).error
    if (refused === undefined) continue
    await client.proc.err(`${refused}\n`)
    code = 1
  }
  if (code !== 0) return code
  for (const item of planned) {
    const { verb, error } = applyOne(client, item, query)
    if (error !== undefined) {
      await client.proc.err(`${error}\n`)
      code = 1
    } else
      await client.proc.out(
        `${printedName(item.resource, item.name)} ${verb}${flags.has("dry-run") ? " (server dry run)" : ""}\n`,
      )
  }
  return code
}

const dryRun = (flags: Flags): { dryRun?: string } =>
  flags.has("dry-run") && flags.value("dry-run") !== "none" ? { dryRun: "All" } : {}

function applyOne(client: Client, item: Planned, query: Record<string, string>): { verb?: string; error?: string } {
  const { resource, name, namespace, object, source } = item
  const annotated = withLastApplied(item)
  const current = client.ask({ method: "GET", path: client.path(resource, name, namespace) })
  if (isFailure(current) && current.reason !== "NotFound") return { error: statusText(current) }
  if (isStatus(current)) {
    const created = client.ask({
      method: "POST",
      path: client.path(resource, undefined, namespace, query),
      body: annotated,
    })
    // In a dry run the namespace that the same files create is not there yet.
    if (
      isFailure(created) &&
      query["dryRun"] !== undefined &&
      created.reason === "NotFound" &&
      created.details?.kind === "namespaces"
    )
      return { verb: "created" }
    if (isFailure(created)) return { error: errorWhen("creating", source, statusText(created)) }
    return { verb: "created" }
  }
  const before = metadataOf(current as Dict)
  const last = isDict(before["annotations"]) ? before["annotations"][LAST_APPLIED] : undefined
  if (last === (metadataOf(annotated)["annotations"] as Dict)[LAST_APPLIED]) return { verb: "unchanged" }
  const removed = typeof last === "string" ? removals(JSON.parse(last) as Dict, object) : {}
  const patched = client.ask({
    method: "PATCH",
    path: client.path(resource, name, namespace, query),
    headers: { "content-type": "application/strategic-merge-patch+json" },
    body: merge(removed, annotated),
  })
  if (isFailure(patched)) return { error: errorWhen("applying patch", source, statusText(patched)) }
  return {
    verb:
      equal((patched as Dict)["spec"], (current as Dict)["spec"]) &&
      metadataOf(patched as Dict)["resourceVersion"] === before["resourceVersion"]
        ? "unchanged"
        : "configured",
  }
}

const errorWhen = (doing: string, source: string, text: string): string =>
  text.startsWith("Error from server")
    ? text.replace(/^(Error from server \(\w+\): )/, `$1error when ${doing} ${JSON.stringify(source)}: `)
    : text

/** The object with the annotation by which the next apply knows what this one said. */
function withLastApplied({ object, namespace, resource }: Planned): Dict {
  const metadata: Dict = {
    ...metadataOf(object),
    annotations: isDict(metadataOf(object)["annotations"]) ? metadataOf(object)["annotations"] : {},
  }
  if (resource.namespaced) metadata["namespace"] = namespace
  const plain = { ...object, metadata }
  return {
    ...plain,
    metadata: {
      ...metadata,
      annotations: { ...(metadata["annotations"] as Dict), [LAST_APPLIED]: `${goJson(plain)}\n` },
    },
  }
}

/** `null` for what was applied last time and is gone now. */
function removals(before: Dict, now: Dict): Dict {
  const patch: Dict = {}
  for (const [key, value] of Object.entries(before)) {
    if (!(key in now)) patch[key] = null
    else if (isDict(value) && isDict(now[key])) {
      const inner = removals(value, now[key])
      if (Object.keys(inner).length > 0) patch[key] = inner
    }
  }
  return patch
}

function merge(base: Dict, over: Dict): Dict {
  const result: Dict = { ...base }
  for (const [key, value] of Object.entries(over))
    result[key] = isDict(value) && isDict(result[key]) ? merge(result[key], value) : value
  return result
}

export async function create(client: Client, flags: Flags): Promise<number> {
  const files = flags.all("filename")
  if (files.length === 0) fail("error: podwire's kubectl creates from files only: create -f FILE")
  let code = 0
  for (const { resource, name, namespace, object, source } of plan(client, await readManifests(client.proc, files))) {
    const created = client.ask({
      method: "POST",
      path: client.path(resource, undefined, namespace, {
        fieldManager: "kubectl-create",
        fieldValidation: "Strict",
        ...dryRun(flags),
      }),
      body: object,
    })
    if (isFailure(created)) {
      await client.proc.err(`${errorWhen("creating", source, statusText(created))}\n`)
      code = 1
    } else await client.proc.out(`${printedName(resource, name || nameOf(created as Dict))} created\n`)
  }
  return code
}

export async function remove(client: Client, words: readonly string[], flags: Flags): Promise<number> {
  const files = flags.all("filename")
  const targets = files.length > 0 ? plan(client, await readManifests(client.proc, files)) : named(client, words, flags)
  let code = 0
  const waiting: Planned[] = []
  for (const target of targets) {
    const { resource, name, namespace } = target
    const grace = flags.has("now")
      ? 1
      : flags.value("grace-period") === undefined
        ? undefined
        : Number(flags.value("grace-period"))
    const body = { propagationPolicy: "Background", ...(grace === undefined ? {} : { gracePeriodSeconds: grace }) }
    const answer = client.ask({ method: "DELETE", path: client.path(resource, name, namespace), body })
    if (isFailure(answer)) {
      if (flags.has("ignore-not-found") && answer.reason === "NotFound") continue
      await client.proc.err(`${statusText(answer)}\n`)
      code = 1
      continue
    }
    const qualified = `${resource.singular}${resource.group === "" ? "" : `.${resource.group}`}`
    await client.proc.out(`${qualified} ${JSON.stringify(name)} ${flags.has("force") ? "force deleted" : "deleted"}\n`)
    waiting.push(target)
  }
  if (flags.value("wait") !== "false") for (const target of waiting) await gone(client, target)
  return code
}

function named(client: Client, words: readonly string[], flags: Flags): Planned[] {
  const targets = readTargets(client, words, "error: You must provide one or more resources by argument or filename.")
  return targets.flatMap(({ resource, names }) => {
    const selector = flags.value("selector")
    if (names.length === 0 && !flags.has("all") && selector === undefined)
      fail("error: resource(s) were provided, but no name was specified")
    const listed =
      names.length > 0
        ? names
        : (
            client.ask({
              method: "GET",
              path: client.path(resource, undefined, client.namespace, { labelSelector: selector }),
            }) as { items: Dict[] }
          ).items.map(nameOf)
    return listed.map((name) => ({ resource, name, namespace: client.namespace, object: {}, source: "" }))
  })
}

/** Deleting waits until the object is really gone. */
async function gone(client: Client, { resource, name, namespace }: Planned): Promise<void> {
  while (!isStatus(client.ask({ method: "GET", path: client.path(resource, name, namespace) })))
    await client.proc.sleep(100e6)
}
