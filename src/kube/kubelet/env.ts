/** Environment variables of containers. Models pkg/kubelet/kubelet_pods.go makeEnvironmentVariables. */
import type { Container, EnvVarSource, ResourceFieldSelector } from "kubernetes-types/core/v1.js"
import { fromBase64 } from "../api/defaults.ts"
import { parseQuantity } from "../api/quantity.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { ApiObject, Node, Pod, Service } from "../api/types.ts"

/** What cannot be resolved: the container then waits with CreateContainerConfigError. */
export interface ConfigError {
  readonly configError: string
}

/** `$(NAME)` becomes the value of NAME, `$$` a dollar sign; unknown names stay as written. Models third_party/forked/golang/expansion. */
export function expand(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, first: string, name: string | undefined) =>
    first === "$" ? "$" : (env.get(name ?? "") ?? whole),
  )
}

export function containerEnv(
  registry: Registry,
  pod: Pod,
  container: Container,
  node: { name: string; ip: string },
  podIp: string,
): Map<string, string> | ConfigError {
  const env = new Map<string, string>()
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? ""
    const data =
      source.configMapRef === undefined
        ? secretData(registry, pod, source.secretRef)
        : configData(registry, pod, source.configMapRef)
    if ("configError" in data) return data
    for (const [key, value] of Object.entries(data.values)) env.set(prefix + key, value)
  }
  const services = serviceEnv(registry, pod)
  for (const variable of container.env ?? []) {
    const all = new Map([...services, ...env])
    const value =
      variable.valueFrom === undefined
        ? expand(variable.value ?? "", all)
        : resolve(registry, pod, container, variable.valueFrom, node, podIp)
    if (typeof value === "object") return value
    if (value !== undefined) env.set(variable.name, value)
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value)
  return env
}

type Data = { values: Record<string, string> } | ConfigError
type Reference = { name?: string; optional?: boolean; key?: string } | undefined

function configData(registry: Registry, pod: Pod, ref: Reference): Data {
  const object = registry.get(registry.resource("configmaps"), pod.metadata.namespace, ref?.name ?? "")
  if (isStatus(object))
    return ref?.optional === true ? { values: {} } : { configError: `configmap ${JSON.stringify(ref?.name)} not found` }
  return { values: (object["data"] ?? {}) as Record<string, string> }
}

function secretData(registry: Registry, pod: Pod, ref: Reference): Data {
  const object = registry.get(registry.resource("secrets"), pod.metadata.namespace, ref?.name ?? "")
  if (isStatus(object))
    return ref?.optional === true ? { values: {} } : { configError: `secret ${JSON.stringify(ref?.name)} not found` }
  const data = (object["data"] ?? {}) as Record<string, string>
  return {
    values: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        new TextDecoder().decode(fromBase64(value) ?? new Uint8Array(0)),
      ]),
    ),
  }
}

function resolve(
  registry: Registry,
  pod: Pod,
  container: Container,
  source: EnvVarSource,
  node: { name: string; ip: string },
  podIp: string,
): string | undefined | ConfigError {
  if (source.fieldRef !== undefined) return podField(pod, source.fieldRef.fieldPath, node, podIp)
  if (source.resourceFieldRef !== undefined)
    return resourceField(registry, pod, container, source.resourceFieldRef, node)
  const ref: Reference = source.configMapKeyRef ?? source.secretKeyRef
  const kind = source.configMapKeyRef === undefined ? "Secret" : "ConfigMap"
  const data = source.configMapKeyRef === undefined ? secretData(registry, pod, ref) : configData(registry, pod, ref)
  if ("configError" in data) return data
  const value = data.values[ref?.key ?? ""]
  if (value === undefined && ref?.optional !== true)
    return { configError: `couldn't find key ${ref?.key} in ${kind} ${pod.metadata.namespace}/${ref?.name}` }
  return value
}

/** `limits.memory` and the like; a limit nobody set is what the node has to give. Models pkg/api/v1/resource ExtractContainerResourceValue. */
function resourceField(
  registry: Registry,
  pod: Pod,
  container: Container,
  { resource, containerName, divisor }: ResourceFieldSelector,
  node: { name: string },
): string | ConfigError {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  const { resources } = all.find(({ name }) => name === containerName) ?? container
  const [kind = "", what = ""] = resource.split(".")
  const set = (kind === "requests" ? resources?.requests : resources?.limits)?.[what]
  const found = registry.get(registry.resource("nodes"), undefined, node.name)
  const room = isStatus(found) ? undefined : (found as Node).status.allocatable?.[what]
  const amount = parseQuantity(String(set ?? (kind === "limits" ? room : undefined) ?? "0"))
  const unit = parseQuantity(String(divisor ?? "1"))
  if (amount === undefined || unit === undefined || unit === 0)
    return { configError: `unsupported container resource : ${resource}` }
  return String(Math.ceil(amount / unit))
}

/** The downward API's fields. */
export function podField(pod: Pod, path: string, node: { name: string; ip: string }, podIp: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (subscript !== null) return pod.metadata[subscript[1] as "labels"]?.[subscript[2] as string] ?? ""
  const fields: Readonly<Record<string, string>> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace ?? "",
    "metadata.uid": pod.metadata.uid,
    "spec.nodeName": node.name,
    "spec.serviceAccountName": pod.spec.serviceAccountName ?? "",
    "status.hostIP": node.ip,
    "status.hostIPs": node.ip,
    "status.podIP": podIp,
    "status.podIPs": podIp,
  }
  return fields[path] ?? ""
}

/** KUBERNETES_SERVICE_HOST and its like, for Services of the pod's namespace and default/kubernetes. Models pkg/kubelet/envvars. */
export function serviceEnv(registry: Registry, pod: Pod): Map<string, string> {
  const env = new Map<string, string>()
  const all = registry.list(registry.resource("services")) as (ApiObject & Service)[]
  for (const service of all) {
    const isApi = service.metadata.namespace === "default" && service.metadata.name === "kubernetes"
    if (!isApi && (service.metadata.namespace !== pod.metadata.namespace || pod.spec.enableServiceLinks === false))
      continue
    const ip = service.spec.clusterIP ?? ""
    if (ip === "" || ip === "None") continue
    serviceVariables(env, service, ip)
  }
  return env
}

function serviceVariables(env: Map<string, string>, service: Service, ip: string): void {
  const prefix = service.metadata.name.toUpperCase().replaceAll("-", "_")
  const ports = service.spec.ports ?? []
  env.set(`${prefix}_SERVICE_HOST`, ip)
  env.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? ""))
  for (const port of ports)
    if (port.name !== undefined && port.name !== "")
      env.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll("-", "_")}`, String(port.port))
  for (const [i, port] of ports.entries()) {
    const protocol = port.protocol ?? "TCP"
    const url = `${protocol.toLowerCase()}://${ip}:${port.port}`
    const name = `${prefix}_PORT_${port.port}_${protocol}`
    if (i === 0) env.set(`${prefix}_PORT`, url)
    env.set(name, url)
    env.set(`${name}_PROTO`, protocol.toLowerCase())
    env.set(`${name}_PORT`, String(port.port))
    env.set(`${name}_ADDR`, ip)
  }
}
