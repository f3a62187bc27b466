/** cilium-cni: joins a sandbox to the node's data path through the agent. Models plugins/cilium-cni/cmd/cmd.go of 1.18. */
import { isDict } from "../../../kube/api/json.ts"
import type { CniError, CniResult } from "../../../kube/cri/cni.ts"
import type { Kernel } from "../../../linux/kernel.ts"
import { linkDel } from "../../../linux/rtnetlink/link.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { formatIpv4, formatMac, formatPrefix } from "../../../wire/address.ts"
import { type CniRequest, cniPlugin, failure, requestNamespace } from "../../skel.ts"
import type { AgentClient, AgentConfig } from "./agent-client.ts"
import { enqueueDeletion } from "./delete-queue.ts"
import { configureInterface, type Pair, podRoutes, setupVeth } from "./interface.ts"

/** Who answers on a machine's cilium.sock. */
export type AgentOf = (kernel: Kernel) => AgentClient | undefined

/** defaults.ClientConnectTimeout. */
const CONNECT_TIMEOUT = 30
/** How often the client tries. */
const RETRY = 0.5
/** ErrTryAgainLater of the CNI specification. */
const TRY_AGAIN_LATER = 11
/** CniErrHealthzGet of the plugin. */
const HEALTHZ_FAILED = 100
const SOCKET = "/var/run/cilium/cilium.sock"

export function ciliumCni(agentOf: AgentOf): Tool {
  const unchained =
    <T>(handler: (request: CniRequest, of: AgentOf) => Promise<T>) =>
    (request: CniRequest): Promise<T | CniError> => {
      const mode = request.config["chaining-mode"]
      return mode === undefined || mode === ""
        ? handler(request, agentOf)
        : Promise.resolve(failure(`podwire does not support chaining-mode ${JSON.stringify(mode)} of cilium-cni`))
    }
  return cniPlugin("cilium-cni", { add: unchained(add), del: unchained(del), check: unchained(check) })
}

/** The agent, once it answers; the client's words when it does not. Models client.NewDefaultClientWithTimeout. */
async function connect(request: CniRequest, agentOf: AgentOf, timeout: number): Promise<AgentClient | string> {
  for (let waited = 0; ; waited += RETRY) {
    const agent = agentOf(request.kernel)
    if (agent !== undefined) return agent
    if (waited >= timeout) break
    await request.proc.sleep(RETRY * SECOND)
  }
  const dial = `Get "http://localhost/v1/config": dial unix ${SOCKET}: connect: no such file or directory`
  return `failed to create cilium agent client after ${timeout.toFixed(6)} seconds timeout: ${dial}\nIs the agent running?`
}

async function add(request: CniRequest, agentOf: AgentOf): Promise<CniResult | CniError> {
  const agent = await connect(request, agentOf, CONNECT_TIMEOUT)
  if (typeof agent === "string") return failure(`unable to connect to Cilium agent: ${agent}`)
  if (request.config["prevResult"] !== undefined)
    return failure(
      "CNI PrevResult supplied, but not in chaining mode -- this is invalid, please set chaining-mode in CNI configuration",
    )
  const net = requestNamespace(request)
  if (net === undefined) {
    const path = request.netnsPath
    return failure(`opening netns pinned at ${path}: open ${path}: no such file or directory`)
  }
  const left = net.device(request.ifname)
  if (left !== undefined) linkDel(left)
  const namespace = request.args.get("K8S_POD_NAMESPACE") ?? ""
  const name = request.args.get("K8S_POD_NAME") ?? ""
  const address = agent.ipamAllocate(`${namespace}/${name}`)
  if (typeof address === "string") return failure(`unable to allocate IP via local cilium agent: ${address}`)
  const config = agent.config()
  const pair = setupVeth(request.proc.net, net, request.containerId, request.ifname, config.deviceMtu)
  const failed =
    typeof pair === "string"
      ? pair
      : (configureInterface(pair.pod, address, config) ?? (await createEndpoint(request, agent, address, pair)))
  if (failed === undefined) return resultOf(request, config, address, pair as Pair)
  if (typeof pair !== "string") linkDel(pair.host)
  agent.ipamRelease(address)
  return failure(failed)
}

