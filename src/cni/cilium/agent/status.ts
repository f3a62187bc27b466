/** What the agent's API says of itself: /healthz and /endpoint. Models api/v1/models StatusResponse and daemon/cmd/status.go. */
import { timestamp } from "../../../kube/api/time.ts"
import type { Node } from "../../../kube/api/types.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { VERSIONS } from "../../../versions.ts"
import { formatIpv4, formatMac, formatPrefix } from "../../../wire/address.ts"
import type { Agent } from "./agent.ts"
import type { Endpoint } from "./endpoint.ts"

interface State {
  readonly state: string
  readonly msg?: string
}

const ok = (msg = ""): State => ({ state: "Ok", ...(msg === "" ? {} : { msg }) })

interface Controller {
  readonly name: string
  readonly status: { readonly "consecutive-failure-count": number; readonly "last-failure-msg"?: string }
}

export interface StatusResponse {
  readonly kvstore: State
  readonly kubernetes: State & { readonly "k8s-api-versions": readonly string[] }
  readonly "kube-proxy-replacement": { readonly mode: string }
  readonly "host-firewall": { readonly mode: string }
  readonly srv6: { readonly enabled: boolean }
  readonly "cni-chaining": { readonly mode: string }
  readonly "cni-file": State
  readonly cilium: State
  readonly nodeMonitor: { readonly cpus: number; readonly npages: number; readonly pagesize: number }
  readonly cluster: {
    readonly "cilium-health": State
    readonly nodes: readonly { readonly name: string }[]
    readonly self: string
  }
  readonly ipam: { readonly allocations: Readonly<Record<string, string>>; readonly status: string }
  readonly "ipv4-big-tcp": { readonly enabled: boolean }
  readonly "ipv6-big-tcp": { readonly enabled: boolean }
  readonly "bandwidth-manager": { readonly enabled: boolean }
  readonly routing: {
    readonly "inter-host-routing-mode": string
    readonly "intra-host-routing-mode": string
    readonly "tunnel-protocol": string
  }
  readonly "attach-mode": string
  readonly "datapath-mode": string
  readonly masquerading: { readonly mode: string; readonly enabledProtocols: { ipv4: boolean; ipv6: boolean } }
  readonly controllers: readonly Controller[]
  readonly proxy: {
    readonly ip: string
    readonly "port-range": string
    readonly "total-redirects": number
    readonly "envoy-deployment-mode": string
  }
  readonly "identity-range": { readonly "min-identity": number; readonly "max-identity": number }
  readonly hubble: State & {
    readonly observer?: {
      readonly "current-flows": number
      readonly "max-flows": number
      readonly "seen-flows": number
      readonly uptime: number
    }
    readonly metrics?: State
  }
  readonly encryption: { readonly mode: string }
}

/** What the agent watches, as `Kubernetes APIs:` lists it. */
const APIS = [
  "EndpointSliceOrEndpoint",
  "cilium/v2::CiliumCIDRGroup",
  "cilium/v2::CiliumClusterwideNetworkPolicy",
  "cilium/v2::CiliumEndpoint",
  "cilium/v2::CiliumNetworkPolicy",
  "cilium/v2::CiliumNode",
  "core/v1::Pods",
  "core/v1::Service",
  "networking.k8s.io/v1::NetworkPolicy",
] as const

/** Flows a node's Hubble keeps. */
const MAX_FLOWS = 4095

export function statusJson(agent: Agent): StatusResponse {
  const { ipam, podCidr, redirects, nodes, routerIp, nodeName, cniConf, options } = agent
  return {
    kvstore: { state: "Disabled" },
    kubernetes: {
      ...ok(`${VERSIONS.kubernetes.replace(/\.\d+$/, "")} (v${VERSIONS.kubernetes}) [linux/amd64]`),
      "k8s-api-versions": APIS,
    },
    "kube-proxy-replacement": { mode: "False" },
    "host-firewall": { mode: "Disabled" },
    srv6: { enabled: false },
    "cni-chaining": { mode: "none" },
    "cni-file": cniConf?.disabled === false ? ok(cniConf.status) : { state: "Disabled", msg: cniConf?.status ?? "" },
    cilium: ok(`${VERSIONS.cilium} (v${VERSIONS.cilium})`),
    nodeMonitor: { cpus: cpusOf(agent), npages: 64, pagesize: 4096 },
    cluster: {
      "cilium-health": ok(),
      nodes: [nodeName, ...nodes.nodes.keys()].map((name) => ({ name })),
      self: nodeName,
    },
    ipam: {
      allocations: Object.fromEntries([...ipam.owners].map(([address, owner]) => [formatIpv4(address), owner])),
      status: `IPv4: ${ipam.allocated}/${ipam.capacity} allocated from ${formatPrefix(podCidr.address, podCidr.length)}, `,
    },
    "ipv4-big-tcp": { enabled: false },
    "ipv6-big-tcp": { enabled: false },
    "bandwidth-manager": { enabled: false },
    routing: {
      "inter-host-routing-mode": "Tunnel",
      "intra-host-routing-mode": "Legacy",
      "tunnel-protocol": "vxlan",
    },
    "attach-mode": "TCX",
    "datapath-mode": "veth",
    masquerading: { mode: "Iptables", enabledProtocols: { ipv4: true, ipv6: false } },
    controllers: controllersOf(agent),
    proxy: {
      ip: formatIpv4(routerIp),
      "port-range": "10000-20000",
      "total-redirects": redirects.count,
      "envoy-deployment-mode": "external",
    },
    "identity-range": { "min-identity": 256, "max-identity": 65535 },
    hubble: options.hubble ? hubbleOf(agent) : { state: "Disabled" },
    encryption: { mode: "Disabled" },
  }
}

