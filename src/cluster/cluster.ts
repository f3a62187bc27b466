/** A cluster: machines on a wire, a control plane, a CNI plugin. What a user gets from createCluster. */
import type { ApiServer } from "../kube/api/server.ts"
import type { Table } from "../kube/api/table.ts"
import type { Pod } from "../kube/api/types.ts"
import type { Kubelet } from "../kube/kubelet/kubelet.ts"
import type { Kernel } from "../linux/kernel.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { DEFAULT_PATH } from "../linux/task/process-table.ts"
import { type ExecResult, printable } from "../shell/exec-result.ts"
import { bashTool } from "../shell/programs.ts"
import type { Simulation } from "../sim/simulation.ts"
import { renderTable } from "../tools/kubectl/table.ts"
import type { TopologyDevice, TopologyNode } from "../view/topology-data.ts"
import { formatPrefix, ipv4 } from "../wire/address.ts"
import type { Capture, CaptureOptions } from "./capture.ts"
import { checkNames, type ExecOptions, parseDuration, runAt, type Site } from "./command.ts"
import type { Gateway } from "./gateway/gateway.ts"
import { type HandleHost, NodeHandle, PodHandle, type ReachTarget } from "./handles.ts"
import type { Place } from "./journey.ts"
import type { PolicyAnswer } from "./policy/answer.ts"
import type { Asked, LookupOptions, ReachabilityOptions } from "./policy/ask.ts"
import type { Reachability } from "./policy/reachability.ts"
import type { Reach, ReachOptions, ReachSource } from "./reach.ts"
import type { Recording } from "./recording.ts"
import { Terminal, type TerminalOptions } from "./terminal.ts"

/** One machine and its kubelet. */
export interface ClusterNode {
  readonly kernel: Kernel
  readonly kubelet: Kubelet
  readonly ip: string
  /** The device that carries the cluster's traffic. */
  readonly uplink: string
}

/** The parts a cluster is made of; see createCluster. */
export interface ClusterParts {
  sim: Simulation
  server: ApiServer
  nodes: ReadonlyMap<string, ClusterNode>
  /** Nothing of the control plane is under way. */
  quiet: () => boolean
}

/** What a login on a machine finds in its environment. */
export const NODE_ENV: ReadonlyMap<string, string> = new Map([
  ["PATH", DEFAULT_PATH],
  ["HOME", "/root"],
  ["USER", "root"],
  ["SHELL", "/bin/bash"],
  ["KUBECONFIG", "/etc/kubernetes/admin.conf"],
])

/** A machine's bridges or tunnels, each with its address. */
function virtualDevices(net: NetNamespace, kind: string): TopologyDevice[] {
  return net.devices
    .filter((dev) => dev.kind === kind)
    .map(({ name, addresses: [first] }) =>
      first === undefined ? { name } : { name, detail: formatPrefix(first.address, first.prefixLength) },
    )
}

/** Nobody enforces policies: the API's own words count. */
const NO_AGENT = {
  engine: "kubernetes",
  clusterName: "default",
  enforcement: "default",
  nodeSelectorLabels: false,
} as const

/**
 * A running cluster: what {@link createCluster} returns. Time is virtual and stands still between calls. Prints as `kubectl get nodes -o wide`.
 * @example await cluster.node("k8s-worker-1").exec("ip route")
 */
export class Cluster {
  readonly #parts: ClusterParts
  readonly #host: HandleHost
  /** The machines, in order of registration. */
  readonly nodes: readonly NodeHandle[]

