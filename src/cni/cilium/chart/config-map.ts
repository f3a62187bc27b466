/** cilium-config: what agents and operator read. Models templates/cilium-configmap.yaml. */
import type { Manifest } from "../../../kube/api/types.ts"
import { CONFIG_MAP, NAMESPACE, SECRETS_NAMESPACE } from "./release.ts"
import type { Values } from "./values.ts"

/** What no value of podwire's table changes. */
const FIXED = `
agent-not-ready-taint-key node.cilium.io/agent-not-ready
auto-direct-node-routes false
bpf-distributed-lru false
bpf-events-drop-enabled true
bpf-events-policy-verdict-enabled true
bpf-events-trace-enabled true
bpf-lb-acceleration disabled
bpf-lb-algorithm-annotation false
bpf-lb-external-clusterip false
bpf-lb-map-max 65536
bpf-lb-mode-annotation false
bpf-lb-sock false
bpf-lb-source-range-all-types false
bpf-map-dynamic-size-ratio 0.0025
bpf-policy-stats-map-max 65536
bpf-root /sys/fs/bpf
cgroup-root /run/cilium/cgroupv2
cilium-endpoint-gc-interval 5m0s
clustermesh-enable-endpoint-sync false
clustermesh-enable-mcs-api false
default-lb-service-ipam lbipam
direct-routing-skip-unreachable false
dnsproxy-socket-linger-timeout 10
egress-gateway-reconciliation-trigger-interval 1s
enable-auto-protect-node-port-range true
enable-bpf-clock-probe false
enable-endpoint-lockdown-on-policy-overflow false
enable-health-check-loadbalancer-ip false
enable-health-check-nodeport true
enable-internal-traffic-policy true
enable-ipv4-big-tcp false
enable-ipv6 false
enable-ipv6-big-tcp false
enable-ipv6-masquerade true
enable-l2-neigh-discovery false
enable-lb-ipam true
enable-masquerade-to-route-source false
enable-metrics true
enable-node-port false
enable-non-default-deny-policies true
enable-policy-secrets-sync true
enable-source-ip-verification true
enable-svc-source-range-check true
enable-vtep false
enable-well-known-identities false
enable-xt-socket-fallback true
envoy-access-log-buffer-size 4096
envoy-base-id 0
envoy-keep-cap-netbindservice false
health-check-icmp-failure-threshold 3
identity-allocation-mode crd
identity-gc-interval 15m0s
identity-heartbeat-timeout 30m0s
identity-management-mode agent
install-no-conntrack-iptables-rules false
ipam-cilium-node-update-rate 15s
iptables-random-fully false
k8s-require-ipv4-pod-cidr false
k8s-require-ipv6-pod-cidr false
kube-proxy-replacement false
max-connected-clusters 255
mesh-auth-enabled true
mesh-auth-gc-interval 5m0s
mesh-auth-queue-size 1024
mesh-auth-rotated-identities-queue-size 1024
metrics-sampling-interval 5m
nat-map-stats-entries 32
nat-map-stats-interval 30s
node-port-bind-protection true
nodes-gc-interval 5m0s
operator-api-serve-addr 127.0.0.1:9234
operator-prometheus-serve-addr :9963
policy-default-local-cluster false
policy-secrets-namespace ${SECRETS_NAMESPACE}
policy-secrets-only-from-secrets-namespace true
preallocate-bpf-maps false
procfs /host/proc
proxy-connect-timeout 2
proxy-idle-timeout-seconds 60
proxy-initial-fetch-timeout 30
proxy-max-concurrent-retries 128
proxy-max-connection-duration-seconds 0
proxy-max-requests-per-connection 0
proxy-xff-num-trusted-hops-egress 0
proxy-xff-num-trusted-hops-ingress 0
remove-cilium-node-taints true
service-no-backend-response reject
set-cilium-is-up-condition true
set-cilium-node-taints true
synchronize-k8s-nodes true
tofqdns-enable-dns-compression true
tofqdns-endpoint-max-ip-per-hostname 1000
tofqdns-idle-connection-grace-period 0s
tofqdns-max-deferred-connection-deletes 10000
tofqdns-preallocate-identities true
tofqdns-proxy-response-max-delay 100ms
tunnel-source-port-range 0-0
`

