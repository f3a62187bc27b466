/** cilium-agent, the program: from its configuration to a node that is ready. Models daemon/cmd/daemon_main.go. */
import type { ApiServer } from "../../../kube/api/server.ts"
import type { Node } from "../../../kube/api/types.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { Termination } from "../../../shell/termination.ts"
import { defineTool } from "../../../shell/tool.ts"
import { MILLISECOND, SECOND } from "../../../sim/simulation.ts"
import { VERSIONS } from "../../../versions.ts"
import { formatIpv4, formatPrefix, type Prefix, parseIpv4 } from "../../../wire/address.ts"
import { DEFAULT_CONFIG } from "../datapath/config.ts"
import { datapathOf } from "../datapath/datapath.ts"
import { startDnsProxy } from "../fqdn/dns-proxy.ts"
import { Agent } from "./agent.ts"
import { publishNode } from "./cilium-node.ts"
import { CniConf } from "./cni-conf.ts"
import { HealthEndpoint } from "./health.ts"
import { serveHealthz } from "./healthz.ts"
import { startHostEndpoint } from "./host-endpoint.ts"
import { judgeHttp } from "./http-judge.ts"
import { startHubble, stopHubble } from "./hubble.ts"
import { Ipam, restore } from "./ipam.ts"
import { localNode, podRange } from "./local-node.ts"
import { type Log, logOf } from "./log.ts"
import { type AgentOptions, readOptions } from "./options.ts"
import { listen, unlisten } from "./registry.ts"
import { stateOf } from "./state.ts"

const MODULE = "agent.controlplane.daemon"
const STEP = 20 * MILLISECOND
/** agent-health-port. */
const HEALTH_PORT = 9879
export const ciliumAgent = (api: ApiServer): Tool => defineTool("cilium-agent", (proc) => new Daemon(api, proc).main())

class Daemon {
  readonly #api: ApiServer
  readonly #proc: Process
  readonly #log: Log
  readonly #end: Termination

  constructor(api: ApiServer, proc: Process) {
    this.#api = api
    this.#proc = proc
    this.#end = new Termination(proc)
    this.#log = logOf(proc)
  }

