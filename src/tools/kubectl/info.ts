/** kubectl version, cluster-info, api-resources, api-versions, top: what the server is and has. */
import { verbsOf, versionInfo } from "../../kube/api/discovery.ts"
import { dicts, goJson, text } from "../../kube/api/json.ts"
import { apiVersionOf } from "../../kube/api/resource.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { VERSIONS } from "../../versions.ts"
import { type Client, preferred } from "./client.ts"
import { fail, usage } from "./failure.ts"
import { renderTable } from "./table.ts"
import { toYaml } from "./yaml/emit.ts"

const KUSTOMIZE = "v5.4.2"
/** Go prints the fields of a struct in its own order, not by name. */
const VERSION_FIELDS = [
  "major",
  "minor",
  "gitVersion",
  "gitCommit",
  "gitTreeState",
  "buildDate",
  "goVersion",
  "compiler",
  "platform",
]

function structJson(info: Readonly<Record<string, string>>): string {
  const fields = VERSION_FIELDS.map((name) => `    ${JSON.stringify(name)}: ${goJson(info[name])}`)
  return `{\n${fields.join(",\n")}\n  }`
}

export async function version(client: Client): Promise<number> {
  const { flags, proc } = client
  if (flags.words.length > 0) fail(`extra arguments: [${flags.words.join(" ")}]`)
  const output = flags.value("output") ?? ""
  const own = versionInfo()
  const server = flags.has("client")
    ? undefined
    : (client.request({ method: "GET", path: "/version" }).body as Record<string, string>)
  if (output === "") {
    const lines = [`Client Version: v${VERSIONS.kubernetes}`, `Kustomize Version: ${KUSTOMIZE}`]
    if (server !== undefined) lines.push(`Server Version: ${server["gitVersion"]}`)
    await proc.out(`${lines.join("\n")}\n`)
  } else if (output === "json") {
    const parts = [`"clientVersion": ${structJson(own)}`, `"kustomizeVersion": "${KUSTOMIZE}"`]
    if (server !== undefined) parts.push(`"serverVersion": ${structJson(server)}`)
    await proc.out(`{\n  ${parts.join(",\n  ")}\n}\n`)
  } else if (output === "yaml")
    await proc.out(
      `${toYaml({ clientVersion: own, kustomizeVersion: KUSTOMIZE, ...(server === undefined ? {} : { serverVersion: server }) })}\n`,
    )
  else fail("--output must be 'yaml' or 'json'")
  return 0
}

export async function clusterInfo(client: Client): Promise<number> {
  if (client.flags.words.length > 0) fail(`podwire's kubectl does not support cluster-info ${client.flags.words[0]}`)
  const [endpoint] = client.api.registry.list(client.api.registry.resource("endpoints"), {
    namespace: "default",
    name: "kubernetes",
  })
  const subset = (
    endpoint?.["subsets"] as { addresses: { ip: string }[]; ports: { port: number }[] }[] | undefined
  )?.[0]
  const url = `https://${subset?.addresses[0]?.ip}:${subset?.ports[0]?.port}`
  const services = client.api.registry.list(client.api.registry.resource("services"), { namespace: "kube-system" })
  const running = (name: string, link: string): string =>
    `\x1b[0;32m${name}\x1b[0m is running at \x1b[0;33m${link}\x1b[0m\n`
  const lines = services
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/cluster-service"] === "true")
    .map((service) =>
      running(service.metadata.labels?.["kubernetes.io/name"] ?? service.metadata.name, `${url}${proxyPath(service)}`),
    )
  await client.proc.out(
    `${running("Kubernetes control plane", url)}${lines.join("")}\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n`,
  )
  return 0
}

/** A service through the API server's proxy: `[https:]name[:port]`. */
function proxyPath({ metadata, spec }: ApiObject): string {
  const [port] = dicts(spec, "ports")
  const name = text(port, "name")
  const scheme = name === "https" || port?.["port"] === 443 ? "https:" : ""
  const whole = scheme === "" && name === "" ? metadata.name : `${scheme}${metadata.name}:${name}`
  return `/api/v1/namespaces/${metadata.namespace}/services/${whole}/proxy`
}

export async function apiResources(client: Client): Promise<number> {
  const { flags, proc } = client
  if (flags.words.length > 0) usage("api-resources", `unexpected arguments: [${flags.words.join(" ")}]`)
  const output = flags.value("output") ?? ""
  if (!["", "name", "wide"].includes(output)) fail(`--output ${output} is not available`)
  const chosen = preferred(client.api.registry.resources).filter((resource) => {
    if (flags.value("namespaced") !== undefined && resource.namespaced !== flags.has("namespaced")) return false
    if (flags.value("api-group") !== undefined && resource.group !== flags.value("api-group")) return false
    const categories = flags.list("categories")
    return categories.every((category) => resource.categories?.includes(category) === true)
  })
  const groups = [...new Set(chosen.map(apiVersionOf))].sort(
    (a, b) => Number(a.includes("/")) - Number(b.includes("/")) || (a < b ? -1 : 1),
  )
  const sorted = groups.flatMap((group) =>
    chosen.filter((resource) => apiVersionOf(resource) === group).toSorted((a, b) => (a.plural < b.plural ? -1 : 1)),
  )
  if (output === "name") {
    await proc.out(sorted.map(({ plural, group }) => `${plural}${group === "" ? "" : `.${group}`}\n`).join(""))
    return 0
  }
  const wide = output === "wide"
  const rows = sorted.map((resource) => [
    resource.plural,
    resource.shortNames?.join(",") ?? "",
    apiVersionOf(resource),
    String(resource.namespaced),
    resource.kind,
    ...(wide ? [verbsOf(resource).join(","), resource.categories?.join(",") ?? ""] : []),
  ])
  const headers = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", ...(wide ? ["VERBS", "CATEGORIES"] : [])]
  await proc.out(renderTable(headers, rows, !flags.has("no-headers")))
  return 0
}

export async function apiVersions(client: Client): Promise<number> {
  const all = new Set(client.api.registry.resources.map(apiVersionOf))
  await client.proc.out(
    [...all]
      .sort()
      .map((text) => `${text}\n`)
      .join(""),
  )
  return 0
}

/** There is no metrics server in the cluster. */
export async function top(): Promise<number> {
  return fail("Metrics API not available")
}