/** Keys that say what one value says. */
const FROM_VALUES: Readonly<Record<string, string>> = {
  "bpf-policy-map-max": "bpf.policyMapMax",
  "cluster-id": "cluster.id",
  "cluster-name": "cluster.name",
  "custom-cni-conf": "cni.customConf",
  "datapath-mode": "bpf.datapathMode",
  debug: "debug.enabled",
  "dnsproxy-enable-transparent-mode": "dnsProxy.enableTransparentMode",
  "enable-endpoint-health-checking": "endpointHealthChecking.enabled",
  "enable-health-checking": "healthChecking",
  "enable-hubble": "hubble.enabled",
  "enable-ipv4": "ipv4.enabled",
  "enable-ipv4-masquerade": "enableIPv4Masquerade",
  "enable-k8s-networkpolicy": "enableK8sNetworkPolicy",
  "enable-l7-proxy": "l7Proxy",
  "enable-policy": "policyEnforcementMode",
  "enable-tcx": "bpf.enableTCX",
  "http-retry-count": "envoy.httpRetryCount",
  ipam: "ipam.mode",
  "monitor-aggregation": "bpf.monitorAggregation",
  "monitor-aggregation-flags": "bpf.monitorFlags",
  "monitor-aggregation-interval": "bpf.monitorInterval",
  "tofqdns-dns-reject-response-code": "dnsProxy.dnsRejectResponseCode",
}

function data(values: Values): Record<string, string> {
  const all: Record<string, string> = {
    "debug-verbose": "",
    "nodeport-addresses": "",
    "policy-cidr-match-mode": values.text("policyCIDRMatchMode"),
    "routing-mode": values.text("routingMode") || "tunnel",
    "tunnel-protocol": values.text("tunnelProtocol") || "vxlan",
    "vtep-cidr": "",
    "vtep-endpoint": "",
    "vtep-mac": "",
    "vtep-mask": "",
  }
  for (const line of FIXED.trim().split("\n")) {
    const space = line.indexOf(" ")
    all[line.slice(0, space)] = line.slice(space + 1)
  }
  for (const [key, path] of Object.entries(FROM_VALUES)) all[key] = values.text(path)
  Object.assign(all, optional(values), hubble(values), ipam(values))
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function optional(values: Values): Record<string, string> {
  const watcher = "operator.unmanagedPodWatcher"
  return {
    ...(values.isNull("bpf.masquerade") ? {} : { "enable-bpf-masquerade": values.text("bpf.masquerade") }),
    ...(values.isNull("bpf.hostLegacyRouting")
      ? {}
      : { "enable-host-legacy-routing": values.text("bpf.hostLegacyRouting") }),
    "enable-sctp": values.text("sctp.enabled"),
    "enable-node-selector-labels": values.text("nodeSelectorLabels"),
    ...(values.flag("policyAuditMode") ? { "policy-audit-mode": "true" } : {}),
    ...(values.number("tunnelPort") === 0 ? {} : { "tunnel-port": values.text("tunnelPort") }),
    ...(values.number("MTU") === 0 ? {} : { mtu: values.text("MTU") }),
    ...(values.number("dnsProxy.minTtl") === 0 ? {} : { "tofqdns-min-ttl": values.text("dnsProxy.minTtl") }),
    ...(values.flag("cni.customConf")
      ? {}
      : {
          "cni-exclusive": values.text("cni.exclusive"),
          "cni-log-file": "/var/run/cilium/cilium-cni.log",
          "write-cni-conf-when-ready": "/host/etc/cni/net.d/05-cilium.conflist",
        }),
    "external-envoy-proxy": values.text("l7Proxy"),
    ...(values.flag("l7Proxy") ? {} : { "proxy-prometheus-port": "9964" }),
    "unmanaged-pod-watcher-interval": values.flag(`${watcher}.restart`)
      ? values.text(`${watcher}.intervalSeconds`)
      : "0",
  }
}

function hubble(values: Values): Record<string, string> {
  if (!values.flag("hubble.enabled")) return {}
  const tls = values.flag("hubble.tls.enabled")
  const folder = "/var/lib/cilium/tls/hubble"
  return {
    "hubble-disable-tls": String(!tls),
    "hubble-listen-address": ":4244",
    "hubble-network-policy-correlation-enabled": "true",
    "hubble-socket-path": "/var/run/cilium/hubble.sock",
    ...(tls
      ? {
          "hubble-tls-cert-file": `${folder}/server.crt`,
          "hubble-tls-client-ca-files": `${folder}/client-ca.crt`,
          "hubble-tls-key-file": `${folder}/server.key`,
        }
      : {}),
  }
}

function ipam(values: Values): Record<string, string> {
  if (values.text("ipam.mode") !== "cluster-pool") return {}
  return {
    "cluster-pool-ipv4-cidr": values.list("ipam.operator.clusterPoolIPv4PodCIDRList").join(" "),
    "cluster-pool-ipv4-mask-size": values.text("ipam.operator.clusterPoolIPv4MaskSize"),
  }
}

export function configMap(values: Values): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: CONFIG_MAP, namespace: NAMESPACE },
    data: data(values),
  }
}
