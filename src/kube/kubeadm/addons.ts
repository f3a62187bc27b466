/** kube-proxy and CoreDNS as kubeadm installs them. Models cmd/kubeadm/app/phases/addons. */
import { VERSIONS } from "../../versions.ts"
import type { Manifest } from "../api/types.ts"
import { COREDNS_IMAGE, type KubeadmOptions, REGISTRY } from "./options.ts"

const SYSTEM = "kube-system"
const PROXY = { "k8s-app": "kube-proxy" }
const DNS = { "k8s-app": "kube-dns" }

export function proxyDaemonSet(): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-proxy", namespace: SYSTEM, labels: PROXY },
    spec: {
      selector: { matchLabels: PROXY },
      template: {
        metadata: { labels: PROXY },
        spec: {
          containers: [
            {
              command: [
                "/usr/local/bin/kube-proxy",
                "--config=/var/lib/kube-proxy/config.conf",
                "--hostname-override=$(NODE_NAME)",
              ],
              env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } }],
              image: `${REGISTRY}/kube-proxy:v${VERSIONS.kubernetes}`,
              imagePullPolicy: "IfNotPresent",
              name: "kube-proxy",
              securityContext: { privileged: true },
              volumeMounts: [
                { mountPath: "/var/lib/kube-proxy", name: "kube-proxy" },
                { mountPath: "/run/xtables.lock", name: "xtables-lock" },
                { mountPath: "/lib/modules", name: "lib-modules", readOnly: true },
              ],
            },
          ],
          hostNetwork: true,
          nodeSelector: { "kubernetes.io/os": "linux" },
          priorityClassName: "system-node-critical",
          serviceAccountName: "kube-proxy",
          tolerations: [{ operator: "Exists" }],
          volumes: [
            { configMap: { name: "kube-proxy" }, name: "kube-proxy" },
            { hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" }, name: "xtables-lock" },
            { hostPath: { path: "/lib/modules" }, name: "lib-modules" },
          ],
        },
      },
    },
  }
}

export function dnsService({ clusterDns }: KubeadmOptions): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "kube-dns",
      namespace: SYSTEM,
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
      labels: { ...DNS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
    },
    spec: {
      clusterIP: clusterDns,
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
        { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
      ],
      selector: DNS,
    },
  }
}

export function dnsDeployment(): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "coredns", namespace: SYSTEM, labels: DNS },
    spec: {
      replicas: 2,
      selector: { matchLabels: DNS },
      strategy: { rollingUpdate: { maxUnavailable: 1 }, type: "RollingUpdate" },
      template: { metadata: { labels: DNS }, spec: dnsPod() },
    },
  }
}

const probe = (path: string, port: number, more: object): object => ({
  failureThreshold: 3,
  httpGet: { path, port, scheme: "HTTP" },
  ...more,
})

function dnsPod(): object {
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            podAffinityTerm: {
              labelSelector: { matchExpressions: [{ key: "k8s-app", operator: "In", values: ["kube-dns"] }] },
              topologyKey: "kubernetes.io/hostname",
            },
            weight: 100,
          },
        ],
      },
    },
    containers: [
      {
        args: ["-conf", "/etc/coredns/Corefile"],
        image: COREDNS_IMAGE,
        imagePullPolicy: "IfNotPresent",
        livenessProbe: probe("/health", 8080, { failureThreshold: 5, initialDelaySeconds: 60, timeoutSeconds: 5 }),
        name: "coredns",
        ports: [
          { containerPort: 53, name: "dns", protocol: "UDP" },
          { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
          { containerPort: 9153, name: "metrics", protocol: "TCP" },
        ],
        readinessProbe: probe("/ready", 8181, {}),
        resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ mountPath: "/etc/coredns", name: "config-volume", readOnly: true }],
      },
    ],
    dnsPolicy: "Default",
    nodeSelector: { "kubernetes.io/os": "linux" },
    priorityClassName: "system-cluster-critical",
    serviceAccountName: "coredns",
    tolerations: [
      { key: "CriticalAddonsOnly", operator: "Exists" },
      { effect: "NoSchedule", key: "node-role.kubernetes.io/control-plane" },
    ],
    volumes: [
      { configMap: { items: [{ key: "Corefile", path: "Corefile" }], name: "coredns" }, name: "config-volume" },
    ],
  }
}
