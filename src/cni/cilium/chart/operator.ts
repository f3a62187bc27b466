/** The operator's Deployment. Models templates/cilium-operator/deployment.yaml. */
import type { Manifest } from "../../../kube/api/types.ts"
import { configEnv, NODE_ENV, onNodeOf, PART_OF, probeOf } from "./objects.ts"
import { CONFIG_MAP, IMAGES, NAMESPACE, reference } from "./release.ts"
import type { Values } from "./values.ts"

const SELECTOR = { "io.cilium/app": "operator", name: "cilium-operator" }
const LABELS = { ...SELECTOR, ...PART_OF, "app.kubernetes.io/name": "cilium-operator" }
const tolerated = (key: string): object => ({ key, operator: "Exists" })

function container(): object {
  const probe = (more: object): object => probeOf(9234, "/healthz", more)
  return {
    name: "cilium-operator",
    image: reference(IMAGES.operator),
    imagePullPolicy: "IfNotPresent",
    command: ["cilium-operator-generic"],
    args: ["--config-dir=/tmp/cilium/config-map", "--debug=$(CILIUM_DEBUG)"],
    env: [...NODE_ENV, configEnv("CILIUM_DEBUG", "debug")],
    ports: [{ name: "prometheus", containerPort: 9963, hostPort: 9963, protocol: "TCP" }],
    livenessProbe: probe({ initialDelaySeconds: 60, periodSeconds: 10, timeoutSeconds: 3 }),
    readinessProbe: probe({ initialDelaySeconds: 0, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 5 }),
    volumeMounts: [{ name: "cilium-config-path", mountPath: "/tmp/cilium/config-map", readOnly: true }],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    terminationMessagePolicy: "FallbackToLogsOnError",
  }
}

export function operatorDeployment(values: Values, checksum: string): Manifest {
  const annotations = {
    ...(values.flag("operator.rollOutPods") ? { "cilium.io/cilium-configmap-checksum": checksum } : {}),
    "prometheus.io/port": "9963",
    "prometheus.io/scrape": "true",
  }
  const replicas = values.number("operator.replicas")
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "cilium-operator", namespace: NAMESPACE, labels: LABELS },
    spec: {
      replicas,
      selector: { matchLabels: SELECTOR },
      // A single one has to go before its successor can take the host's ports.
      strategy: {
        rollingUpdate: { maxSurge: "25%", maxUnavailable: replicas === 1 ? "100%" : "50%" },
        type: "RollingUpdate",
      },
      template: {
        metadata: { annotations, labels: LABELS },
        spec: {
          securityContext: { seccompProfile: { type: "RuntimeDefault" } },
          containers: [container()],
          hostNetwork: true,
          restartPolicy: "Always",
          priorityClassName: "system-cluster-critical",
          serviceAccountName: "cilium-operator",
          automountServiceAccountToken: true,
          affinity: { podAntiAffinity: onNodeOf({ "io.cilium/app": "operator" }) },
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [
            tolerated("node-role.kubernetes.io/control-plane"),
            tolerated("node-role.kubernetes.io/master"),
            tolerated("node.kubernetes.io/not-ready"),
            tolerated("node.cilium.io/agent-not-ready"),
          ],
          volumes: [{ name: "cilium-config-path", configMap: { name: CONFIG_MAP } }],
        },
      },
    },
  }
}
