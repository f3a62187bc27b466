/**
 * What somebody without credentials may ask of a kubeadm cluster's API server: whether it is well, its version, and kube-public's
 * cluster-info. Models k8s.io/apiserver/pkg/endpoints/request/requestinfo.go and handlers/responsewriters/errors.go.
 */
import { parseQuery } from "./request.ts"
import { anonymousForbidden, type GroupName, type Status, unauthorized } from "./status.ts"

const USER = "system:anonymous"
const HEALTH = ["/healthz", "/livez", "/readyz"]
/** The ClusterRole system:public-info-viewer, bound to system:unauthenticated. */
const PUBLIC_INFO = [...HEALTH, "/version"]
const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
}

interface ResourceRequest {
  verb: string
  group: string
  /** Empty at the cluster scope. */
  namespace: string
  resource: string
  name: string
  subresource: string
}

/** Why a request is turned away, or `undefined`. `authorization`: the header; podwire's servers know no tokens. */
export function anonymousRefusal(
  method: string,
  target: string,
  authorization: string | undefined,
): Status | undefined {
  if (/^bearer /i.test(authorization ?? "")) return unauthorized()
  const mark = target.indexOf("?")
  const path = mark < 0 ? target : target.slice(0, mark)
  const request = resourceRequest(method, path, mark < 0 ? "" : target.slice(mark + 1))
  if (request === undefined) return pathRefusal(method, path, PUBLIC_INFO)
  const { verb, group, namespace, resource, name, subresource } = request
  // kubeadm's Role kubeadm:bootstrap-signer-clusterinfo.
  if (`${verb} ${namespace}/${resource}/${name}` === "get kube-public/configmaps/cluster-info") return undefined
  const asked = JSON.stringify(subresource === "" ? resource : `${resource}/${subresource}`)
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`
  const why = `User "${USER}" cannot ${verb} resource ${asked} in API group ${JSON.stringify(group)} ${scope}`
  const of: GroupName = { group, name: resource }
  return anonymousForbidden(why, of, name)
}

/** The same of a server that has no resources: kube-controller-manager, kube-scheduler. */
export const healthOnlyRefusal = (method: string, path: string): Status | undefined => pathRefusal(method, path, HEALTH)

function pathRefusal(method: string, path: string, open: readonly string[]): Status | undefined {
  const verb = method.toLowerCase()
  if (verb === "get" && open.includes(path.replace(/(?<=.)\/$/, ""))) return undefined
  return anonymousForbidden(`User "${USER}" cannot ${verb} path ${JSON.stringify(path)}`)
}

function resourceRequest(method: string, path: string, query: string): ResourceRequest | undefined {
  const match = /^\/(?:api\/[^/]+|apis\/([^/]+)\/[^/]+)\/(.+)$/.exec(path)
  if (match === null) return undefined
  let parts = (match[2] as string).split("/").filter((part) => part !== "")
  let namespace = ""
  if (parts[0] === "namespaces" && parts.length > 1) {
    namespace = parts[1] as string
    if (parts.length > 2 && !["status", "finalize"].includes(parts[2] as string)) parts = parts.slice(2)
  }
  const [resource = "", name = "", subresource = ""] = parts
  const verb = VERBS[method] ?? ""
  return {
    verb: name === "" ? ofMany(verb, query) : verb,
    group: match[1] ?? "",
    namespace,
    resource,
    name,
    subresource,
  }
}

function ofMany(verb: string, query: string): string {
  if (verb === "delete") return "deletecollection"
  if (verb !== "get") return verb
  return ["1", "true"].includes(parseQuery(query).get("watch")?.[0] ?? "") ? "watch" : "list"
}
