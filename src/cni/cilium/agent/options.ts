/** What the agent is configured with: the files of --config-dir, one a key. Models pkg/option/config.go as far as podwire goes. */
import type { Process } from "../../../linux/task/process.ts"
import type { EnforcementMode } from "../../../policy/api.ts"

export interface AgentOptions {
  readonly clusterName: string
  readonly ipam: "cluster-pool" | "kubernetes"
  readonly enforcement: EnforcementMode
  readonly policyAudit: boolean
  readonly sctp: boolean
  readonly noBackendResponse: "reject" | "drop"
  readonly k8sNetworkPolicy: boolean
  readonly l7Proxy: boolean
  /** Remote nodes have identities of their own, for fromNodes and toNodes. */
  readonly nodeSelectorLabels: boolean
  readonly tunnelPort: number
  /** 0: what the devices have. */
  readonly mtu: number
  readonly monitorInterval: number
  readonly healthChecking: boolean
  readonly endpointHealthChecking: boolean
  readonly hubble: boolean
  readonly debug: boolean
  /** Where to write the network's configuration; undefined: somebody else does. */
  readonly cniConf: string | undefined
  readonly cniExclusive: boolean
  readonly cniLogFile: string
  /** Everything, by key. */
  readonly all: ReadonlyMap<string, string>
}

/** The options, or the text of an error. */
export function readOptions(proc: Process, folder: string): AgentOptions | string {
  const names = proc.fs.readdir(folder)
  if (typeof names === "string") return `Non-existent configuration directory ${folder}`
  const all = new Map<string, string>()
  for (const name of names) {
    const file = proc.fs.readText(`${folder}/${name}`)
    if ("text" in file) all.set(name, file.text.trim())
  }
  return optionsOf(all)
}

export function optionsOf(all: ReadonlyMap<string, string>): AgentOptions | string {
  const flag = (key: string, fallback: boolean): boolean => (all.get(key) ?? String(fallback)) === "true"
  const ipam = all.get("ipam") ?? "cluster-pool"
  if (ipam !== "cluster-pool" && ipam !== "kubernetes") return `podwire does not support ipam mode ${ipam}`
  const refused = UNSUPPORTED.find(([key, value]) => (all.get(key) ?? value) !== value)
  if (refused !== undefined) return `podwire does not support ${refused[0]}=${all.get(refused[0])}`
  return {
    clusterName: all.get("cluster-name") ?? "default",
    ipam,
    enforcement: (all.get("enable-policy") ?? "default") as EnforcementMode,
    policyAudit: flag("policy-audit-mode", false),
    sctp: flag("enable-sctp", false),
    noBackendResponse: all.get("service-no-backend-response") === "drop" ? "drop" : "reject",
    k8sNetworkPolicy: flag("enable-k8s-networkpolicy", true),
    l7Proxy: flag("enable-l7-proxy", true),
    nodeSelectorLabels: flag("enable-node-selector-labels", false),
    tunnelPort: Number(all.get("tunnel-port") ?? 0) || 8472,
    mtu: Number(all.get("mtu") ?? 0),
    monitorInterval: Number.parseInt(all.get("monitor-aggregation-interval") ?? "5", 10),
    healthChecking: flag("enable-health-checking", true),
    endpointHealthChecking: flag("enable-endpoint-health-checking", true),
    hubble: flag("enable-hubble", false),
    debug: flag("debug", false),
    cniConf: all.get("write-cni-conf-when-ready"),
    cniExclusive: flag("cni-exclusive", false),
    cniLogFile: all.get("cni-log-file") ?? "/var/run/cilium/cilium-cni.log",
    all,
  }
}

/** What podwire's data path cannot be told. */
const UNSUPPORTED: readonly (readonly [key: string, only: string])[] = [
  ["routing-mode", "tunnel"],
  ["tunnel-protocol", "vxlan"],
  ["kube-proxy-replacement", "false"],
  ["enable-bpf-masquerade", "false"],
  ["enable-ipv4", "true"],
  ["enable-ipv6", "false"],
  ["enable-host-firewall", "false"],
  ["enable-wireguard", "false"],
  ["enable-ipsec", "false"],
  ["enable-endpoint-routes", "false"],
  ["identity-allocation-mode", "crd"],
  ["datapath-mode", "veth"],
]
