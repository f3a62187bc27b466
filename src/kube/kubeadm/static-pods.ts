/** The control plane's own pods, as kubeadm writes them to /etc/kubernetes/manifests. Models cmd/kubeadm/app/phases/controlplane and etcd. */
import { VERSIONS } from "../../versions.ts"
import type { Manifest } from "../api/types.ts"
import { ETCD_IMAGE, type KubeadmOptions, REGISTRY } from "./options.ts"

interface Component {
  readonly name: string
  readonly image: string
  readonly cpu: string
  readonly memory?: string
  readonly command: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly probes: { host: string; port: number; scheme: "HTTP" | "HTTPS"; live: string; ready?: string; start: string }
  /** Volumes by name: a path of the node, and whether it may be written. */
  readonly volumes: readonly (readonly [name: string, path: string, type: string, readOnly: boolean])[]
}

const PKI = "/etc/kubernetes/pki"

const CERTIFICATES: Component["volumes"] = [
  ["ca-certs", "/etc/ssl/certs", "DirectoryOrCreate", true],
  ["etc-ca-certificates", "/etc/ca-certificates", "DirectoryOrCreate", true],
  ["k8s-certs", PKI, "DirectoryOrCreate", true],
  ["usr-local-share-ca-certificates", "/usr/local/share/ca-certificates", "DirectoryOrCreate", true],
  ["usr-share-ca-certificates", "/usr/share/ca-certificates", "DirectoryOrCreate", true],
]

function etcd({ node, address }: KubeadmOptions): Component {
  const client = `https://${address}:2379`
  const peer = `https://${address}:2380`
  return {
    name: "etcd",
    image: ETCD_IMAGE,
    cpu: "100m",
    memory: "100Mi",
    annotations: { "kubeadm.kubernetes.io/etcd.advertise-client-urls": client },
    command: [
      "etcd",
      `--advertise-client-urls=${client}`,
      `--cert-file=${PKI}/etcd/server.crt`,
      "--client-cert-auth=true",
      "--data-dir=/var/lib/etcd",
      "--experimental-initial-corrupt-check=true",
      "--experimental-watch-progress-notify-interval=5s",
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${node}=${peer}`,
      `--key-file=${PKI}/etcd/server.key`,
      `--listen-client-urls=https://127.0.0.1:2379,${client}`,
      "--listen-metrics-urls=http://127.0.0.1:2381",
      `--listen-peer-urls=${peer}`,
      `--name=${node}`,
      `--peer-cert-file=${PKI}/etcd/peer.crt`,
      "--peer-client-cert-auth=true",
      `--peer-key-file=${PKI}/etcd/peer.key`,
      `--peer-trusted-ca-file=${PKI}/etcd/ca.crt`,
      "--snapshot-count=10000",
      `--trusted-ca-file=${PKI}/etcd/ca.crt`,
    ],
    probes: { host: "127.0.0.1", port: 2381, scheme: "HTTP", live: "/livez", ready: "/readyz", start: "/readyz" },
    volumes: [
      ["etcd-data", "/var/lib/etcd", "DirectoryOrCreate", false],
      ["etcd-certs", `${PKI}/etcd`, "DirectoryOrCreate", false],
    ],
  }
}

function apiServer({ address, serviceCIDR }: KubeadmOptions): Component {
  const endpoint = `${address}:6443`
  return {
    name: "kube-apiserver",
    image: `${REGISTRY}/kube-apiserver:v${VERSIONS.kubernetes}`,
    cpu: "250m",
    annotations: { "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": endpoint },
    command: [
      "kube-apiserver",
      `--advertise-address=${address}`,
      "--allow-privileged=true",
      "--authorization-mode=Node,RBAC",
      `--client-ca-file=${PKI}/ca.crt`,
      "--enable-admission-plugins=NodeRestriction",
      "--enable-bootstrap-token-auth=true",
      `--etcd-cafile=${PKI}/etcd/ca.crt`,
      `--etcd-certfile=${PKI}/apiserver-etcd-client.crt`,
      `--etcd-keyfile=${PKI}/apiserver-etcd-client.key`,
      "--etcd-servers=https://127.0.0.1:2379",
      `--kubelet-client-certificate=${PKI}/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${PKI}/apiserver-kubelet-client.key`,
      "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
      `--proxy-client-cert-file=${PKI}/front-proxy-client.crt`,
      `--proxy-client-key-file=${PKI}/front-proxy-client.key`,
      "--requestheader-allowed-names=front-proxy-client",
      `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      "--secure-port=6443",
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${PKI}/sa.pub`,
      `--service-account-signing-key-file=${PKI}/sa.key`,
      `--service-cluster-ip-range=${serviceCIDR}`,
      `--tls-cert-file=${PKI}/apiserver.crt`,
      `--tls-private-key-file=${PKI}/apiserver.key`,
    ],
    probes: { host: address, port: 6443, scheme: "HTTPS", live: "/livez", ready: "/readyz", start: "/livez" },
    volumes: CERTIFICATES,
  }
}

