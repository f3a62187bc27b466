/** The objects of kube-flannel.yml, in the order of the release asset. Models Documentation/kube-flannel.yml of 0.27.4. */

import type { Manifest } from "../../kube/api/types.ts"
import { VERSIONS } from "../../versions.ts"
import { IMAGE, PLUGIN_IMAGE } from "./images.ts"
import { type FlannelOptions, netConfJson } from "./options.ts"

export const NAMESPACE = "kube-flannel"

const LABELS = { "k8s-app": "flannel" }

const CNI_CONF = `${JSON.stringify(
  {
    name: "cbr0",
    cniVersion: "0.3.1",
    plugins: [
      { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  },
  undefined,
  2,
)}\n`

export function flannelManifests(options: FlannelOptions): Manifest[] {
  const account = { name: "flannel", namespace: NAMESPACE }
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: NAMESPACE, labels: { ...LABELS, "pod-security.kubernetes.io/enforce": "privileged" } },
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...account, labels: LABELS } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "flannel", labels: LABELS },
      rules: [
        { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "flannel", labels: LABELS },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-flannel-cfg", namespace: NAMESPACE, labels: { app: "flannel", ...LABELS, tier: "node" } },
      data: { "cni-conf.json": CNI_CONF, "net-conf.json": netConfJson(options) },
    },
    daemonSet(options),
  ]
}

function daemonSet(options: FlannelOptions): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-flannel-ds", namespace: NAMESPACE, labels: { app: "flannel", ...LABELS, tier: "node" } },
    spec: {
      selector: { matchLabels: { app: "flannel", ...LABELS } },
      template: { metadata: { labels: { app: "flannel", ...LABELS, tier: "node" } }, spec: podSpec(options) },
    },
  }
}

const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } })

function podSpec(options: FlannelOptions): object {
  const image = `${IMAGE}:v${VERSIONS.flannel}`
  const config = { mountPath: "/etc/kube-flannel/", name: "flannel-cfg" }
  return {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] }],
        },
      },
    },
    containers: [
      {
        args: ["--ip-masq", "--kube-subnet-mgr", ...(options.iface === undefined ? [] : [`--iface=${options.iface}`])],
        command: ["/opt/bin/flanneld"],
        env: [
          field("POD_NAME", "metadata.name"),
          field("POD_NAMESPACE", "metadata.namespace"),
          { name: "EVENT_QUEUE_DEPTH", value: "5000" },
          { name: "CONT_WHEN_CACHE_NOT_READY", value: "false" },
        ],
        image,
        name: "kube-flannel",
        resources: { requests: { cpu: "100m", memory: "50Mi" } },
        securityContext: { capabilities: { add: ["NET_ADMIN", "NET_RAW"] }, privileged: false },
        volumeMounts: [
          { mountPath: "/run/flannel", name: "run" },
          config,
          { mountPath: "/run/xtables.lock", name: "xtables-lock" },
        ],
      },
    ],
    hostNetwork: true,
    initContainers: [
      {
        args: ["-f", "/flannel", "/opt/cni/bin/flannel"],
        command: ["cp"],
        image: `${PLUGIN_IMAGE}:v${VERSIONS.flannelCniPlugin}`,
        name: "install-cni-plugin",
        volumeMounts: [{ mountPath: "/opt/cni/bin", name: "cni-plugin" }],
      },
      {
        args: ["-f", "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
        command: ["cp"],
        image,
        name: "install-cni",
        volumeMounts: [{ mountPath: "/etc/cni/net.d", name: "cni" }, config],
      },
    ],
    priorityClassName: "system-node-critical",
    serviceAccountName: "flannel",
    tolerations: [{ effect: "NoSchedule", operator: "Exists" }],
    volumes: [
      { hostPath: { path: "/run/flannel" }, name: "run" },
      { hostPath: { path: "/opt/cni/bin" }, name: "cni-plugin" },
      { hostPath: { path: "/etc/cni/net.d" }, name: "cni" },
      { configMap: { name: "kube-flannel-cfg" }, name: "flannel-cfg" },
      { hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" }, name: "xtables-lock" },
    ],
  }
}
