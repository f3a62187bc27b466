/** `cilium-dbg status`. Models pkg/client FormatStatusResponse and pkg/health/client. */
import type { Process } from "../../../linux/task/process.ts"
import type { Flags } from "../../../shell/pflag.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { agentOf } from "../agent/registry.ts"
import { type HealthStatus, healthStatus, type StatusResponse, statusJson } from "../agent/status.ts"
import { agentFor, printData, table } from "./output.ts"

export async function status(proc: Process, flags: Flags): Promise<number> {
  if (flags.has("brief") && agentOf(proc.kernel) === undefined) {
    await proc.err("cilium: daemon unreachable\n")
    return 1
  }
  if (agentOf(proc.kernel) === undefined) {
    await proc.err(
      'Get "http://localhost/v1/healthz": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory\nIs the agent running?\n',
    )
    return 1
  }
  const agent = agentFor(proc, "/healthz", "")
  const response = statusJson(agent)
  if (await printData(proc, flags, response)) return 0
  if (flags.has("brief")) await proc.out(briefly(response))
  else await proc.out(table(rowsOf(response, healthStatus(agent), flags), 2))
  return 0
}

function briefly({ controllers }: StatusResponse): string {
  const failing = controllers.find(({ status }) => status["consecutive-failure-count"] > 0)
  return failing === undefined ? "OK\n" : `error in controller ${failing.name}: ${failing.status["last-failure-msg"]}\n`
}

const onOff = (on: boolean): string => (on ? "Enabled" : "Disabled")

function rowsOf(response: StatusResponse, health: HealthStatus | undefined, flags: Flags): string[][] {
  const { kvstore, kubernetes, cilium, nodeMonitor: monitor, routing, masquerading, proxy } = response
  const range = response["identity-range"]
  return [
    ["KVStore:", kvstore.state, kvstore.msg ?? ""],
    ["Kubernetes:", kubernetes.state, kubernetes.msg ?? ""],
    ["Kubernetes APIs:", `["${kubernetes["k8s-api-versions"].join('", "')}"]`],
    ["KubeProxyReplacement:", response["kube-proxy-replacement"].mode, ""],
    ["Host firewall:", response["host-firewall"].mode],
    ["SRv6:", onOff(response.srv6.enabled)],
    ["CNI Chaining:", response["cni-chaining"].mode],
    ["CNI Config file:", response["cni-file"].msg ?? ""],
    ["Cilium:", `${cilium.state}   ${cilium.msg}`],
    [
      "NodeMonitor:",
      `Listening for events on ${monitor.cpus} CPUs with ${monitor.npages}x${monitor.pagesize} of shared memory`,
    ],
    ["Cilium health daemon:", response.cluster["cilium-health"].state, ""],
    ["IPAM:", response.ipam.status],
    ...(flags.has("all-addresses") ? addresses(response) : []),
    ["IPv4 BIG TCP:", onOff(response["ipv4-big-tcp"].enabled)],
    ["IPv6 BIG TCP:", onOff(response["ipv6-big-tcp"].enabled)],
    ["BandwidthManager:", onOff(response["bandwidth-manager"].enabled)],
    [
      "Routing:",
      `Network: ${routing["inter-host-routing-mode"]} [${routing["tunnel-protocol"]}]`,
      `Host: ${routing["intra-host-routing-mode"]}`,
    ],
    ["Attach Mode:", response["attach-mode"]],
    ["Device Mode:", response["datapath-mode"]],
    [
      "Masquerading:",
      `IPTables [IPv4: ${onOff(masquerading.enabledProtocols.ipv4)}, IPv6: ${onOff(masquerading.enabledProtocols.ipv6)}]`,
    ],
    ...controllers(response),
    [
      "Proxy Status:",
      `OK, ip ${proxy.ip}, ${proxy["total-redirects"]} redirects active on ports ${proxy["port-range"]}, Envoy: ${proxy["envoy-deployment-mode"]}`,
    ],
    ["Global Identity Range:", `min ${range["min-identity"]}, max ${range["max-identity"]}`],
    hubble(response),
    ["Encryption:", response.encryption.mode, ""],
    ...healthRows(health, flags.has("all-health")),
    // As many as the release's agent has modules in this configuration.
    ["Modules Health:", "Stopped(0) Degraded(0) OK(71)"],
  ]
}

function addresses({ ipam }: StatusResponse): string[][] {
  const lines = Object.entries(ipam.allocations).map(([address, owner]) => [`  ${address} (${owner})`])
  return [["Allocated addresses:"], ...lines.sort()]
}

function controllers({ controllers: all }: StatusResponse): string[][] {
  const failing = all.filter(({ status }) => status["consecutive-failure-count"] > 0)
  const rows = failing.map(({ name, status }) => [
    `  ${name}`,
    "never",
    "never",
    String(status["consecutive-failure-count"]),
    status["last-failure-msg"] ?? "no error",
    "",
  ])
  return [
    ["Controller Status:", `${all.length - failing.length}/${all.length} healthy`],
    ...(rows.length === 0 ? [] : [["  Name", "Last success", "Last error", "Count", "Message"], ...rows]),
  ]
}

function hubble({ hubble: { state, observer, metrics } }: StatusResponse): string[] {
  if (observer === undefined) return ["Hubble:", state]
  const { "current-flows": current, "max-flows": max, "seen-flows": seen, uptime } = observer
  const filled = `Current/Max Flows: ${current}/${max} (${((current / max) * 100).toFixed(2)}%)`
  const rate = uptime > 0 ? [`Flows/s: ${(seen / (uptime / SECOND)).toFixed(2)}`] : []
  return ["Hubble:", state, [filled, ...rate].join(", "), `Metrics: ${metrics?.state ?? "Disabled"}`]
}

function healthRows(health: HealthStatus | undefined, all: boolean): string[][] {
  if (health === undefined) return [["Cluster health:", "", "Probe disabled"]]
  const { nodes, probed, interval } = health
  const well = nodes.filter(({ reachable }) => reachable).length
  const shown = nodes.filter(({ reachable }) => all || !reachable)
  const word = (reachable: boolean): string => (reachable ? "reachable" : "unreachable")
  return [
    [
      "Cluster health:",
      `${well}/${nodes.length} reachable`,
      `(${probed})`,
      `(Probe interval: ${goDuration(interval)})`,
    ],
    ["Name", "IP", "Node", "Endpoints"],
    ...shown.map(({ name, address, reachable }) => [`  ${name}`, address, word(reachable), word(reachable)]),
  ]
}

/** `1m36.566274746s`. */
export function goDuration(ns: number): string {
  const minutes = Math.floor(ns / (60 * SECOND))
  const seconds = ((ns % (60 * SECOND)) / SECOND).toFixed(9).replace(/\.?0+$/, "")
  return `${minutes > 0 ? `${minutes}m` : ""}${seconds}s`
}
