/** The configuration that kubeadm keeps in the cluster. Models cmd/kubeadm/app/componentconfigs and phases/uploadconfig. */
import { VERSIONS } from "../../versions.ts"
import type { Manifest } from "../api/types.ts"
import { type KubeadmOptions, REGISTRY } from "./options.ts"

const SYSTEM = "kube-system"
/** A placeholder, since nothing here speaks TLS. */
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\npodwire does not issue certificates\n-----END CERTIFICATE-----\n"

const COREFILE = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`

const kubeconfig = (server: string, user: string): string => `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    server: ${server}
  name: default
contexts:
- context:
    cluster: default
    namespace: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    ${user}`

const clusterConfiguration = ({ podCIDR, serviceCIDR }: KubeadmOptions): string => `apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
caCertificateValidityPeriod: 87600h0m0s
certificateValidityPeriod: 8760h0m0s
certificatesDir: /etc/kubernetes/pki
clusterName: kubernetes
controllerManager: {}
dns: {}
encryptionAlgorithm: RSA-2048
etcd:
  local:
    dataDir: /var/lib/etcd
imageRepository: ${REGISTRY}
kind: ClusterConfiguration
kubernetesVersion: v${VERSIONS.kubernetes}
networking:
  dnsDomain: cluster.local
  podSubnet: ${podCIDR}
  serviceSubnet: ${serviceCIDR}
proxy: {}
scheduler: {}
`

const proxyConfiguration = ({ podCIDR }: KubeadmOptions): string => `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: ${podCIDR}
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ""
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""`

const kubeletConfiguration = ({ clusterDns }: KubeadmOptions): string => `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    cacheTTL: 0s
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
  webhook:
    cacheAuthorizedTTL: 0s
    cacheUnauthorizedTTL: 0s
cgroupDriver: systemd
clusterDNS:
- ${clusterDns}
clusterDomain: cluster.local
containerRuntimeEndpoint: ""
cpuManagerReconcilePeriod: 0s
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
httpCheckFrequency: 0s
imageMaximumGCAge: 0s
imageMinimumGCAge: 0s
kind: KubeletConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
memorySwap: {}
nodeStatusReportFrequency: 0s
nodeStatusUpdateFrequency: 0s
rotateCertificates: true
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
staticPodPath: /etc/kubernetes/manifests
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
`

const map = (
  namespace: string,
  name: string,
  data: Record<string, string>,
  labels?: Record<string, string>,
): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
  data,
})

/** @param today `2025-10-18` */
export function configMaps(options: KubeadmOptions, today: string): Manifest[] {
  const server = `https://${options.address}:6443`
  return [
    map("kube-public", "cluster-info", {
      kubeconfig: `apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: ""\n    server: ${server}\n  name: ""\ncontexts: null\ncurrent-context: ""\nkind: Config\npreferences: {}\nusers: null\n`,
    }),
    map(SYSTEM, "coredns", { Corefile: COREFILE }),
    map(SYSTEM, "extension-apiserver-authentication", {
      "client-ca-file": CERTIFICATE,
      "requestheader-allowed-names": '["front-proxy-client"]',
      "requestheader-client-ca-file": CERTIFICATE,
      "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
      "requestheader-group-headers": '["X-Remote-Group"]',
      "requestheader-username-headers": '["X-Remote-User"]',
    }),
    map(SYSTEM, "kube-apiserver-legacy-service-account-token-tracking", { since: today }),
    map(
      SYSTEM,
      "kube-proxy",
      {
        "config.conf": proxyConfiguration(options),
        "kubeconfig.conf": kubeconfig(server, "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token"),
      },
      { app: "kube-proxy" },
    ),
    map(SYSTEM, "kubeadm-config", { ClusterConfiguration: clusterConfiguration(options) }),
    map(SYSTEM, "kubelet-config", { kubelet: kubeletConfiguration(options) }),
  ]
}
