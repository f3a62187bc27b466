/** From a pod to the labels its identity is made of. Models pkg/k8s/labels.go GetPodMetadata and pkg/labelsfilter/filter.go. */
import type { ApiObject, Pod } from "../../../kube/api/types.ts"
import { LabelSet } from "../../../policy/labels.ts"

const NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels"

/** Anchored at the start of a key; among those that match, the longest match decides. */
const FILTERS: readonly (readonly [include: boolean, pattern: RegExp])[] = [
  [true, /^io\.kubernetes\.pod\.namespace/],
  [true, /^io\.cilium\.k8s\.namespace\.labels/],
  [true, /^app\.kubernetes\.io/],
  [true, /^io\.cilium\.k8s\.policy\.cluster/],
  [true, /^io\.cilium\.k8s\.policy\.serviceaccount/],
  [false, /^io\.kubernetes/],
  [false, /^kubernetes\.io/],
  [false, /^statefulset\.kubernetes\.io\/pod-name/],
  [false, /^apps\.kubernetes\.io\/pod-index/],
  [false, /^batch\.kubernetes\.io\/job-completion-index/],
  [false, /^batch\.kubernetes\.io\/controller-uid/],
  [false, /^.*beta\.kubernetes\.io/],
  [false, /^k8s\.io/],
  [false, /^pod-template-generation/],
  [false, /^pod-template-hash/],
  [false, /^controller-revision-hash/],
  [false, /^controller-uid/],
  [false, /^annotation.*/],
  [false, /^etcd_node/],
]

/** Whether a label takes part in identities. */
export function isRelevant(key: string): boolean {
  let longest = 0
  // Without a word for it, a label counts.
  let include = true
  for (const [wanted, pattern] of FILTERS) {
    const length = pattern.exec(key)?.[0].length ?? 0
    if (length > longest) {
      longest = length
      include = wanted
    }
  }
  return include
}

/** The labels of a pod's identity. */
export function podLabels(pod: Pod, namespace: ApiObject | undefined, clusterName: string): LabelSet {
  const labels: Record<string, string> = {}
  // What Cilium adds itself cannot be claimed by a pod.
  for (const [key, value] of Object.entries(pod.metadata.labels ?? {}))
    if (!key.startsWith("io.cilium.k8s")) labels[key] = value
  for (const [key, value] of Object.entries(namespace?.metadata.labels ?? {}))
    labels[`${NAMESPACE_LABELS}.${key}`] = value
  labels["io.kubernetes.pod.namespace"] = pod.metadata.namespace ?? "default"
  labels["io.cilium.k8s.policy.cluster"] = clusterName
  labels["io.cilium.k8s.policy.serviceaccount"] = pod.spec.serviceAccountName || "default"
  return new LabelSet(
    Object.entries(labels)
      .filter(([key]) => isRelevant(key))
      .map(([key, value]) => (value === "" ? `k8s:${key}` : `k8s:${key}=${value}`)),
  )
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
