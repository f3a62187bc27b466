/**
 * The values of the chart that podwire knows, with the defaults of values.yaml. A value that would change what podwire does not simulate has
 * `only`: the settings that are possible here.
 */

export type Scalar = string | number | boolean | null
export type ValueTree = { [key: string]: ValueTree | Scalar | readonly Scalar[] }

export interface ValueSpec {
  readonly type: "string" | "boolean" | "integer" | "array"
  readonly value: Scalar | readonly Scalar[]
  /** May also be null. */
  readonly nullable?: boolean
  readonly only?: readonly Scalar[]
}

const text = (value: string, ...only: string[]): ValueSpec => ({
  type: "string",
  value,
  ...(only.length > 0 ? { only: [value, ...only] } : {}),
})
const flag = (value: boolean): ValueSpec => ({ type: "boolean", value })
const fixed = (value: boolean): ValueSpec => ({ type: "boolean", value, only: [value] })
const whole = (value: number): ValueSpec => ({ type: "integer", value })
const off = fixed(false)
const on = fixed(true)

/** By path, as `--set` writes it. */
export const VALUES: Readonly<Record<string, ValueSpec>> = {
  MTU: whole(0),
  "authentication.enabled": on,
  "authentication.mutual.spire.enabled": off,
  autoDirectNodeRoutes: off,
  "bandwidthManager.enabled": off,
  "bgpControlPlane.enabled": off,
  "bpf.ctAccounting": off,
  "bpf.datapathMode": text("veth"),
  "bpf.enableTCX": flag(true),
  "bpf.events.drop.enabled": on,
  "bpf.events.policyVerdict.enabled": on,
  "bpf.events.trace.enabled": on,
  "bpf.hostLegacyRouting": { ...fixed(true), value: null, nullable: true, only: [null, true] },
  "bpf.masquerade": { type: "boolean", value: null, nullable: true, only: [null, false] },
  "bpf.monitorAggregation": text("medium", "none", "low", "maximum"),
  "bpf.monitorFlags": text("all"),
  "bpf.monitorInterval": text("5s"),
  "bpf.policyMapMax": whole(16384),
  "bpf.tproxy": { type: "boolean", value: null, nullable: true, only: [null, false] },
  "ciliumEndpointSlice.enabled": off,
  "cluster.id": { ...whole(0), only: [0] },
  "cluster.name": text("default"),
  "clustermesh.useAPIServer": off,
  "cni.chainingMode": { type: "string", value: null, nullable: true, only: [null, "none"] },
  "cni.customConf": flag(false),
  "cni.exclusive": flag(true),
  "cni.install": on,
  "cni.uninstall": off,
  "debug.enabled": off,
  "dnsProxy.dnsRejectResponseCode": text("refused", "nameError"),
  "dnsProxy.enableTransparentMode": flag(true),
  "dnsProxy.minTtl": whole(0),
  "egressGateway.enabled": off,
  enableIPv4Masquerade: flag(true),
  enableK8sNetworkPolicy: flag(true),
  "encryption.enabled": off,
  "endpointHealthChecking.enabled": flag(true),
  "endpointRoutes.enabled": off,
  "envoy.enabled": { type: "boolean", value: null, nullable: true, only: [null, true] },
  "envoy.httpRetryCount": whole(3),
  "envoyConfig.enabled": off,
  "externalIPs.enabled": off,
  "gatewayAPI.enabled": off,
  healthChecking: flag(true),
  "hostFirewall.enabled": off,
  "hostPort.enabled": off,
  "hubble.enabled": flag(true),
  "hubble.eventBufferCapacity": { type: "integer", value: null, nullable: true, only: [null, 4095] },
  "hubble.metrics.enabled": { type: "array", value: null, nullable: true, only: [null] },
  "hubble.relay.enabled": flag(false),
  "hubble.relay.replicas": whole(1),
  "hubble.tls.enabled": flag(true),
  "hubble.ui.enabled": off,
  identityAllocationMode: text("crd", "crd"),
  identityManagementMode: text("agent", "agent"),
  "ingressController.enabled": off,
  "ipam.mode": text("cluster-pool", "kubernetes"),
  "ipam.operator.clusterPoolIPv4MaskSize": whole(24),
  "ipam.operator.clusterPoolIPv4PodCIDRList": { type: "array", value: ["10.0.0.0/8"] },
  "ipv4.enabled": on,
  ipv4NativeRoutingCIDR: text("", ""),
  "ipv6.enabled": off,
  k8sServiceHost: text("", ""),
  k8sServicePort: text("", ""),
  kubeProxyReplacement: { type: "string", value: "false", only: ["false", false] },
  "l2announcements.enabled": off,
  l7Proxy: flag(true),
  "localRedirectPolicies.enabled": off,
  "nodePort.enabled": off,
  "nodeinit.enabled": off,
  nodeSelectorLabels: flag(false),
  "operator.enabled": on,
  "operator.replicas": whole(2),
  "operator.rollOutPods": flag(false),
  "operator.unmanagedPodWatcher.intervalSeconds": whole(15),
  "operator.unmanagedPodWatcher.restart": flag(true),
  policyAuditMode: flag(false),
  policyCIDRMatchMode: { type: "string", value: null, nullable: true, only: [null, ""] },
  policyEnforcementMode: text("default", "always", "never"),
  "prometheus.enabled": off,
  rollOutCiliumPods: flag(false),
  routingMode: text("", "tunnel"),
  "sctp.enabled": flag(false),
  "socketLB.enabled": off,
  tunnelPort: whole(0),
  tunnelProtocol: text("", "vxlan"),
}
