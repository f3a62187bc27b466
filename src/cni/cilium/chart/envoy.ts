/** The proxy's DaemonSet and what goes with it. Models templates/cilium-envoy/. */
import type { Manifest } from "../../../kube/api/types.ts"
import { bootstrapConfig } from "./envoy-bootstrap.ts"
import { DIRECTORY, hostVolume, NODE_ENV, onNodeOf, PART_OF, probeOf, security, serviceAccount } from "./objects.ts"
import { IMAGES, NAMESPACE, reference } from "./release.ts"

const LABELS = { "k8s-app": "cilium-envoy" }
const ALL_LABELS = { ...LABELS, name: "cilium-envoy", "app.kubernetes.io/name": "cilium-envoy", ...PART_OF }
const FOLDER = "/var/run/cilium/envoy"

const probe = (more: object): object => probeOf(9878, "/healthz", more)

function container(): object {
  return {
    name: "cilium-envoy",
    image: reference(IMAGES.envoy),
    imagePullPolicy: "IfNotPresent",
    command: ["/usr/bin/cilium-envoy-starter"],
    args: ["--", `-c ${FOLDER}/bootstrap-config.json`, "--base-id 0", "--log-level info"],
    startupProbe: probe({ failureThreshold: 105, periodSeconds: 2, successThreshold: 1, initialDelaySeconds: 5 }),
    livenessProbe: probe({ periodSeconds: 30, successThreshold: 1, failureThreshold: 10, timeoutSeconds: 5 }),
    readinessProbe: probe({ periodSeconds: 30, successThreshold: 1, failureThreshold: 3, timeoutSeconds: 5 }),
    env: NODE_ENV,
    ports: [{ name: "envoy-metrics", containerPort: 9964, hostPort: 9964, protocol: "TCP" }],
    securityContext: security(["NET_ADMIN", "SYS_ADMIN"]),
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: "envoy-sockets", mountPath: `${FOLDER}/sockets`, readOnly: false },
      { name: "envoy-artifacts", mountPath: `${FOLDER}/artifacts`, readOnly: true },
      { name: "envoy-config", mountPath: `${FOLDER}/`, readOnly: true },
      { name: "bpf-maps", mountPath: "/sys/fs/bpf", mountPropagation: "HostToContainer" },
    ],
  }
}

function daemonSet(): Manifest {
  const away = [{ key: "cilium.io/no-schedule", operator: "NotIn", values: ["true"] }]
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "cilium-envoy", namespace: NAMESPACE, labels: ALL_LABELS },
    spec: {
      selector: { matchLabels: LABELS },
      updateStrategy: { rollingUpdate: { maxUnavailable: 2 }, type: "RollingUpdate" },
      template: {
        metadata: { labels: ALL_LABELS },
        spec: {
          securityContext: { appArmorProfile: { type: "Unconfined" } },
          containers: [container()],
          restartPolicy: "Always",
          priorityClassName: "system-node-critical",
          serviceAccountName: "cilium-envoy",
          automountServiceAccountToken: true,
          terminationGracePeriodSeconds: 1,
          hostNetwork: true,
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: away }] },
            },
            podAffinity: onNodeOf({ "k8s-app": "cilium" }),
            podAntiAffinity: onNodeOf(LABELS),
          },
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          volumes: [
            hostVolume("envoy-sockets", `${FOLDER}/sockets`, DIRECTORY),
            hostVolume("envoy-artifacts", `${FOLDER}/artifacts`, DIRECTORY),
            {
              name: "envoy-config",
              configMap: {
                name: "cilium-envoy-config",
                defaultMode: 0o400,
                items: [{ key: "bootstrap-config.json", path: "bootstrap-config.json" }],
              },
            },
            hostVolume("bpf-maps", "/sys/fs/bpf", DIRECTORY),
          ],
        },
      },
    },
  }
}

function service(): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "cilium-envoy",
      namespace: NAMESPACE,
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "9964" },
      labels: { ...LABELS, "app.kubernetes.io/name": "cilium-envoy", ...PART_OF, "io.cilium/app": "proxy" },
    },
    spec: {
      clusterIP: "None",
      type: "ClusterIP",
      selector: LABELS,
      ports: [{ name: "envoy-metrics", port: 9964, protocol: "TCP", targetPort: "envoy-metrics" }],
    },
  }
}

export function envoyObjects(): Manifest[] {
  return [
    serviceAccount("cilium-envoy"),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "cilium-envoy-config", namespace: NAMESPACE },
      data: { "bootstrap-config.json": `${JSON.stringify(bootstrapConfig())}\n` },
    },
    service(),
    daemonSet(),
  ]
}
