/** The CiliumEndpoint objects of a node's pods. Models pkg/endpoint/endpoint_status.go and pkg/k8s/watchers/endpointsynchronizer.go. */
import type { Registry } from "../../../kube/api/registry.ts"
import type { Resource } from "../../../kube/api/resource.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { Manifest, Pod } from "../../../kube/api/types.ts"
import { formatIpv4 } from "../../../wire/address.ts"
import { attachmentOf, type Endpoint } from "./endpoint.ts"

const resourceOf = (registry: Registry): Resource | undefined =>
  registry.resourceByKind("cilium.io/v2", "CiliumEndpoint")

function statusOf(endpoint: Endpoint, nodeIp: string): object {
  const { pod } = endpoint
  const ports = [...endpoint.namedPorts].flatMap(([key, list]) => {
    const slash = key.lastIndexOf("/")
    const protocol = { "6": "TCP", "17": "UDP", "132": "SCTP" }[key.slice(slash + 1)] ?? "TCP"
    return list.map((port) => ({ name: key.slice(0, slash), port, protocol }))
  })
  return {
    encryption: {},
    "external-identifiers": {
      "cni-attachment-id": attachmentOf(endpoint.containerId, endpoint.containerInterface),
      "container-id": endpoint.containerId,
      "k8s-namespace": pod?.namespace ?? "",
      "k8s-pod-name": pod?.name ?? "",
      "pod-name": `${pod?.namespace ?? ""}/${pod?.name ?? ""}`,
    },
    id: endpoint.id,
    identity: { id: endpoint.identity, labels: endpoint.labels.labels },
    ...(ports.length === 0 ? {} : { "named-ports": ports }),
    networking: { addressing: [{ ipv4: formatIpv4(endpoint.address) }], node: nodeIp },
    state: endpoint.state,
  }
}

/** Creates the endpoint's object, or brings it up to date. */
export function writeCiliumEndpoint(registry: Registry, endpoint: Endpoint, nodeIp: string): void {
  const resource = resourceOf(registry)
  const { pod } = endpoint
  if (resource === undefined || pod === undefined) return
  const known = registry.get(resource, pod.namespace, pod.name)
  const status = statusOf(endpoint, nodeIp)
  if (isStatus(known)) registry.create(resource, manifestOf(registry, endpoint, status))
  const old = isStatus(known) ? registry.get(resource, pod.namespace, pod.name) : known
  if (!isStatus(old) && JSON.stringify(old["status"]) !== JSON.stringify(status))
    registry.modify(resource, pod.namespace, pod.name, (object) => {
      object["status"] = status
    })
}

function manifestOf(registry: Registry, endpoint: Endpoint, status: object): Manifest {
  const { namespace = "", name = "", uid = "" } = endpoint.pod ?? {}
  const found = registry.get(registry.resource("pods"), namespace, name)
  const labels = isStatus(found) ? undefined : (found as Pod).metadata.labels
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumEndpoint",
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid }],
    },
    status,
  }
}

export function deleteCiliumEndpoint(registry: Registry, endpoint: Endpoint): void {
  const resource = resourceOf(registry)
  const { pod } = endpoint
  if (resource === undefined || pod === undefined) return
  const known = registry.get(resource, pod.namespace, pod.name)
  // A new pod of the same name may have it by now.
  if (isStatus(known)) return
  const id = (known["status"] as { id?: number } | undefined)?.id
  if (id === endpoint.id) registry.delete(resource, pod.namespace, pod.name, { gracePeriodSeconds: 0 })
}
