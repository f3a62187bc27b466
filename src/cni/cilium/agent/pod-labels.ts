/** A pod of the API as identities and named ports see it. Models pkg/k8s/labels.go GetPodMetadata. */
import type { ApiObject, Pod } from "../../../kube/api/types.ts"
import { podIdentityLabels } from "../../../policy/identity-labels.ts"
import type { LabelSet } from "../../../policy/labels.ts"

/** The labels of a pod's identity. */
export function podLabels({ metadata, spec }: Pod, namespace: ApiObject | undefined, clusterName: string): LabelSet {
  return podIdentityLabels({
    namespace: metadata.namespace ?? "default",
    namespaceLabels: namespace?.metadata.labels ?? {},
    labels: metadata.labels ?? {},
    serviceAccount: spec.serviceAccountName ?? "",
    clusterName,
  })
}

/** Ports that a pod's containers name: `name/protocol` by number. */
export function namedPorts(pod: Pod): Map<string, number[]> {
  const ports = new Map<string, number[]>()
  for (const { ports: list = [] } of pod.spec.containers)
    for (const { name, containerPort, protocol = "TCP" } of list) {
      if (name === undefined || name === "") continue
      const key = `${name.toLowerCase()}/${PROTOCOLS[protocol] ?? 6}`
      const known = ports.get(key)
      if (known === undefined) ports.set(key, [containerPort])
      else if (!known.includes(containerPort)) known.push(containerPort)
    }
  return ports
}

const PROTOCOLS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 }
