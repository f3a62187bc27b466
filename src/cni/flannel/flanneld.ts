/** flanneld: announces the node's subnet, follows the other nodes'. Models main.go and pkg/subnet/kube/kube.go. */

import type { ApiServer } from "../../kube/api/server.ts"
import { isStatus } from "../../kube/api/status.ts"
import { timestamp } from "../../kube/api/time.ts"
import type { Node, Pod } from "../../kube/api/types.ts"
import { Informer } from "../../kube/client/informer.ts"
import { parseJson } from "../../kube/cri/cni.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { WaitQueue } from "../../sim/task.ts"
import { formatPrefix, networkOf, type Prefix, parsePrefix } from "../../wire/address.ts"
import type { Backend, BackendHost } from "./backend/backend.ts"
import { registerHostGw } from "./backend/host-gw.ts"
import { registerVxlan } from "./backend/vxlan.ts"
import { type Flags, formatFlags, parseFlags } from "./flags.ts"
import { findInterface } from "./iface.ts"
import { klog } from "./klog.ts"
import { ANNOTATION, formatLease, type Lease, type LeaseEvent, leaseOf } from "./lease.ts"
import { type NetConf, parseNetConf } from "./options.ts"
import { readSubnetEnv, writeSubnetEnv } from "./subnet-env.ts"
import { TrafficManager } from "./traffic-manager.ts"

const STARTUP_STEP = 20 * MILLISECOND

/** The daemon, talking to this API server. */
export function flanneld(api: ApiServer): Tool {
  return defineTool("flanneld", (proc) => new Flanneld(api, proc).main())
}

class Flanneld {
  readonly #api: ApiServer
  readonly #proc: Process
  readonly #events: LeaseEvent[] = []
  readonly #wake = new WaitQueue()
  /** What was last told of each node: only changes of these are events. */
  readonly #known = new Map<string, string>()
  #nodeName = ""
  #informer: Informer | undefined
  #traffic: TrafficManager | undefined
  #terminated = false
  #deviceLost = false

  constructor(api: ApiServer, proc: Process) {
    this.#api = api
    this.#proc = proc
  }

  readonly #log = (level: "I" | "W" | "E", place: string, text: string): Promise<void> =>
    klog(this.#proc, level, place, text)

  /** Says why and ends with 1. `reason` may carry its own place: `main.go:314|text`. */
  async #die(place: string, text: string): Promise<number> {
    await this.#log("E", place, text)
    return 1
  }

  async main(): Promise<number> {
    const flags = parseFlags(this.#proc.argv.slice(1))
    if (typeof flags === "string") {
      await this.#proc.err(`${flags}\n`)
      return 1
    }
    this.#proc.on("SIGTERM", () => this.#terminate())
    this.#proc.on("SIGINT", () => this.#terminate())
    await this.#log("I", "main.go:215", `CLI flags config: ${formatFlags(flags)}`)
    if (!flags.kubeSubnetMgr)
      return this.#die(
        "main.go:237",
        "Failed to create SubnetManager: podwire does not support etcd: start flanneld with --kube-subnet-mgr",
      )
    try {
      const started = await this.#start(flags)
      return typeof started === "number" ? started : await this.#run(started)
    } finally {
      this.#informer?.stop()
      this.#traffic?.stop()
    }
  }