function hubbleOf({ datapath, sim, startTime }: Agent): StatusResponse["hubble"] {
  const { seen } = datapath.events
  return {
    ...ok(),
    observer: {
      "current-flows": Math.min(seen, MAX_FLOWS),
      "max-flows": MAX_FLOWS,
      "seen-flows": seen,
      uptime: sim.now - startTime,
    },
    metrics: { state: "Disabled" },
  }
}

function cpusOf({ registry, nodeName }: Agent): number {
  const node = registry.get(registry.resource("nodes"), undefined, nodeName)
  return Number((node as Node).status?.capacity?.["cpu"] ?? 1)
}

/** The controllers a real agent lists, by the names they have there. Those of an endpoint fail when its policy cannot be computed. */
function controllersOf(agent: Agent): Controller[] {
  const fine = (name: string): Controller => ({ name, status: { "consecutive-failure-count": 0 } })
  const own = agent.endpoints.list.flatMap((endpoint) => [
    ...(endpoint.kind === "pod"
      ? [
          `resolve-labels-${endpoint.pod?.namespace}/${endpoint.pod?.name}`,
          `sync-to-k8s-ciliumendpoint (${endpoint.id})`,
        ]
      : []),
    `resolve-identity-${endpoint.id}`,
    `sync-policymap-${endpoint.id}`,
  ])
  const failing = agent.endpoints.list
    .filter(({ policyError }) => policyError !== undefined)
    .map(({ id, policyError }) => ({
      name: `endpoint-${id}-regeneration-recovery`,
      status: { "consecutive-failure-count": 1, "last-failure-msg": policyError as string },
    }))
  return [...CONTROLLERS, ...own].sort().map(fine).concat(failing)
}

const CONTROLLERS = [
  "cilium-health-ep",
  "ct-map-pressure",
  "daemon-validate-config",
  "dns-garbage-collector-job",
  "endpoint-gc",
  "endpoint-periodic-regeneration",
  "ep-bpf-prog-watchdog",
  "ipcache-inject-labels",
  "k8s-heartbeat",
  "link-cache",
  "node-neighbor-link-updater",
  "proxy-ports-checkpoint",
  "sync-lb-maps-with-k8s-services",
  "sync-utime",
  "write-cni-file",
] as const

/** How often the node's health daemon probes the others, ns. Models pkg/backoff ClusterSizeDependantInterval. */
const probeInterval = (nodes: number): number => Math.floor(60 * SECOND * Math.log1p(nodes))

/** What the health daemon has found at its last probe. Models pkg/health/client. */
export interface HealthStatus {
  readonly nodes: readonly { readonly name: string; readonly address: string; readonly reachable: boolean }[]
  readonly probed: string
  /** ns. */
  readonly interval: number
}

/** A node that no longer tells of itself is taken for one that does not answer. */
export function healthStatus(agent: Agent): HealthStatus | undefined {
  if (!agent.options.healthChecking) return undefined
  const { registry, sim, startTime } = agent
  const known = new Set([agent.nodeName, ...agent.nodes.nodes.keys()])
  const nodes = (registry.list(registry.resource("nodes")) as Node[])
    .filter(({ metadata }) => known.has(metadata.name))
    .map(({ metadata, status }) => ({
      name: `${agent.clusterName}/${metadata.name}`,
      address: status.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "",
      reachable: status.conditions?.find(({ type }) => type === "Ready")?.status === "True",
    }))
  const interval = probeInterval(nodes.length)
  const probed = sim.now - ((sim.now - startTime) % interval)
  return { nodes, probed: timestamp(sim, probed), interval }
}

export function endpointJson(agent: Agent, endpoint: Endpoint): object {
  const { pod, policy } = endpoint
  return {
    id: endpoint.id,
    status: {
      "external-identifiers": {
        "cni-attachment-id": `${endpoint.containerId}:${endpoint.containerInterface}`,
        "container-id": endpoint.containerId,
        "k8s-namespace": pod?.namespace ?? "",
        "k8s-pod-name": pod?.name ?? "",
        "pod-name": pod === undefined ? "" : `${pod.namespace}/${pod.name}`,
      },
      identity: { id: endpoint.identity, labels: endpoint.labels.labels },
      labels: { "security-relevant": endpoint.labels.labels },
      networking: {
        addressing: [{ ipv4: endpoint.address === 0 ? "" : formatIpv4(endpoint.address) }],
        "host-mac": formatMac(endpoint.hostMac),
        "interface-index": endpoint.ifindex,
        "interface-name": endpoint.hostInterface,
        mac: formatMac(endpoint.mac),
      },
      policy: {
        realized: {
          "policy-enabled": policyEnabled(endpoint, agent.options.policyAudit),
          "policy-revision": policy?.revision ?? 0,
        },
      },
      state: endpoint.state,
    },
  }
}

function policyEnabled({ policy }: Endpoint, audit: boolean): string {
  const { ingress = false, egress = false } = policy?.enforced ?? {}
  if (!ingress && !egress) return "none"
  const which = ingress && egress ? "both" : ingress ? "ingress" : "egress"
  return audit ? `audit-${which}` : which
}
