/** What every sub-command needs: the API in memory, names of kinds, kubectl's way of failing. */
import type { ApiRequest, ApiResponse } from "../../kube/api/request.ts"
import { formatQuery } from "../../kube/api/request.ts"
import { apiVersionOf, type Resource } from "../../kube/api/resource.ts"
import type { ApiServer } from "../../kube/api/server.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { Process } from "../../linux/task/process.ts"

/** Ends the command: text for standard error (with its line break) and the exit code. */
export class KubectlError {
  readonly text: string
  readonly code: number
  constructor(text: string, code = 1) {
    this.text = text
    this.code = code
  }
}

export const fail = (message: string, code = 1): never => {
  throw new KubectlError(`${message}\n`, code)
}

/** `Error from server (NotFound): pods "nope" not found`; Invalid has a form of its own. */
export function statusText(status: Status): string {
  if (status.reason === "Invalid" && status.details?.causes !== undefined) {
    const { kind = "", name = "", causes } = status.details
    const lines = causes.map((cause) => `${cause.field ?? ""}: ${cause.message}`)
    if (causes.length === 1) return `The ${kind} ${JSON.stringify(name)} is invalid: ${lines[0]}`
    return `The ${kind} ${JSON.stringify(name)} is invalid: \n${lines.map((line) => `* ${line}`).join("\n")}`
  }
  return `Error from server (${status.reason ?? "Unknown"}): ${status.message ?? ""}`
}

export class Client {
  readonly api: ApiServer
  readonly proc: Process
  namespace: string
  allNamespaces = false

  constructor(api: ApiServer, proc: Process, namespace: string) {
    this.api = api
    this.proc = proc
    this.namespace = namespace
  }

  request(request: ApiRequest): ApiResponse {
    return this.api.handle(request)
  }

  /** The body of a good answer; otherwise the status. */
  ask(request: ApiRequest): unknown {
    const answer = this.request(request)
    return answer.body
  }

  /** By plural, singular, short name or kind, with or without the group. */
  resource(word: string): Resource {
    const name = word.toLowerCase()
    const found = this.api.registry.resources.find((resource) => {
      const group = resource.group === "" ? "" : `.${resource.group}`
      const names = [resource.plural, resource.singular, resource.kind.toLowerCase(), ...(resource.shortNames ?? [])]
      return names.includes(name) || names.some((known) => group !== "" && name === known + group)
    })
    return found ?? fail(`error: the server doesn't have a resource type ${JSON.stringify(word)}`)
  }

  path(
    resource: Resource,
    name?: string,
    namespace: string = this.namespace,
    query: Readonly<Record<string, string | undefined>> = {},
  ): string {
    const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`
    const place = resource.namespaced && !(this.allNamespaces && name === undefined) ? `/namespaces/${namespace}` : ""
    const text = formatQuery(query)
    return `${root}${place}/${resource.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}${text === "" ? "" : `?${text}`}`
  }

  /** An object, or the end of the command with the server's words. */
  get(resource: Resource, name: string): Record<string, unknown> {
    const body = this.ask({ method: "GET", path: this.path(resource, name) })
    if (isFailure(body)) fail(statusText(body))
    return body as Record<string, unknown>
  }
}

/** `pod/web` as commands print it: `deployment.apps/web`. */
export function printedName(resource: Resource, name: string): string {
  return `${resource.singular}${resource.group === "" ? "" : `.${resource.group}`}/${name}`
}
