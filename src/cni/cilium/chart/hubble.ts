/** Services and certificates of Hubble, and its relay. Models templates/hubble/ and templates/hubble-relay/. */
import type { Manifest } from "../../../kube/api/types.ts"
import type { Prng } from "../../../sim/prng.ts"
import { textToBase64, toBase64 } from "./base64.ts"
import { onNodeOf, PART_OF, serviceAccount } from "./objects.ts"
import { IMAGES, NAMESPACE, reference } from "./release.ts"
import type { Values } from "./values.ts"

const RELAY = { "k8s-app": "hubble-relay" }
const RELAY_LABELS = { ...RELAY, "app.kubernetes.io/name": "hubble-relay", ...PART_OF }

const service = (name: string, labels: Readonly<Record<string, string>>, spec: object): Manifest => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NAMESPACE, labels },
  spec,
})

/** In the form of a key or certificate. There is no cryptography here: the bytes are random. */
function pem(prng: Prng, kind: string, bytes: number): string {
  const random = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) random[i] = prng.below(256)
  const lines = toBase64(random).replace(/.{64}/g, "$&\n")
  return textToBase64(`-----BEGIN ${kind}-----\n${lines}\n-----END ${kind}-----\n`)
}

interface Authority {
  readonly crt: string
  readonly key: string
}

function tlsSecret(prng: Prng, name: string, ca: Authority): Manifest {
  const own = prng.fork(name)
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: NAMESPACE },
    type: "kubernetes.io/tls",
    data: {
      "ca.crt": ca.crt,
      "tls.crt": pem(own, "CERTIFICATE", 820),
      "tls.key": pem(own, "RSA PRIVATE KEY", 1190),
    },
  }
}

/** The secrets that Helm generates when it renders the chart. */
function secrets(values: Values, prng: Prng): Manifest[] {
  if (!values.flag("hubble.tls.enabled")) return []
  const own = prng.fork("cilium-ca")
  const ca = { crt: pem(own, "CERTIFICATE", 790), key: pem(own, "RSA PRIVATE KEY", 1190) }
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "cilium-ca", namespace: NAMESPACE },
      data: { "ca.crt": ca.crt, "ca.key": ca.key },
    },
    tlsSecret(prng, "hubble-server-certs", ca),
    ...(values.flag("hubble.relay.enabled") ? [tlsSecret(prng, "hubble-relay-client-certs", ca)] : []),
  ]
}

function relayConfig(values: Values): Manifest {
  const tls = values.flag("hubble.tls.enabled")
  const folder = "/var/lib/hubble-relay/tls"
  const files = tls
    ? `tls-hubble-client-cert-file: ${folder}/client.crt\ntls-hubble-client-key-file: ${folder}/client.key\ntls-hubble-server-ca-files: ${folder}/hubble-server-ca.crt\n`
    : "disable-client-tls: true\n"
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "hubble-relay-config", namespace: NAMESPACE },
    data: {
      "config.yaml": `cluster-name: ${values.text("cluster.name")}\npeer-service: "hubble-peer.kube-system.svc.cluster.local.:${tls ? 443 : 80}"\nlisten-address: :4245\ngops: true\ngops-port: "9893"\nretry-timeout: \nsort-buffer-len-max: \nsort-buffer-drain-timeout: \n${files}\ndisable-server-tls: true\n`,
    },
  }
}

function relayContainer(tls: boolean): object {
  const grpc = { port: 4222 }
  return {
    name: "hubble-relay",
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsGroup: 65532,
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    image: reference(IMAGES.relay),
    imagePullPolicy: "IfNotPresent",
    command: ["hubble-relay"],
    args: ["serve"],
    ports: [{ name: "grpc", containerPort: 4245 }],
    readinessProbe: { grpc, timeoutSeconds: 3 },
    livenessProbe: { grpc, timeoutSeconds: 10, initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 12 },
    startupProbe: { grpc, initialDelaySeconds: 10, failureThreshold: 20, periodSeconds: 3 },
    volumeMounts: [
      { name: "config", mountPath: "/etc/hubble-relay", readOnly: true },
      ...(tls ? [{ name: "tls", mountPath: "/var/lib/hubble-relay/tls", readOnly: true }] : []),
    ],
    terminationMessagePolicy: "FallbackToLogsOnError",
  }
}

function relayDeployment(values: Values): Manifest {
  const items = [
    { key: "tls.crt", path: "client.crt" },
    { key: "tls.key", path: "client.key" },
    { key: "ca.crt", path: "hubble-server-ca.crt" },
  ]
  const secret = { name: "hubble-relay-client-certs", items }
  const tls = values.flag("hubble.tls.enabled")
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "hubble-relay", namespace: NAMESPACE, labels: RELAY_LABELS },
    spec: {
      replicas: values.number("hubble.relay.replicas"),
      selector: { matchLabels: RELAY },
      strategy: { rollingUpdate: { maxUnavailable: 1 }, type: "RollingUpdate" },
      template: {
        metadata: { labels: RELAY_LABELS },
        spec: {
          securityContext: { fsGroup: 65532, seccompProfile: { type: "RuntimeDefault" } },
          containers: [relayContainer(tls)],
          restartPolicy: "Always",
          serviceAccountName: "hubble-relay",
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          affinity: { podAffinity: onNodeOf({ "k8s-app": "cilium" }) },
          nodeSelector: { "kubernetes.io/os": "linux" },
          volumes: [
            {
              name: "config",
              configMap: { name: "hubble-relay-config", items: [{ key: "config.yaml", path: "config.yaml" }] },
            },
            ...(tls ? [{ name: "tls", projected: { defaultMode: 0o400, sources: [{ secret }] } }] : []),
          ],
        },
      },
    },
  }
}

function relay(values: Values): Manifest[] {
  return [
    serviceAccount("hubble-relay", false),
    relayConfig(values),
    service("hubble-relay", RELAY_LABELS, {
      type: "ClusterIP",
      selector: RELAY,
      ports: [{ protocol: "TCP", port: 80, targetPort: "grpc" }],
    }),
    relayDeployment(values),
  ]
}

export function hubbleObjects(values: Values, prng: Prng): Manifest[] {
  if (!values.flag("hubble.enabled")) return []
  const port = values.flag("hubble.tls.enabled") ? 443 : 80
  return [
    ...secrets(values, prng),
    service(
      "hubble-peer",
      { "k8s-app": "cilium", ...PART_OF, "app.kubernetes.io/name": "hubble-peer" },
      {
        selector: { "k8s-app": "cilium" },
        ports: [{ name: "peer-service", port, protocol: "TCP", targetPort: 4244 }],
        internalTrafficPolicy: "Local",
      },
    ),
    ...(values.flag("hubble.relay.enabled") ? relay(values) : []),
  ]
}