  #die(message: string, module: string, error: string): number {
    this.#log("fatal", message, module, { error })
    return 1
  }

  async main(): Promise<number> {
    const folder = this.#configDir()
    if (folder === undefined) return 1
    const options = readOptions(this.#proc, folder)
    if (typeof options === "string") return this.#die("Unable to initialize configuration", "agent", options)
    this.#greet(options)
    let ready = false
    serveHealthz(this.#proc, HEALTH_PORT, () => ready)
    const place = { registry: this.#api.registry, log: this.#log, pause: () => this.#end.pause(STEP) }
    const node = await localNode(place, this.#proc.env.get("K8S_NODE_NAME") ?? this.#proc.kernel.hostname)
    if (typeof node === "string") return this.#die("Unable to get node resource", MODULE, node)
    const podCidr = node === undefined ? undefined : await podRange(place, node, options)
    if (node === undefined || podCidr === undefined) return 0
    return this.#run(node, podCidr, options, () => {
      ready = true
    })
  }

  #configDir(): string | undefined {
    const unknown = this.#proc.argv.slice(1).find((word) => !word.startsWith("--config-dir="))
    if (unknown !== undefined) {
      void this.#proc.err(
        `Error: podwire's cilium-agent has no flag ${unknown}: its options are files of --config-dir\n`,
      )
      return undefined
    }
    return this.#proc.argv[1]?.slice("--config-dir=".length) ?? "/tmp/cilium/config-map"
  }

  #greet(options: AgentOptions): void {
    for (const [key, value] of [...options.all].sort(([a], [b]) => (a < b ? -1 : 1)))
      this.#log("info", `  --${key}='${value}'`, "agent")
    this.#log("info", "     _ _ _", "agent")
    this.#log("info", " ___|_| |_|_ _ _____", "agent")
    this.#log("info", "|  _| | | | | |     |", "agent")
    this.#log("info", "|___|_|_|_|___|_|_|_|", "agent")
    this.#log("info", `Cilium ${VERSIONS.cilium} go version go1.24.5 linux/amd64`, "agent")
  }

  // ── run ─────────────────────────────────────────────────────────────────────────────────────

  async #run(node: Node, podCidr: Prefix, options: AgentOptions, ready: () => void): Promise<number> {
    const { kernel } = this.#proc
    const agent = this.#build(node, podCidr, options)
    if (typeof agent === "string") return this.#die("Unable to allocate router IP", MODULE, agent)
    await this.#proc.sleep(STEP)
    const refused = agent.datapath.base({
      routerIp: agent.routerIp,
      nodeIp: parseIpv4(agent.nodeIp) ?? 0,
      localCidr: podCidr,
      uplinks: uplinksOf(this.#proc),
    })
    if (refused !== undefined)
      return this.#die(
        "failed to setup vxlan tunnel device",
        "agent.datapath.loader",
        refused.message.replace("failed to setup vxlan tunnel device: ", ""),
      )
    const health = new HealthEndpoint(agent)
    try {
      if (options.hubble) startHubble(agent)
      startHostEndpoint(agent)
      agent.start()
      if (options.l7Proxy) startDnsProxy(this.#proc, agent)
      health.start()
      this.#publish(node, agent, health)
      await this.#proc.sleep(STEP)
      listen(kernel, agent)
      this.#log("info", "Daemon initialization completed", MODULE, {
        bootstrapTime: seconds(kernel.sim.now - this.#proc.startTime),
      })
      this.#log("info", "Serving cilium API at unix:///var/run/cilium/cilium.sock", "agent.infra.api-server")
      agent.cniConf = new CniConf(this.#proc.fs, this.#log, options)
      agent.cniConf.start()
      ready()
      await this.#end.wait()
      this.#log("info", "Signal received", "", { signal: "terminated" })
      this.#log("info", "Stopping", "")
      return 0
    } finally {
      unlisten(kernel, agent)
      stopHubble(kernel)
      health.stop()
      agent.stop()
    }
  }

  #build(node: Node, podCidr: Prefix, options: AgentOptions): Agent | string {
    const { kernel } = this.#proc
    const { registry } = this.#api
    const state = stateOf(kernel)
    const datapath = datapathOf(kernel)
    datapath.config = {
      ...DEFAULT_CONFIG,
      tunnelPort: options.tunnelPort,
      policyAudit: options.policyAudit,
      sctp: options.sctp,
      serviceNoBackendResponse: options.noBackendResponse,
      monitorInterval: options.monitorInterval,
      ...(options.mtu === 0 ? {} : { deviceMtu: options.mtu }),
    }
    const ipam = new Ipam(podCidr, kernel.prng.fork("cilium/ipam"))
    const routerIp = restore(ipam, state.routerIp, "router")
    if (typeof routerIp === "string") return routerIp
    state.routerIp = routerIp
    for (const endpoint of state.endpoints.values())
      ipam.take(endpoint.address, `${endpoint.pod?.namespace ?? ""}/${endpoint.pod?.name ?? ""}`)
    const nodeIp = (node.status.addresses ?? []).find(({ type }) => type === "InternalIP")?.address ?? ""
    const agent = new Agent({
      kernel,
      registry,
      node,
      nodeIp,
      options,
      log: this.#log,
      ipam,
      routerIp,
      podCidr,
      judge: judgeHttp(registry),
    })
    this.#tellAddressing(node.metadata.name, nodeIp, routerIp, podCidr)
    return agent
  }

  #tellAddressing(name: string, nodeIp: string, routerIp: number, { address, length }: Prefix): void {
    this.#log("info", "Addressing information:", MODULE)
    this.#log("info", `  Local node-name: ${name}`, MODULE)
    this.#log("info", `  External-Node IPv4: ${nodeIp}`, MODULE)
    this.#log("info", `  Internal-Node IPv4: ${formatIpv4(routerIp)}`, MODULE)
    this.#log("info", `  IPv4 allocation prefix: ${formatPrefix(address, length)}`, MODULE)
  }

  #publish(node: Node, agent: Agent, health: HealthEndpoint): void {
    publishNode(this.#api.registry, node, {
      routerIp: formatIpv4(agent.routerIp),
      ...(health.address === 0 ? {} : { healthIp: formatIpv4(health.address) }),
      ...(agent.options.ipam === "kubernetes"
        ? { podCIDRs: [formatPrefix(agent.podCidr.address, agent.podCidr.length)] }
        : {}),
      bootId: node.status.nodeInfo?.bootID ?? "",
    })
  }
}

/** Devices with a route or an address that leads out: not loopback, not Cilium's own, not pods' or bridges'. Models pkg/datapath/linux/devices_controller.go. */
function uplinksOf(proc: Process): string[] {
  return proc.net.devices.filter((dev) => dev.kind === "ethernet" && dev.addresses.length > 0).map((dev) => dev.name)
}

const seconds = (ns: number): string => `${(ns / SECOND).toFixed(6).replace(/0+$/, "").replace(/\.$/, "")}s`
