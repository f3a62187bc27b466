/** Which objects a command line is about: types, names, files. Models cli-runtime/pkg/resource builder.go. */
import type { Resource } from "../../kube/api/resource.ts"
import { isFailure } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { type Client, preferred } from "./client.ts"
import { type Failure, fail, statusFailure } from "./failure.ts"

export interface Target {
  resource: Resource
  /** Without names: all there are. */
  names: readonly string[] | undefined
  namespace: string
}

export const NOTHING_GIVEN = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`

export interface TargetOptions {
  /** What to say when no type is given. */
  missing?: string
  /** Types alone do not mean all of them. */
  needsName?: boolean
}

/** `pods`, `pods,svc`, `pod web db`, `pod/web node/x`, `all`, `-f FILE`. */
export async function readTargets(
  client: Client,
  words: readonly string[],
  options: TargetOptions = {},
): Promise<Target[]> {
  const { flags } = client
  const files = flags.all("filename")
  if (files.length > 0) return filed(client, files)
  if (words.length === 0) return fail(options.missing ?? NOTHING_GIVEN)
  const selector = flags.value("selector") ?? ""
  if (flags.has("all") && selector !== "") fail("setting 'all' parameter but found a non empty selector. ")
  const slashes = words.filter((word) => word.includes("/")).length
  const targets = slashes > 0 ? slashed(client, words, slashes) : typed(client, words)
  const named = targets.some(({ names }) => names !== undefined)
  if (named && client.allNamespaces) fail("a resource cannot be retrieved by name across all namespaces")
  if (named && selector !== "") fail("name cannot be provided when a selector is specified")
  const chosen = selector !== "" || flags.has("all") || (flags.value("field-selector") ?? "") !== ""
  if (!named && !chosen && options.needsName === true) fail("resource(s) were provided, but no name was specified")
  return targets
}

function slashed(client: Client, words: readonly string[], slashes: number): Target[] {
  if (slashes < words.length)
    fail(
      "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
    )
  return words.map((word) => {
    const parts = word.split("/")
    if (parts.length > 2) fail("arguments in resource/name form may not have more than one slash")
    const [kind = "", name = ""] = parts
    if (kind === "" || name === "" || kind.includes(","))
      fail("arguments in resource/name form must have a single resource and name")
    return { resource: client.resource(kind), names: [name], namespace: client.namespace }
  })
}

function typed(client: Client, [first = "", ...names]: readonly string[]): Target[] {
  const resources = preferred(client.api.registry.resources)
  const kinds = first.split(",").flatMap((word) => {
    const category = resources.filter((resource) => resource.categories?.includes(word) === true)
    return category.length > 0 ? category : [client.resource(word)]
  })
  return kinds.map((resource) => ({
    resource,
    names: names.length === 0 ? undefined : names,
    namespace: client.namespace,
  }))
}

async function filed(client: Client, files: readonly string[]): Promise<Target[]> {
  const { readManifests } = await client.proc.task.load(() => import("./manifest.ts"))
  const { objects, failures } = await readManifests(client, files)
  if (failures[0] !== undefined) fail(failures[0].message)
  return objects.map(({ resource, name, namespace }) => ({ resource, names: [name], namespace }))
}

/** One object that was asked for. */
export interface Found {
  resource: Resource
  object: ApiObject
}

/** Reads what the targets name. */
export function fetchTargets(client: Client, targets: readonly Target[]): { found: Found[]; failures: Failure[] } {
  const { flags } = client
  const query = { labelSelector: flags.value("selector"), fieldSelector: flags.value("field-selector") }
  const found: Found[] = []
  const failures: Failure[] = []
  for (const { resource, names, namespace } of targets) {
    if (names === undefined)
      found.push(...client.list(resource, query).map((object) => ({ resource, object: typedItem(resource, object) })))
    else
      for (const name of names) {
        const object = client.find(resource, name, namespace)
        if (!isFailure(object)) found.push({ resource, object: object as ApiObject })
        else if (!(flags.has("ignore-not-found") && object.reason === "NotFound")) failures.push(statusFailure(object))
      }
  }
  return { found, failures }
}

/** Items of a list carry no kind on the wire; kubectl knows it from the list. */
const typedItem = (resource: Resource, object: ApiObject): ApiObject =>
  object.kind === undefined ? { ...object, kind: resource.kind } : object