  constructor(parts: ClusterParts) {
    this.#parts = parts
    this.#host = this.#handleHost()
    this.nodes = [...parts.nodes].map(([name, node]) => new NodeHandle(this.#host, name, node.ip))
  }

  /** The virtual world: clock, seed, trace. */
  get sim(): Simulation {
    return this.#parts.sim
  }

  /** The API server. `server.handle(request)` answers what a client sends. */
  get server(): ApiServer {
    return this.#parts.server
  }

  // ── handles ─────────────────────────────────────────────────────────────────────────────────

  /** A machine by name. Throws with the names that exist. */
  node(name: string): NodeHandle {
    const found = this.nodes.find((node) => node.name === name)
    if (found === undefined)
      throw new RangeError(`no node "${name}"; there are: ${this.nodes.map((node) => node.name).join(", ")}`)
    return found
  }

  /** A pod by name; `namespace/name` outside of default. It may be created later. */
  pod(name: string): PodHandle {
    const slash = name.indexOf("/")
    return slash < 0
      ? new PodHandle(this.#host, "default", name)
      : new PodHandle(this.#host, name.slice(0, slash), name.slice(slash + 1))
  }

  // ── commands ────────────────────────────────────────────────────────────────────────────────

  /**
   * Runs a command line on a machine, or in a pod, by name: what the handles' `exec` does, where the name comes from somewhere else.
   * @param where a node, a pod of the default namespace, or `namespace/pod`
   * @throws RangeError for a name that is neither, with the names there are
   * @example await cluster.exec("k8s-master", "kubectl get nodes")
   */
  async exec(where: string, command: string, options: ExecOptions = {}): Promise<ExecResult> {
    return runAt(this.#site(where), command, options)
  }

  /**
   * Opens an interactive shell (or runs `command`) on a machine or in a pod and leaves it running: type with `write`, let it work with
   * `settle`. It keeps its variables, its directory and its jobs.
   * @throws RangeError for a name that is neither a node nor a pod, with the names there are
   * @example const terminal = cluster.terminal("k8s-master", { onOutput: (_, data) => show(data) })
   */
  terminal(where: string, options: TerminalOptions): Terminal {
    const kernels = [...this.#parts.nodes.values()].map((node) => node.kernel)
    return new Terminal(this.sim, kernels, this.#site(where), options)
  }

  /**
   * Creates or changes objects as `kubectl apply -f` does. Takes YAML or JSON text, an object, or several. Throws with kubectl's words when
   * something is refused: broken text changes nothing; of several objects the good ones have been applied, as kubectl does it.
   */
  async apply(manifest: string | object | readonly object[]): Promise<ExecResult> {
    const text =
      typeof manifest === "string"
        ? manifest
        : (Array.isArray(manifest) ? manifest : [manifest]).map((object) => JSON.stringify(object)).join("\n---\n")
    const result = await this.#execOnNode(this.#first, "kubectl apply -f -", { stdin: text })
    if (!result.ok) throw new Error(result.stderr.trimEnd())
    return result
  }

  get #first(): string {
    return this.nodes[0]?.name ?? ""
  }

  async #execOnNode(name: string, script: string, options: ExecOptions): Promise<ExecResult> {
    return runAt(this.#nodeSite(name), script, options)
  }

  #nodeSite(name: string): Site {
    const { kernel } = this.#parts.nodes.get(name) as ClusterNode
    return { kernel, shell: ["bash"], options: { tool: bashTool, env: NODE_ENV, cwd: "/root" } }
  }

  /** A machine, or a pod's first container. */
  #site(where: string): Site {
    if (this.#parts.nodes.has(where)) return this.#nodeSite(where)
    const { namespace, name } = this.pod(where)
    const pods = this.server.registry.list(this.server.registry.resource("pods"), {}) as Pod[]
    if (pods.some(({ metadata }) => metadata.name === name && metadata.namespace === namespace))
      return this.#podSite(namespace, name)
    throw new RangeError(
      `no node or pod "${where}"; nodes: ${[...this.#parts.nodes.keys()].join(", ")}; pods: ${podNames(pods)}`,
    )
  }

  // ── time ────────────────────────────────────────────────────────────────────────────────────

  /** Lets virtual time pass: `"90s"`, `"5m"`, or seconds. */
  advance(duration: string | number): Promise<void> {
    return this.sim.advance(parseDuration(duration))
  }

  /** Waits until the control plane has nothing to do: pods scheduled and started, or backing off (at most ten minutes of virtual time). */
  async settle(): Promise<void> {
    const limit = this.sim.now + 600e9
    while (!this.#parts.quiet() && this.sim.now < limit) await this.sim.advance(50e6)
  }

  /**
   * The cluster's API as it goes over a wire, for a server of the host's: what `serve` of podwire/node is made with.
   * @example const { text } = await (await cluster.gateway()).answer({ method: "GET", path: "/version", headers: {}, body: "" })
   */
  async gateway(): Promise<Gateway> {
    const { Gateway } = await this.sim.load(() => import("./gateway/gateway.ts"))
    return new Gateway(this.server)
  }

  // ── looking ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes frames while `run` runs, on every device of the cluster or where the options say.
   * @example const capture = await cluster.capture({ filter: "udp port 8472" }, () => client.exec("wget -qO- http://10.244.2.2/"))
   */
  async capture(options: CaptureOptions, run: () => Promise<unknown>): Promise<Capture> {
    const taken = await this.record(options)
    try {
      await run()
    } catch (error) {
      taken.stop()
      throw error
    }
    // What is still on its way belongs to it.
    await this.sim.advance(2e6)
    return taken.stop()
  }

  /**
   * Takes frames until it is stopped, and changes nothing else: what runs meanwhile gives the same as without. A pod that starts meanwhile is
   * listened to from its first packet on, unless the options say where. See {@link Cluster.capture} for the frames of one action.
   * @example const recording = await cluster.record({ filter: "arp" })
   */
  async record(options: CaptureOptions = {}): Promise<Recording> {
    const { Listener } = await this.sim.load(() => import("./recording.ts"))
    const places = this.#points(options.on)
    const log = options.tables === true ? await this.sim.load(() => import("./tables.ts")) : undefined
    const listener = new Listener(this.sim, places, options, log && new log.TableLog())
    if (options.on === undefined && options.device === undefined)
      for (const [node, { kubelet }] of this.#parts.nodes) listener.follow(node, kubelet.networkCreated)
    return listener
  }

  #points(on: string | undefined): Place[] {
    const points: Place[] = []
    for (const [name, node] of this.#parts.nodes) {
      points.push({ node: name, net: node.kernel.initNet })
      for (const { pod, net } of this.#podNets(node)) points.push({ node: name, pod, net })
    }
    if (on === undefined) return points
    const nameOf = (point: Place): string => point.pod ?? point.node
    const found = points.filter((point) => nameOf(point) === on)
    if (found.length === 0) throw new RangeError(`no node or pod "${on}"; there are: ${points.map(nameOf).join(", ")}`)
    return found
  }

  #podNets(node: ClusterNode): { namespace: string; pod: string; ip: string; net: NetNamespace }[] {
    return [...node.kubelet.workers.values()].flatMap((worker) => {
      const sandbox = worker.runningSandbox
      return sandbox === undefined || sandbox.hostNetwork
        ? []
        : [
            {
              namespace: worker.pod.metadata.namespace ?? "default",
              pod: worker.pod.metadata.name,
              ip: worker.podIp,
              net: sandbox.net,
            },
          ]
    })
  }

  /**
   * Machines and pods as data, for `topology()` figures. Pods of kube-system, such as CoreDNS, are left out unless `system` is true.
   *
   * @example topology({ nodes: cluster.topology() })
   */
  topology({ system = false }: { system?: boolean } = {}): TopologyNode[] {
    return [...this.#parts.nodes].map(([name, node]) => {
      return {
        name,
        ip: node.ip,
        podCIDR: this.#podRange(name),
        uplink: node.uplink,
        devices: [
          ...["bridge", "vxlan"].flatMap((kind) => virtualDevices(node.kernel.initNet, kind)),
          ...virtualDevices(node.kernel.initNet, "veth").filter((dev) => dev.name === "cilium_host"),
        ],
        pods: this.#podNets(node)
          .filter(({ namespace }) => system || namespace !== "kube-system")
          .map(({ pod, ip, net }) => {
            const veth = net.device("eth0")?.link?.name
            return { name: pod, ip, ...(veth === undefined ? {} : { veth }) }
          }),
      }
    })
  }

  /** Where a machine's pods get their addresses: what Cilium's operator gave it, or the node's own range. */
  #podRange(name: string): string {
    const { registry } = this.server
    const ciliumNodes = registry.resourceByKind("cilium.io/v2", "CiliumNode")
    const own = (ciliumNodes === undefined ? undefined : registry.get(ciliumNodes, undefined, name)) as
      | { spec?: { ipam?: { podCIDRs?: string[] } } }
      | undefined
    const node = registry.get(registry.resource("nodes"), undefined, name) as { spec?: { podCIDR?: string } }
    return own?.spec?.ipam?.podCIDRs?.[0] ?? node.spec?.podCIDR ?? ""
  }

  // ── policy ──────────────────────────────────────────────────────────────────────────────────

  /**
   * What the cluster's policies say of a flow, and which line of which manifest says it. No packet is sent: {@link PodHandle.reach} does that.
   * @param from a pod (`namespace/name` outside of default), a node, or an address
   * @param to the same, with the port: `backend-pod:80`
   * @throws RangeError for a name that does not exist, with the names that do; TypeError when the port is missing
   * @example await cluster.lookup("client-pod", "backend-pod:80", { http: { method: "GET", path: "/denied" } })
   */
  async lookup(from: string, to: string, options: LookupOptions = {}): Promise<PolicyAnswer> {
    checkNames("lookup", options, { port: true, protocol: true, http: true })
    const { lookup } = await this.sim.load(() => import("./policy/ask.ts"))
    return lookup(this.server, await this.#policySettings(), from, to, options)
  }

  /**
   * Who may talk to whom on a port, by policy: every pair of pods. Two answers compare with `after.since(before)`; `matrix()` draws them.
   * @example const before = await cluster.reachability({ port: 80 })
   */
  async reachability(options: ReachabilityOptions): Promise<Reachability> {
    checkNames("reachability", options, { port: true, protocol: true, namespace: true })
    const { reachability } = await this.sim.load(() => import("./policy/ask.ts"))
    return reachability(this.server, await this.#policySettings(), options)
  }

  /** Whose policies are in force here: those of the agents that run, or nobody's. */
  async #policySettings(): Promise<Asked> {
    const { agentOf } = await this.sim.load(() => import("../cni/cilium/agent/registry.ts"))
    const agent = [...this.#parts.nodes.values()].map(({ kernel }) => agentOf(kernel)).find((one) => one !== undefined)
    if (agent === undefined) return { ...NO_AGENT, enforced: false }
    const { clusterName, options } = agent
    const { enforcement, nodeSelectorLabels } = options
    return { engine: "cilium", clusterName, enforcement, nodeSelectorLabels, enforced: true }
  }

  // ── pods ────────────────────────────────────────────────────────────────────────────────────

  #handleHost(): HandleHost {
    return {
      execOnNode: (name, script, options) => this.#execOnNode(name, script, options),
      execInPod: (namespace, name, script, options) => this.#execInPod(namespace, name, script, options),
      nsenter: (namespace, name, script, options) => this.#nsenter(namespace, name, script, options),
      kernelOf: (name) => (this.#parts.nodes.get(name) as ClusterNode).kernel,
      podState: (namespace, name) => this.#podState(namespace, name),
      reach: (from, to, options) => this.#reach(from, to, options),
      podReady: (namespace, name, timeout) => this.#podReady(namespace, name, timeout),
    }
  }

  async #reach(from: NodeHandle | PodHandle, to: ReachTarget, options: ReachOptions): Promise<Reach> {
    const { findTarget, tryToReach } = await this.sim.load(() => import("./reach.ts"))
    const target = findTarget(to, options, {
      nodes: this.nodes,
      pods: this.server.registry.list(this.server.registry.resource("pods"), {}) as Pod[],
      services: this.server.registry.list(this.server.registry.resource("services"), {}),
    })
    const ends = [from, ...(target.pod === undefined ? [] : [this.pod(target.pod)])]
    for (const end of ends) if (end instanceof PodHandle) await end.ready()
    const probe = {
      protocol: options.protocol ?? "tcp",
      address: ipv4(target.pod === undefined ? target.ip : this.pod(target.pod).ip),
      port: target.port,
      timeout: parseDuration(options.timeout ?? "5s"),
    }
    return tryToReach(this.#source(from), probe, (run) => this.capture({}, run))
  }

  #source(from: NodeHandle | PodHandle): ReachSource {
    const where = from.name
    if (from instanceof NodeHandle)
      return { label: `node ${where}`, where, kernel: from.kernel, net: from.kernel.initNet }
    const { net, node } = this.#podState(from.namespace, from.name)
    const kernel = this.#parts.nodes.get(node)?.kernel
    if (net === undefined || kernel === undefined) throw new Error(`${from} has no network`)
    return { label: `pod ${from.namespace}/${from.name}`, where, kernel, net }
  }

  #pod(namespace: string, name: string): Pod {
    const pods = this.server.registry.list(this.server.registry.resource("pods"), { namespace }) as Pod[]
    const found = pods.find((pod) => pod.metadata.name === name)
    if (found === undefined)
      throw new RangeError(
        `no pod "${name}" in namespace ${namespace}; there are: ${pods.map((pod) => pod.metadata.name).join(", ") || "none"}`,
      )
    return found
  }

  #podState(namespace: string, name: string): ReturnType<HandleHost["podState"]> {
    const pod = this.#pod(namespace, name)
    const node = pod.spec.nodeName ?? ""
    const worker = this.#parts.nodes.get(node)?.kubelet.worker(namespace, name)
    const ready = (pod.status.conditions ?? []).some(
      (condition) => condition.type === "Ready" && condition.status === "True",
    )
    return {
      ip: pod.status.podIP ?? "",
      node,
      phase: pod.status.phase ?? "Pending",
      ready,
      net: worker?.runningSandbox?.net,
    }
  }

  async #podReady(namespace: string, name: string, timeout: string | number): Promise<void> {
    const limit = this.sim.now + parseDuration(timeout)
    while (!this.#podState(namespace, name).ready) {
      if (this.sim.now >= limit)
        throw new Error(`pod ${namespace}/${name} is not Ready after ${timeout}: ${this.#why(namespace, name)}`)
      await this.sim.advance(20e6)
    }
  }

  /** The newest things said about a pod. */
  #why(namespace: string, name: string): string {
    const events = this.server.registry.list(this.server.registry.resource("events"), { namespace }) as unknown as {
      involvedObject: { name: string }
      reason: string
      message: string
    }[]
    const said = events
      .filter((event) => event.involvedObject.name === name)
      .slice(-3)
      .map((event) => `${event.reason}: ${event.message}`)
    return `${this.#podState(namespace, name).phase}${said.length > 0 ? ` (${said.join("; ")})` : ""}`
  }

  async #execInPod(namespace: string, name: string, script: string, options: ExecOptions): Promise<ExecResult> {
    return runAt(this.#podSite(namespace, name), script, options)
  }

  #podSite(namespace: string, name: string): Site {
    const pod = this.#pod(namespace, name)
    const worker = this.#parts.nodes.get(pod.spec.nodeName ?? "")?.kubelet.worker(namespace, name)
    const container = worker?.containers[0]?.container
    if (worker === undefined || container === undefined)
      throw new Error(`pod ${namespace}/${name} has no running container: ${this.#why(namespace, name)}`)
    const { kernel, hostname } = worker
    const env = new Map([
      ["PATH", DEFAULT_PATH],
      ["HOME", "/root"],
      ["HOSTNAME", hostname],
    ])
    const options = { fs: container.fs, net: container.sandbox.net, hostname, cwd: "/", env }
    return { kernel, shell: ["/bin/sh"], options }
  }

