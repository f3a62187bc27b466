/** Service accounts of kube-system, and the roles of kubeadm's add-ons. */
import type { Manifest } from "../api/types.ts"

const SYSTEM = "kube-system"
const RBAC = "rbac.authorization.k8s.io"

/** One for each controller of kube-controller-manager, and kubeadm's add-ons. */
const ACCOUNTS: readonly string[] =
  `attachdetach-controller bootstrap-signer certificate-controller clusterrole-aggregation-controller coredns cronjob-controller
  daemon-set-controller deployment-controller disruption-controller endpoint-controller endpointslice-controller
  endpointslicemirroring-controller ephemeral-volume-controller expand-controller generic-garbage-collector
  horizontal-pod-autoscaler job-controller kube-proxy legacy-service-account-token-cleaner namespace-controller node-controller
  persistent-volume-binder pod-garbage-collector pv-protection-controller pvc-protection-controller replicaset-controller
  replication-controller resourcequota-controller root-ca-cert-publisher service-account-controller statefulset-controller
  token-cleaner ttl-after-finished-controller ttl-controller validatingadmissionpolicy-status-controller`.split(/\s+/)

const rule = (apiGroup: string, resources: string[], verbs: string[]): object => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
})

const role = (name: string, rules: object[]): Manifest => ({
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRole",
  metadata: { name },
  rules,
})

const binding = (name: string, roleName: string, subject: object): Manifest => ({
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: roleName },
  subjects: [subject],
})

const account = (name: string): object => ({ kind: "ServiceAccount", name, namespace: SYSTEM })
const group = (name: string): object => ({ apiGroup: RBAC, kind: "Group", name })

export function accountsAndRoles(): Manifest[] {
  const read = ["list", "watch"]
  return [
    ...ACCOUNTS.map((name) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: SYSTEM } })),
    role("cluster-admin", [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ]),
    role("kubeadm:get-nodes", [rule("", ["nodes"], ["get"])]),
    role("system:coredns", [
      rule("", ["endpoints", "services", "pods", "namespaces"], read),
      rule("discovery.k8s.io", ["endpointslices"], read),
    ]),
    role("system:node-proxier", [
      rule("", ["endpoints", "services"], read),
      rule("", ["nodes"], ["get", "list", "watch"]),
      { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "update"] },
      rule("discovery.k8s.io", ["endpointslices"], read),
    ]),
    binding("cluster-admin", "cluster-admin", group("system:masters")),
    binding("kubeadm:cluster-admins", "cluster-admin", group("kubeadm:cluster-admins")),
    binding("kubeadm:get-nodes", "kubeadm:get-nodes", group("system:bootstrappers:kubeadm:default-node-token")),
    binding("kubeadm:node-proxier", "system:node-proxier", account("kube-proxy")),
    binding("system:coredns", "system:coredns", account("coredns")),
  ]
}
