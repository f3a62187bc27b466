/** What the server says it serves: aggregated and legacy discovery, /version, OpenAPI v3. */
import { VERSIONS } from "../../versions.ts"
import { compareVersions } from "./crd/definition.ts"
import { apiVersionOf, type Resource } from "./resource.ts"

export const VERBS: readonly string[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
]

/** Custom resources are listed in another order; it shows in `api-resources -o wide`. */
const CUSTOM_VERBS: readonly string[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
]

export const verbsOf = (resource: Resource): readonly string[] => (resource.custom === true ? CUSTOM_VERBS : VERBS)

/** Groups in the server's order of priority; each is `[group, version]`. */
function groupVersions(resources: readonly Resource[]): { group: string; version: string; resources: Resource[] }[] {
  const found = new Map<string, { group: string; version: string; resources: Resource[] }>()
  for (const resource of resources) {
    const key = apiVersionOf(resource)
    const entry = found.get(key) ?? { group: resource.group, version: resource.version, resources: [] }
    entry.resources.push(resource)
    found.set(key, entry)
  }
  return [...found.values()]
}

/** The body of a subresource that is not of the resource's own kind. */
const SUBRESOURCE_KINDS: Readonly<Record<string, { group: string; version: string; kind: string; verbs: string[] }>> = {
  scale: { group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] },
  binding: { group: "", version: "v1", kind: "Binding", verbs: ["create"] },
  eviction: { group: "policy", version: "v1", kind: "Eviction", verbs: ["create"] },
  exec: { group: "", version: "v1", kind: "PodExecOptions", verbs: ["create", "get"] },
  attach: { group: "", version: "v1", kind: "PodAttachOptions", verbs: ["create", "get"] },
  portforward: { group: "", version: "v1", kind: "PodPortForwardOptions", verbs: ["create", "get"] },
  log: { group: "", version: "v1", kind: "Pod", verbs: ["get"] },
  finalize: { group: "", version: "v1", kind: "Namespace", verbs: ["update"] },
}

const subresourceKind = (
  resource: Resource,
  name: string,
): { group: string; version: string; kind: string; verbs: string[] } =>
  SUBRESOURCE_KINDS[name] ?? {
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    verbs: ["get", "patch", "update"],
  }

/** The same by group: a group's versions in their order of preference. */
function groups(resources: readonly Resource[]): { group: string; versions: ReturnType<typeof groupVersions> }[] {
  const found = new Map<string, ReturnType<typeof groupVersions>>()
  for (const entry of groupVersions(resources)) found.set(entry.group, [...(found.get(entry.group) ?? []), entry])
  return [...found].map(([group, versions]) => ({
    group,
    versions: versions.sort((a, b) => compareVersions(a.version, b.version)),
  }))
}

/** `APIGroupDiscoveryList`: of the core group (`core`), or of all the others. */
export function aggregatedDiscovery(resources: readonly Resource[], core: boolean, version: string): object {
  const items = groups(resources)
    .filter(({ group }) => (group === "") === core)
    .map(({ group, versions }) => ({
      metadata: { ...(core ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((entry) => ({
        version: entry.version,
        resources: entry.resources.map(discovered),
        freshness: "Current",
      })),
    }))
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
}

function discovered(resource: Resource): object {
  const { group, version, kind } = resource
  const subresources = (resource.subresources ?? []).map((name) => {
    const { verbs, ...responseKind } = subresourceKind(resource, name)
    return { subresource: name, responseKind, verbs }
  })
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: verbsOf(resource),
    ...(resource.shortNames === undefined ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories === undefined ? {} : { categories: resource.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  }
}

export function apiVersions(): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "192.168.80.101:6443" }],
  }
}

export function apiGroupList(resources: readonly Resource[]): object {
  const list = groups(resources)
    .filter(({ group }) => group !== "")
    .map(({ group, versions }) => {
      const entries = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }))
      return { name: group, versions: entries, preferredVersion: entries[0] }
    })
  return { kind: "APIGroupList", apiVersion: "v1", groups: list }
}

/** The legacy list of one group and version, or `undefined` when there is none. */
export function apiResourceList(resources: readonly Resource[], groupVersion: string): object | undefined {
  const own = resources.filter((resource) => apiVersionOf(resource) === groupVersion)
  if (own.length === 0) return undefined
  const list = own.flatMap((resource) => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: verbsOf(resource),
      ...(resource.shortNames === undefined ? {} : { shortNames: resource.shortNames }),
      ...(resource.categories === undefined ? {} : { categories: resource.categories }),
    },
    ...(resource.subresources ?? []).map((name) => {
      const { group, version, kind, verbs } = subresourceKind(resource, name)
      const foreign = group !== resource.group || version !== resource.version
      return {
        name: `${resource.plural}/${name}`,
        singularName: "",
        namespaced: resource.namespaced,
        ...(foreign ? { group, version } : {}),
        kind,
        verbs,
      }
    }),
  ])
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources: list }
}

/** The `gitVersion` and its company, as a 1.31 control plane built by the project answers. */
export function versionInfo(): Record<string, string> {
  const [major = "1", minor = "31"] = VERSIONS.kubernetes.split(".")
  return {
    major,
    minor,
    gitVersion: `v${VERSIONS.kubernetes}`,
    gitCommit: "8f3800390d488f54f74111f22973059e133f9cba",
    gitTreeState: "clean",
    buildDate: "2025-05-15T09:17:16Z",
    goVersion: "go1.23.8",
    compiler: "gc",
    platform: "linux/amd64",
  }
}

const pathOf = (groupVersion: string): string =>
  groupVersion.includes("/") ? `apis/${groupVersion}` : `api/${groupVersion}`

export function openApiIndex(resources: readonly Resource[]): object {
  const paths = groupVersions(resources).map(({ group, version }) => {
    const path = pathOf(apiVersionOf({ group, version }))
    return [path, { serverRelativeURL: `/openapi/v3/${path}` }]
  })
  return { paths: Object.fromEntries(paths) }
}

/** The least document by which kubectl knows that the server validates fields itself. */
export function openApiDocument(resources: readonly Resource[], path: string): object | undefined {
  const own = resources.filter((resource) => pathOf(apiVersionOf(resource)) === path)
  if (own.length === 0) return undefined
  const paths = own.map((resource) => [
    `/${path}/${resource.namespaced ? "namespaces/{namespace}/" : ""}${resource.plural}/{name}`,
    {
      patch: {
        "x-kubernetes-group-version-kind": { group: resource.group, version: resource.version, kind: resource.kind },
        parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
        responses: {},
      },
    },
  ])
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: `v${VERSIONS.kubernetes}` },
    components: { schemas: {} },
    paths: Object.fromEntries(paths),
  }
}

/**
 * OpenAPI v2 as protobuf, without definitions: kubectl asks for it when a kind is not in v3 (a List, a kind that does not exist), finds
 * nothing to check against, and goes on. Fields of gnostic's Document: 1 swagger, 2 info {1 title, 2 version}.
 */
export function openApiV2(): string {
  const field = (number: number, text: string): string => String.fromCharCode(number * 8 + 2, text.length) + text
  return field(1, "2.0") + field(2, field(1, "Kubernetes") + field(2, `v${VERSIONS.kubernetes}`))
}
