/** What a kubeadm cluster's admission plugins add to objects: service accounts, tolerations, priorities, service addresses. */
import type { Prng } from "../../sim/prng.ts"
import { formatIpv4, type Prefix } from "../../wire/address.ts"
import { type FieldError, invalidValue } from "./field-error.ts"
import { type Dict, dicts, section, strings, text } from "./json.ts"
import type { Admission, Registry } from "./registry.ts"
import * as status from "./status.ts"
import type { Service } from "./types.ts"

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"

/** Gives every pod a service account, and its token as a volume. Models plugin/pkg/admission/serviceaccount. */
export function serviceAccountAdmission(registry: Registry): Admission {
  return (resource, object, old) => {
    if (resource.kind !== "Pod" || old !== undefined) return undefined
    const spec = section(object, "spec")
    const metadata = section(object, "metadata")
    // The mirror of a static pod has no account: a kubelet cannot wait for one.
    if ("kubernetes.io/config.mirror" in strings(metadata, "annotations")) return undefined
    spec["serviceAccountName"] ??= "default"
    spec["serviceAccount"] = spec["serviceAccountName"]
    const account = registry.get(
      registry.resource("serviceaccounts"),
      text(metadata, "namespace"),
      text(spec, "serviceAccountName"),
    )
    if (status.isStatus(account)) {
      const { namespace, name } = { namespace: text(metadata, "namespace"), name: text(spec, "serviceAccountName") }
      return status.forbidden(
        { group: "", name: "pods" },
        text(metadata, "name"),
        `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
      )
    }
    if (spec["automountServiceAccountToken"] !== false && account["automountServiceAccountToken"] !== false)
      mountToken(registry, spec, `${text(metadata, "namespace")}/${text(metadata, "name")}`)
    return undefined
  }
}

function mountToken(registry: Registry, spec: Dict, pod: string): void {
  const containers = [...dicts(spec, "containers"), ...dicts(spec, "initContainers")]
  const mounts = (container: Dict): Dict[] => dicts(container, "volumeMounts")
  const without = containers.filter(
    (container) => !mounts(container).some((mount) => mount["mountPath"] === TOKEN_PATH),
  )
  if (without.length === 0) return
  const name = `kube-api-access-${registry.randomSuffix(`kube-api-access/${pod}`)}`
  for (const container of without)
    container["volumeMounts"] = [...mounts(container), { name, readOnly: true, mountPath: TOKEN_PATH }]
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] },
    },
  ]
  spec["volumes"] = [...dicts(spec, "volumes"), { name, projected: { sources, defaultMode: 420 } }]
}

const EVICTION_SECONDS = 300

/** Pods stay five minutes on a node that went away. Models plugin/pkg/admission/defaulttolerationseconds. */
export const defaultTolerations: Admission = (resource, object, old) => {
  if (resource.kind !== "Pod" || old !== undefined) return undefined
  const spec = section(object, "spec")
  const tolerations = dicts(spec, "tolerations")
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const tolerated = tolerations.some(
      (t) => (t["key"] === key || (t["key"] ?? "") === "") && ["NoExecute", ""].includes(text(t, "effect")),
    )
    if (!tolerated)
      tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: EVICTION_SECONDS })
  }
  spec["tolerations"] = tolerations
  return undefined
}

/** Resolves priority classes; without one the default class counts, if there is one. Models plugin/pkg/admission/priority. */
export function priorityAdmission(registry: Registry): Admission {
  const classes = registry.resource("priorityclasses")
  return (resource, object, old) => {
    if (resource.kind !== "Pod" || old !== undefined) return undefined
    const spec = section(object, "spec")
    const name = text(spec, "priorityClassName")
    const chosen =
      name === ""
        ? registry.list(classes).find((candidate) => candidate["globalDefault"] === true)
        : registry.get(classes, undefined, name)
    if (chosen !== undefined && status.isStatus(chosen))
      return status.forbidden(
        { group: "", name: "pods" },
        text(section(object, "metadata"), "name"),
        `no PriorityClass with name ${name} was found`,
      )
    if (chosen !== undefined) spec["priorityClassName"] = chosen.metadata.name
    spec["priority"] = chosen?.["value"] ?? 0
    spec["preemptionPolicy"] ??= chosen?.["preemptionPolicy"] ?? "PreemptLowerPriority"
    return undefined
  }
}

/** Guaranteed, Burstable or BestEffort, from what the containers ask for. Models pkg/apis/core/v1/helper/qos. */
export const qualityOfService: Admission = (resource, object, old) => {
  if (resource.kind !== "Pod" || old !== undefined) return undefined
  const spec = section(object, "spec")
  const containers = [...dicts(spec, "containers"), ...dicts(spec, "initContainers")]
  const asks = containers.map((container) => ({
    limits: strings(container["resources"], "limits"),
    requests: strings(container["resources"], "requests"),
  }))
  const some = asks.some(({ limits, requests }) => [limits, requests].some((map) => "cpu" in map || "memory" in map))
  const all = asks.every(({ limits, requests }) =>
    ["cpu", "memory"].every((name) => limits[name] !== undefined && limits[name] === requests[name]),
  )
  section(object, "status")["qosClass"] = !some ? "BestEffort" : all ? "Guaranteed" : "Burstable"
  return undefined
}

const NODE_PORTS = { first: 30000, count: 2768 }

/** Hands out cluster addresses and node ports. Models pkg/registry/core/service/storage/alloc.go. */
export function serviceAddresses(registry: Registry, range: Prefix, prng: Prng): Admission {
  const taken = (): { addresses: Set<string>; ports: Set<number> } => {
    const services = registry.list(registry.resource("services")) as Service[]
    return {
      addresses: new Set(services.map(({ spec }) => spec.clusterIP ?? "")),
      ports: new Set(services.flatMap(({ spec }) => (spec.ports ?? []).map((port) => port.nodePort ?? 0))),
    }
  }
  return (resource, object, old) => {
    if (resource.kind !== "Service") return undefined
    const spec = section(object, "spec")
    if (spec["type"] === "ExternalName") return undefined
    const { addresses, ports } = taken()
    const before = (old as Service | undefined)?.spec.clusterIP
    spec["clusterIP"] ??= before ?? freeAddress(range, addresses, prng)
    const errors = old === undefined ? refuseAddress(String(spec["clusterIP"]), addresses) : []
    if (errors.length > 0)
      return status.invalid({ group: "", name: "Service" }, text(section(object, "metadata"), "name"), errors)
    Object.assign(spec, {
      clusterIPs: [spec["clusterIP"]],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: spec["ipFamilyPolicy"] ?? "SingleStack",
    })
    if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer")
      for (const port of dicts(spec, "ports")) {
        while (port["nodePort"] === undefined || port["nodePort"] === 0) {
          const candidate = NODE_PORTS.first + prng.below(NODE_PORTS.count)
          if (!ports.has(candidate)) port["nodePort"] = candidate
        }
        ports.add(port["nodePort"] as number)
      }
    return undefined
  }
}

function refuseAddress(address: string, taken: ReadonlySet<string>): FieldError[] {
  if (address === "None" || !taken.has(address)) return []
  return [
    invalidValue("spec.clusterIPs", [address], `failed to allocate IP ${address}: provided IP is already allocated`),
  ]
}

function freeAddress(range: Prefix, taken: ReadonlySet<string>, prng: Prng): string {
  const size = 2 ** (32 - range.length)
  // The lowest addresses are left to those who ask for one by name (ServiceIPStaticSubrange).
  const offset = Math.min(Math.max(16, Math.floor(size / 16)), 256)
  for (;;) {
    const address = formatIpv4((range.address + offset + prng.below(size - offset - 1)) >>> 0)
    if (!taken.has(address)) return address
  }
}

/** Installs what kubeadm switches on. */
export function installAdmission(registry: Registry, serviceCidr: Prefix): void {
  const prng = registry.sim.prng.fork("kube-apiserver/services")
  registry.admission.push(
    serviceAccountAdmission(registry),
    defaultTolerations,
    priorityAdmission(registry),
    qualityOfService,
    serviceAddresses(registry, serviceCidr, prng),
  )
}