function controllerManager({ podCIDR, serviceCIDR }: KubeadmOptions): Component {
  const kubeconfig = "/etc/kubernetes/controller-manager.conf"
  return {
    name: "kube-controller-manager",
    image: `${REGISTRY}/kube-controller-manager:v${VERSIONS.kubernetes}`,
    cpu: "200m",
    command: [
      "kube-controller-manager",
      "--allocate-node-cidrs=true",
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--client-ca-file=${PKI}/ca.crt`,
      `--cluster-cidr=${podCIDR}`,
      "--cluster-name=kubernetes",
      `--cluster-signing-cert-file=${PKI}/ca.crt`,
      `--cluster-signing-key-file=${PKI}/ca.key`,
      "--controllers=*,bootstrapsigner,tokencleaner",
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=true",
      `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      `--root-ca-file=${PKI}/ca.crt`,
      `--service-account-private-key-file=${PKI}/sa.key`,
      `--service-cluster-ip-range=${serviceCIDR}`,
      "--use-service-account-credentials=true",
    ],
    probes: { host: "127.0.0.1", port: 10257, scheme: "HTTPS", live: "/healthz", start: "/healthz" },
    volumes: [
      ...CERTIFICATES.slice(0, 2),
      ["flexvolume-dir", "/usr/libexec/kubernetes/kubelet-plugins/volume/exec", "DirectoryOrCreate", false],
      ...CERTIFICATES.slice(2, 3),
      ["kubeconfig", kubeconfig, "FileOrCreate", true],
      ...CERTIFICATES.slice(3),
    ],
  }
}

function scheduler(): Component {
  const kubeconfig = "/etc/kubernetes/scheduler.conf"
  return {
    name: "kube-scheduler",
    image: `${REGISTRY}/kube-scheduler:v${VERSIONS.kubernetes}`,
    cpu: "100m",
    command: [
      "kube-scheduler",
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=true",
    ],
    probes: { host: "127.0.0.1", port: 10259, scheme: "HTTPS", live: "/healthz", start: "/healthz" },
    volumes: [["kubeconfig", kubeconfig, "FileOrCreate", true]],
  }
}

function pod({ name, image, cpu, memory, command, annotations, probes, volumes }: Component): Manifest {
  const { host, port, scheme, live, ready, start } = probes
  const get = (path: string): object => ({ host, path, port, scheme })
  const requests = { cpu, ...(memory === undefined ? {} : { memory }) }
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "kube-system",
      labels: { component: name, tier: "control-plane" },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      containers: [
        {
          command,
          image,
          imagePullPolicy: "IfNotPresent",
          livenessProbe: {
            failureThreshold: 8,
            httpGet: get(live),
            initialDelaySeconds: 10,
            periodSeconds: 10,
            timeoutSeconds: 15,
          },
          name,
          ...(ready === undefined
            ? {}
            : { readinessProbe: { failureThreshold: 3, httpGet: get(ready), periodSeconds: 1, timeoutSeconds: 15 } }),
          resources: { requests },
          startupProbe: {
            failureThreshold: 24,
            httpGet: get(start),
            initialDelaySeconds: 10,
            periodSeconds: 10,
            timeoutSeconds: 15,
          },
          volumeMounts: volumes.map(([volume, mountPath, , readOnly]) => ({
            mountPath,
            name: volume,
            ...(readOnly ? { readOnly } : {}),
          })),
        },
      ],
      hostNetwork: true,
      priority: 2000001000,
      priorityClassName: "system-node-critical",
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      volumes: volumes.map(([volume, path, type]) => ({ hostPath: { path, type }, name: volume })),
    },
  }
}

/** In the order of their files. */
export function staticPods(options: KubeadmOptions): Manifest[] {
  return [etcd(options), apiServer(options), controllerManager(options), scheduler()].map(pod)
}