  async #nsenter(namespace: string, name: string, script: string, options: ExecOptions): Promise<ExecResult> {
    const { net, node } = this.#podState(namespace, name)
    if (net === undefined) throw new Error(`pod ${namespace}/${name} has no network yet: ${this.#why(namespace, name)}`)
    const site = this.#nodeSite(node)
    return runAt({ ...site, options: { ...site.options, net } }, script, options)
  }

  /** As `kubectl get nodes -o wide` prints it. */
  toString(): string {
    const { body } = this.server.handle({
      method: "GET",
      path: "/api/v1/nodes",
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    })
    const { columnDefinitions, rows } = body as Table
    const headers = columnDefinitions.map(({ name }) => name.toUpperCase())
    return renderTable(
      headers,
      rows.map(({ cells }) => cells.map(String)),
    ).trimEnd()
  }
}

printable(Cluster, (cluster) => cluster.toString())

/** For an error: every pod by name, but of the control plane's own only how many there are. */
function podNames(pods: readonly Pod[]): string {
  const system = pods.filter(({ metadata }) => metadata.namespace === "kube-system").length
  const names = pods.flatMap(({ metadata: { namespace, name } }) =>
    namespace === "kube-system" ? [] : namespace === "default" ? name : `${namespace}/${name}`,
  )
  return [...names, ...(system === 0 ? [] : [`and ${system} in kube-system`])].join(", ") || "none"
}