async function createEndpoint(
  request: CniRequest,
  agent: AgentClient,
  address: number,
  pair: Pair,
): Promise<string | undefined> {
  const { containerId, ifname, netnsPath, args } = request
  const refused = await agent.createEndpoint({
    containerId,
    containerInterface: ifname,
    netns: netnsPath,
    hostInterface: pair.host.name,
    hostIfindex: pair.host.ifindex,
    address,
    mac: pair.pod.address,
    hostMac: pair.host.address,
    pod: {
      namespace: args.get("K8S_POD_NAMESPACE") ?? "",
      name: args.get("K8S_POD_NAME") ?? "",
      uid: args.get("K8S_POD_UID") ?? "",
    },
  })
  return refused === undefined ? undefined : `unable to create endpoint: ${refused}`
}

function resultOf(request: CniRequest, config: AgentConfig, address: number, { host, pod }: Pair): CniResult {
  return {
    cniVersion: String(request.config["cniVersion"] ?? ""),
    interfaces: [
      { name: host.name, mac: formatMac(host.address) },
      { name: pod.name, mac: formatMac(pod.address), sandbox: request.netnsPath },
    ],
    ips: [{ interface: 1, address: `${formatIpv4(address)}/32`, gateway: formatIpv4(config.routerIp) }],
    routes: podRoutes(config).map(({ destination, prefixLength, gateway, mtu }) => ({
      dst: `${formatIpv4(destination)}/${prefixLength}`,
      ...(gateway === undefined ? {} : { gw: formatIpv4(gateway) }),
      ...(mtu === undefined ? {} : { mtu }),
    })),
    dns: {},
  }
}

/** Errors would be tried again for long: only what may get better is one. Without an agent the deletion waits for the next. */
async function del(request: CniRequest, agentOf: AgentOf): Promise<CniError | undefined> {
  const agent = await connect(request, agentOf, 0)
  if (typeof agent === "string") {
    const full = enqueueDeletion(request.kernel, request.containerId)
    if (full !== undefined) return failure(full)
  } else await agent.deleteEndpoint(request.containerId, request.ifname)
  const dev = requestNamespace(request)?.device(request.ifname)
  if (dev !== undefined) linkDel(dev)
  return undefined
}

async function check(request: CniRequest, agentOf: AgentOf): Promise<CniError | undefined> {
  const agent = await connect(request, agentOf, CONNECT_TIMEOUT)
  if (typeof agent === "string")
    return { code: TRY_AGAIN_LATER, msg: "DaemonDown", details: `unable to connect to Cilium agent: ${agent}` }
  const { containerId, ifname, netnsPath } = request
  if (!agent.hasEndpoint(containerId, ifname)) {
    const details =
      "failed to retrieve container health: [GET /endpoint/{id}/healthz][404] getEndpointIdHealthzNotFound"
    return { code: HEALTHZ_FAILED, msg: "HealthzFailed", details }
  }
  const net = requestNamespace(request)
  if (net === undefined)
    return failure(`opening netns pinned at ${netnsPath}: open ${netnsPath}: no such file or directory`)
  const dev = net.device(ifname)
  if (dev === undefined) return failure(`cannot find container link ${ifname}`)
  const missing = expectedAddresses(request.config["prevResult"], ifname).find(
    (text) => !dev.addresses.some((ifa) => formatPrefix(ifa.address, ifa.prefixLength) === text),
  )
  return missing === undefined ? undefined : failure(`expected ip ${missing} on interface ${ifname}`)
}

/** What the former result said the pod's interface has. Models verifyInterface. */
function expectedAddresses(previous: unknown, ifname: string): string[] {
  const { interfaces = [], ips = [] } = (isDict(previous) ? previous : {}) as unknown as CniResult
  const at = interfaces.findIndex((one) => one.name === ifname && (one.sandbox ?? "") !== "")
  return ips.filter((ip) => at >= 0 && ip.interface === at).map((ip) => ip.address)
}
