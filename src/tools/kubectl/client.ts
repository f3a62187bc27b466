/** What every sub-command needs: the API in memory, names of kinds, the namespace. */
import type { ApiRequest, ApiResponse } from "../../kube/api/request.ts"
import { formatQuery } from "../../kube/api/request.ts"
import { apiVersionOf, type Resource } from "../../kube/api/resource.ts"
import type { ApiServer } from "../../kube/api/server.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Flags } from "../../shell/pflag.ts"
import { type Failure, fail, Stop, statusFailure } from "./failure.ts"

export type Query = Readonly<Record<string, string | undefined>>

export class Client {
  readonly api: ApiServer
  readonly proc: Process
  readonly flags: Flags
  readonly namespace: string
  readonly allNamespaces: boolean
  readonly #warnings = new Set<string>()
  #told = 0

  constructor(api: ApiServer, proc: Process, flags: Flags) {
    this.api = api
    this.proc = proc
    this.flags = flags
    this.namespace = flags.value("namespace") ?? "default"
    this.allNamespaces = flags.has("all-namespaces")
  }

  request(request: ApiRequest): ApiResponse {
    const answer = this.api.handle(request)
    for (const [, text = ""] of (answer.headers["warning"] ?? "").matchAll(/299 - ("(?:[^"\\]|\\.)*")/g))
      this.#warnings.add(JSON.parse(text) as string)
    return answer
  }

  /** The body of the answer; what the server warns of goes to standard error. */
  async ask(request: ApiRequest): Promise<unknown> {
    const needs = this.api.needs(request)
    if (needs !== undefined) await this.proc.task.load(needs)
    const { body } = this.request(request)
    await this.warn()
    return body
  }

  /** Says what the server warned of, each warning once. */
  async warn(): Promise<void> {
    const told = [...this.#warnings].slice(this.#told)
    this.#told = this.#warnings.size
    for (const text of told) await this.proc.err(`Warning: ${text}\n`)
  }

  /** An object, or what the server said instead. */
  find(resource: Resource, name: string, namespace: string = this.namespace): ApiObject | Status {
    return this.request({ method: "GET", path: this.path(resource, name, namespace) }).body as ApiObject | Status
  }

  /** An object, or the end of the command in the server's words. */
  get(resource: Resource, name: string, namespace: string = this.namespace): ApiObject {
    const found = this.find(resource, name, namespace)
    if (isFailure(found)) throw new Stop(statusFailure(found))
    return found as ApiObject
  }

  /** Objects in the namespace asked for. */
  list(resource: Resource, query: Query = {}): ApiObject[] {
    const { body } = this.request({ method: "GET", path: this.path(resource, undefined, this.namespace, query) })
    if (isFailure(body)) throw new Stop(listFailure(resource, query, body))
    return (body as { items: ApiObject[] }).items
  }

  /** By plural, singular, short name or kind; with the group, or version and group: `deployments.apps`, `pods.v1.`. */
  resource(word: string): Resource {
    const name = word.toLowerCase()
    const found = this.api.registry.resources.find((resource) => {
      const { group, version } = resource
      return [resource.plural, resource.singular, resource.kind.toLowerCase(), ...(resource.shortNames ?? [])].some(
        (known) => known === name || `${known}.${group}` === name || `${known}.${version}.${group}` === name,
      )
    })
    return found ?? fail(`the server doesn't have a resource type ${JSON.stringify(word.replace(/\..*/, ""))}`)
  }

  resourceOf(object: { apiVersion?: unknown; kind?: unknown }): Resource | undefined {
    return this.api.registry.resourceByKind(String(object.apiVersion), String(object.kind))
  }

  path(resource: Resource, name?: string, namespace: string = this.namespace, query: Query = {}): string {
    const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`
    const place = resource.namespaced && !(this.allNamespaces && name === undefined) ? `/namespaces/${namespace}` : ""
    const text = formatQuery(query)
    return `${root}${place}/${resource.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}${text === "" ? "" : `?${text}`}`
  }
}

/** What kubectl says around a list that the server refuses. */
export function listFailure({ group, version, plural }: Resource, query: Query, status: Status): Failure {
  if (status.reason !== "BadRequest" && status.reason !== "NotFound") return statusFailure(status)
  const { labelSelector = "", fieldSelector = "" } = query
  const what = JSON.stringify(`${group}/${version}, Resource=${plural}`)
  return statusFailure(status, (text) =>
    labelSelector === "" && fieldSelector === ""
      ? `Unable to list ${what}: ${text}`
      : `Unable to find ${what} that match label selector ${JSON.stringify(labelSelector)}, field selector ${JSON.stringify(fieldSelector)}: ${text}`,
  )
}

/** kubectl has the rules of strategic merge patches for the kinds of client-go alone. */
export const hasPatchRules = ({ custom, group }: Resource): boolean =>
  custom !== true && group !== "apiextensions.k8s.io"

/** Of the versions of a resource the preferred one: what kubectl asks for when no version is named. */
export const preferred = (resources: readonly Resource[]): Resource[] =>
  resources.filter(
    ({ group, plural }, i) => resources.findIndex((other) => other.group === group && other.plural === plural) === i,
  )

/** `deployment.apps`: a resource as messages name it. */
export const qualifiedKind = (resource: Resource): string =>
  `${resource.singular}${resource.group === "" ? "" : `.${resource.group}`}`

/** `deployment.apps/web`. */
export const printedName = (resource: Resource, name: string): string => `${qualifiedKind(resource)}/${name}`
