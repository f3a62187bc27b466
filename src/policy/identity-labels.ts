/**
 * The labels identities are made of. Models pkg/labelsfilter/filter.go (its default list, 1.18), pkg/k8s/utils/utils.go
 * SanitizePodLabels and pkg/labels/cidr.go.
 */
import { formatPrefix, type Prefix } from "./cidr.ts"
import type { DnsRule } from "./l7/rules.ts"
import { LabelSet } from "./labels.ts"
import { fqdnLabel } from "./selector.ts"

export interface PodLabels {
  readonly namespace: string
  readonly namespaceLabels: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** "default" if unset. */
  readonly serviceAccount?: string
  /** cluster-name ("default"). */
  readonly clusterName?: string
}

const META = "io.cilium.k8s"

/** What is left of a pod's labels, and what is added to them. */
export function podIdentityLabels(pod: PodLabels): LabelSet {
  return labelSet(pod, isIdentityLabel)
}

/** The same with every label of the pod: what the Kubernetes API selects by. */
export function allPodLabels(pod: PodLabels): LabelSet {
  return labelSet(pod, () => true)
}

function labelSet(pod: PodLabels, keep: (key: string) => boolean): LabelSet {
  const { namespace, namespaceLabels, labels, serviceAccount, clusterName } = pod
  const own = Object.entries(labels).filter(([key]) => !key.startsWith(META) && keep(key))
  const ofNamespace = Object.entries(namespaceLabels).map(([key, value]) => [`${META}.namespace.labels.${key}`, value])
  const added = [
    ["io.kubernetes.pod.namespace", namespace],
    [`${META}.policy.cluster`, clusterName ?? "default"],
    [
      `${META}.policy.serviceaccount`,
      serviceAccount === undefined || serviceAccount === "" ? "default" : serviceAccount,
    ],
  ]
  return new LabelSet(
    [...own, ...ofNamespace, ...added].map(([key, value]) => (value === "" ? `k8s:${key}` : `k8s:${key}=${value}`)),
  )
}

/** The longer match wins; what neither list names is kept. */
const INCLUDED: readonly RegExp[] = [/^app\.kubernetes\.io/]

const IGNORED: readonly RegExp[] = [
  /^io\.kubernetes/,
  /^kubernetes\.io/,
  /^statefulset\.kubernetes\.io\/pod-name/,
  /^apps\.kubernetes\.io\/pod-index/,
  /^batch\.kubernetes\.io\/job-completion-index/,
  /^batch\.kubernetes\.io\/controller-uid/,
  /^.*beta\.kubernetes\.io/,
  /^k8s\.io/,
  /^pod-template-generation/,
  /^pod-template-hash/,
  /^controller-revision-hash/,
  /^controller-uid/,
  /^annotation.*/,
  /^etcd_node/,
]

/** Whether a pod's label tells identities apart: labels that differ for every replica must not. */
export function isIdentityLabel(key: string): boolean {
  return matchLength(INCLUDED, key) > matchLength(IGNORED, key) || matchLength(IGNORED, key) === 0
}

function matchLength(patterns: readonly RegExp[], key: string): number {
  return Math.max(0, ...patterns.map((pattern) => pattern.exec(key)?.[0].length ?? 0))
}

/** Of a machine, where policies may name it by its labels: `node:kubernetes.io/hostname=worker-1`. */
export const nodeLabels = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([key, value]) => (value === "" ? `node:${key}` : `node:${key}=${value}`))

/** An address outside the cluster; of a prefix of no bits only the world is left. */
export function cidrIdentityLabels(prefix: Prefix, names: readonly DnsRule[] = []): LabelSet {
  const cidr = prefix.bits === 0 ? [] : [`cidr:${formatPrefix(prefix)}`]
  return new LabelSet([...cidr, ...names.map(fqdnLabel), "reserved:world"])
}