  #terminate(): void {
    this.#terminated = true
    this.#wake.wake()
  }

  // ── start ───────────────────────────────────────────────────────────────────────────────────

  /** Everything up to a running backend, or an exit code. */
  async #start(flags: Flags): Promise<{ backend: Backend; subnet: Prefix } | number> {
    await this.#log(
      "W",
      "client_config.go:659",
      "Neither --kubeconfig nor --master was specified.  Using the inClusterConfig.  This might not work.",
    )
    const refused = this.#findNode()
    if (refused !== undefined) return this.#die("main.go:237", `Failed to create SubnetManager: ${refused}`)
    const file = this.#proc.fs.readText(flags.netConfPath)
    if (!("text" in file))
      return this.#die(
        "main.go:237",
        `Failed to create SubnetManager: failed to read net conf: open ${flags.netConfPath}: no such file or directory`,
      )
    const conf = parseNetConf(parseJson(file.text))
    if (typeof conf === "string") return this.#die("main.go:237", `Failed to create SubnetManager: ${conf}`)
    await this.#sync()
    await this.#log("I", "main.go:241", `Created subnet manager: Kubernetes Subnet Manager - ${this.#nodeName}`)
    await this.#log("I", "main.go:244", "Installing signal handlers")
    await this.#log("I", "main.go:523", `Found network config - Backend type: ${conf.backend}`)
    const backend = await this.#backend(flags, conf)
    if (typeof backend === "number") return backend
    const subnet = await this.#acquire(conf, backend)
    if (typeof subnet === "number") return subnet
    await this.#proc.sleep(STARTUP_STEP)
    await this.#trafficRules(flags, conf, subnet)
    const first = formatPrefix((networkOf(subnet.address, subnet.length) + 1) >>> 0, subnet.length)
    writeSubnetEnv(this.#proc.fs, { network: conf.network, subnet: first, mtu: backend.mtu, ipMasq: flags.ipMasq })
    await this.#log("I", "main.go:467", `Wrote subnet file to ${flags.subnetFile}`)
    return { backend, subnet }
  }

  /** Masquerading and forwarding: announced here, put in beside the daemon's other work. */
  async #trafficRules(flags: Flags, conf: NetConf, subnet: Prefix): Promise<void> {
    const { net, fs } = this.#proc
    await this.#log("I", "main.go:378", "Cleaning-up unused traffic manager rules")
    await this.#log("I", "nftables.go:280", "Cleaning-up nftables rules...")
    await this.#log("I", "iptables.go:50", "Starting flannel in iptables mode...")
    const wake = (): void => this.#wake.wake()
    const manager = new TrafficManager({ net, log: this.#log, resync: flags.iptablesResync, wake })
    this.#traffic = manager
    if (flags.ipMasq) {
      const old = readSubnetEnv(fs, flags.subnetFile)
      for (const key of typeof old === "string" ? ["FLANNEL_NETWORK", "FLANNEL_SUBNET"] : [])
        await this.#noKey(flags, key)
      for (const key of ["FLANNEL_IPV6_NETWORK", "FLANNEL_IPV6_SUBNET"]) await this.#noKey(flags, key)
      const nets = { network: conf.network, subnet: formatPrefix(subnet.address, subnet.length) }
      const previous = typeof old === "string" ? undefined : { network: old.network, subnet: networkText(old.subnet) }
      await manager.masquerade(nets, previous, !flags.ipMasqRandomFullyDisable)
    }
    if (flags.iptablesForwardRules) await manager.forward(conf.network)
  }

  #noKey({ subnetFile }: Flags, key: string): Promise<void> {
    const place = key.startsWith("FLANNEL_IPV6") ? "main.go:612" : "main.go:577"
    return this.#log("W", place, `no subnet found for key: ${key} in file: ${subnetFile}`)
  }

  #findNode(): string | undefined {
    const [name, namespace] = [this.#proc.env.get("POD_NAME") ?? "", this.#proc.env.get("POD_NAMESPACE") ?? ""]
    if (name === "" || namespace === "") return "env variables POD_NAME and POD_NAMESPACE must be set"
    const { registry } = this.#api
    const pod = registry.get(registry.resource("pods"), namespace, name)
    if (isStatus(pod)) return `error retrieving pod spec for '${namespace}/${name}': ${pod.message}`
    this.#nodeName = (pod as Pod).spec.nodeName ?? ""
    return undefined
  }

  /** Starts following the nodes and waits until all are known. */
  async #sync(): Promise<void> {
    const { registry } = this.#api
    await this.#log("I", "kube.go:139", "Waiting 10m0s for node controller to sync")
    await this.#log("I", "kube.go:537", "Starting kube subnet manager")
    const fresh: string[] = []
    const informer = new Informer(registry, registry.resource("nodes"), {}, (type, object) => {
      const node = object as Node
      const line = this.#nodeChanged(type === "DELETED", node)
      if (line !== undefined) fresh.push(line)
    })
    this.#informer = informer
    await this.#proc.sleep(STARTUP_STEP)
    while (informer.pending > 0) await this.#proc.sleep(MILLISECOND)
    for (const line of fresh) await this.#log("I", "kube.go:558", line)
    await this.#log("I", "kube.go:163", "Node controller sync successful")
  }

  /** Queues the event a change of a node is, if it is one; the text about a node first seen. */
  #nodeChanged(deleted: boolean, node: Node): string | undefined {
    const lease = leaseOf(node, subnetOf(node))
    const { name } = node.metadata
    const before = this.#known.get(name)
    if (lease === undefined) return undefined
    const now = deleted ? "" : [lease.backendData, lease.backendType, lease.publicIp].join("\n")
    if (now === before) return undefined
    if (deleted) this.#known.delete(name)
    else this.#known.set(name, now)
    this.#events.push({ type: deleted ? "removed" : "added", lease })
    this.#wake.wake()
    return deleted || before !== undefined
      ? undefined
      : `Creating the node lease for IPv4. This is the n.Spec.PodCIDRs: [${(node.spec.podCIDRs ?? []).join(" ")}]`
  }

  #node(): Node | undefined {
    const { registry } = this.#api
    const node = registry.get(registry.resource("nodes"), undefined, this.#nodeName)
    return isStatus(node) ? undefined : (node as Node)
  }

  async #backend(flags: Flags, conf: NetConf): Promise<Backend | number> {
    const node = this.#node()
    const annotations = node?.metadata.annotations ?? {}
    const sayAnnotations = async (place: string): Promise<void> => {
      if (Object.keys(annotations).length === 0) return
      await this.#log("I", place, `List of node(${this.#nodeName}) annotations: ${goMap(annotations)}`)
    }
    await sayAnnotations("kube.go:737")
    const found = await findInterface(
      this.#proc.net,
      flags,
      annotations[`${ANNOTATION}/node-public-ip`] || flags.publicIp,
      this.#log,
    )
    if (typeof found === "string") return this.#die(...(found.split("|") as [string, string]))
    const before = node === undefined ? undefined : leaseOf(node, subnetOf(node))
    const host: BackendHost = {
      kernel: this.#proc.kernel,
      net: this.#proc.net,
      dev: found.dev,
      ifaceAddress: found.address,
      publicIp: found.publicIp,
      conf,
      before,
      sayAnnotations,
      log: this.#log,
    }
    this.#publicIp = found.publicIp
    const backend = conf.backend === "vxlan" ? await registerVxlan(host) : await registerHostGw(host)
    return typeof backend === "string" ? this.#die("main.go:370", `Error registering network: ${backend}`) : backend
  }

  #publicIp = ""

  /** Announces the node and learns its subnet. Models AcquireLease. */
  async #acquire(conf: NetConf, backend: Backend): Promise<Prefix | number> {
    const fail = (text: string): Promise<number> =>
      this.#die("main.go:370", `Error registering network: failed to acquire lease: ${text}`)
    const node = this.#node()
    if (node === undefined)
      return fail(
        `timeout contacting kube-api, failed to patch node ${JSON.stringify(this.#nodeName)}. Error: context deadline exceeded`,
      )
    const subnet = subnetOf(node)
    if (subnet === undefined) return fail(`node ${JSON.stringify(this.#nodeName)} pod cidr not assigned`)
    this.#announce(node, backend)
    const network = parsePrefix(conf.network)
    if (
      network === undefined ||
      subnet.length < network.length ||
      networkOf(subnet.address, network.length) !== networkOf(network.address, network.length)
    )
      return fail(
        `subnet ${JSON.stringify(conf.network)} specified in the flannel net config doesn't contain ${JSON.stringify(node.spec.podCIDR)} PodCIDR of the ${JSON.stringify(this.#nodeName)} node`,
      )
    const refused = backend.configure(subnet)
    return refused === undefined ? subnet : this.#die("main.go:370", `Error registering network: ${refused}`)
  }

  #announce(node: Node, backend: Backend): void {
    const old = node.metadata.annotations ?? {}
    const annotations = {
      [`${ANNOTATION}/backend-data`]: backend.data,
      [`${ANNOTATION}/backend-type`]: backend.type,
      [`${ANNOTATION}/kube-subnet-manager`]: "true",
      [`${ANNOTATION}/public-ip`]: old[`${ANNOTATION}/public-ip-overwrite`] || this.#publicIp,
    }
    const { registry } = this.#api
    if (Object.entries(annotations).some(([key, value]) => old[key] !== value))
      registry.patch(
        registry.resource("nodes"),
        undefined,
        this.#nodeName,
        "strategic",
        { metadata: { annotations } },
        { subresource: "status" },
      )
  }

  // ── run ─────────────────────────────────────────────────────────────────────────────────────

  async #run({ backend, subnet }: { backend: Backend; subnet: Prefix }): Promise<number> {
    const forget = this.#watchDevice(backend)
    try {
      await this.#log("I", "main.go:471", "Running backend.")
      if (backend.type === "vxlan") {
        await this.#log("I", "vxlan_network.go:68", "watching for new subnet leases")
        await this.#log("I", "vxlan_network.go:115", "starting vxlan device watcher")
      } else await this.#log("I", "route_network.go:56", "Watching for new subnet leases")
      this.#setCondition()
      await this.#log("I", "main.go:492", "Waiting for all goroutines to exit")
      await this.#traffic?.bootstrap()
      return await this.#loop(backend, subnet)
    } finally {
      forget()
    }
  }

  async #loop(backend: Backend, subnet: Prefix): Promise<number> {
    for (;;) {
      if (this.#terminated) return this.#shutdown()
      if (this.#deviceLost) return this.#panic(backend)
      if (this.#traffic?.due === true) await this.#traffic.resync()
      const event = this.#events.shift()
      if (event === undefined) await this.#proc.task.wait(this.#wake)
      else if (!isOwn(event.lease, subnet)) {
        await this.#log("I", "subnet.go:150", `Batch elem [0] is { ${formatLease(event)} }`)
        await backend.handle(event)
      }
    }
  }

  async #shutdown(): Promise<number> {
    await this.#log("I", "main.go:507", "shutdownHandler sent cancel signal...")
    await this.#log("I", "vxlan_network.go:134", "stopping vxlan device watcher")
    await this.#log("I", "main.go:495", "Exiting cleanly...")
    return 0
  }

  /** Up to 0.28.4 the attempt to recreate the device indexes an empty list, and the restart repairs everything. */
  async #panic(backend: Backend): Promise<number> {
    await this.#log("I", "vxlan_network.go:143", `Interface ${backend.device?.name} deleted`)
    await this.#log("I", "vxlan_network.go:102", "vxlan device missing, attempting to recreate...")
    await this.#proc.err("panic: runtime error: index out of range [0] with length 0\n\ngoroutine 1 [running]:\n")
    return 2
  }

  #watchDevice(backend: Backend): () => void {
    const { device } = backend
    if (device === undefined) return () => {}
    const { netlinkListeners } = this.#proc.kernel
    const listener = (): void => {
      if (this.#deviceLost || this.#proc.net.devices.includes(device)) return
      this.#deviceLost = true
      this.#wake.wake()
    }
    netlinkListeners.push(listener)
    return () => {
      netlinkListeners.splice(netlinkListeners.indexOf(listener), 1)
    }
  }

  #setCondition(): void {
    const now = timestamp(this.#proc.kernel.sim)
    const { registry } = this.#api
    const old = (this.#node()?.status.conditions ?? []).find((condition) => condition.type === "NetworkUnavailable")
    const condition = {
      type: "NetworkUnavailable",
      status: "False",
      reason: "FlannelIsUp",
      message: "Flannel is running on this node",
      lastTransitionTime: old?.status === "False" ? old.lastTransitionTime : now,
      lastHeartbeatTime: now,
    }
    registry.patch(
      registry.resource("nodes"),
      undefined,
      this.#nodeName,
      "strategic",
      { status: { conditions: [condition] } },
      { subresource: "status" },
    )
  }
}

const isOwn = (lease: Lease, subnet: Prefix): boolean =>
  lease.subnet.address === subnet.address && lease.subnet.length === subnet.length

function subnetOf(node: Node): Prefix | undefined {
  const cidr = node.spec.podCIDRs?.[0] ?? node.spec.podCIDR ?? ""
  return cidr === "" ? undefined : parsePrefix(cidr)
}

/** `10.244.1.0/24` of `10.244.1.1/24`. */
function networkText(cidr: string): string {
  const prefix = parsePrefix(cidr)
  return prefix === undefined ? cidr : formatPrefix(networkOf(prefix.address, prefix.length), prefix.length)
}

/** `%#+v` of a map of strings. */
function goMap(map: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[string]string{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(", ")}}`
}
