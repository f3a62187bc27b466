/**
 * The kernel side of Cilium on one node: maps, devices and programs. It belongs to the machine, not to the agent: programs go on deciding
 * while no agent runs, as pinned maps and attached programs do.
 */
import type { Kernel } from "../../../linux/kernel.ts"
import type { NetDevice } from "../../../linux/netdev.ts"
import { isLoopback, type Prefix } from "../../../wire/address.ts"
import { MonitorRing } from "../monitor/ring.ts"
import { removeDevices, setupAddress, setupDevices, setupRoutes } from "./base.ts"
import { type BaseError, type BaseOptions, type DatapathConfig, DEFAULT_CONFIG, type EndpointSpec } from "./config.ts"
import { Endpoint, type EndpointPolicy } from "./endpoint.ts"
import { Identity } from "./identity.ts"
import { Loader } from "./loader.ts"
import { CtMap } from "./maps/ct-map.ts"
import { EndpointMap } from "./maps/endpoint-map.ts"
import { IpcacheMap } from "./maps/ipcache-map.ts"
import { LbMap } from "./maps/lb-map.ts"
import { ProgramContext } from "./programs/context.ts"
import { fromContainer } from "./programs/from-container.ts"
import { fromHost, fromNetdev, toHost } from "./programs/host.ts"
import { fromOverlay, toOverlay } from "./programs/overlay.ts"
import { ProxyPorts } from "./proxy-ports.ts"
import { installProxyRules, installRouting, installRules, removeRouting, removeRules } from "./rules.ts"

export class CiliumDatapath {
  readonly kernel: Kernel
  /** The programs read it at every packet. */
  config: DatapathConfig
  /** cilium_lxc. */
  readonly endpoints: EndpointMap = new EndpointMap()
  /** cilium_ipcache_v2. */
  readonly ipcache: IpcacheMap = new IpcacheMap()
  readonly ct: CtMap = new CtMap()
  readonly lb: LbMap = new LbMap()
  /** What the programs and proxies of this node say. */
  readonly events: MonitorRing = new MonitorRing()
  readonly proxyPorts: ProxyPorts
  readonly #context: ProgramContext
  readonly #loader: Loader
  #base: BaseOptions | undefined
  #remoteCidrs: readonly Prefix[] = []

  constructor(kernel: Kernel, config: Partial<DatapathConfig> = {}) {
    this.kernel = kernel
    this.config = { ...DEFAULT_CONFIG, ...config }
    this.proxyPorts = new ProxyPorts(kernel.prng.fork("cilium/proxy-ports"), this.config.proxyPorts, (port) => {
      if (this.#base !== undefined) installProxyRules(kernel.initNet, port)
    })
    this.#context = new ProgramContext(this)
    this.#loader = new Loader(kernel, this.#context)
  }

  /** cilium_net, cilium_host and cilium_vxlan with their addresses, sysctls, routes, rules and programs. Called again, it repairs. */
  base(options: BaseOptions): BaseError | undefined {
    const devices = setupDevices(this.kernel.initNet, this.config)
    if ("errno" in devices) return devices
    this.#context.devices = devices
    this.#base = options
    setupAddress(devices.host, options.routerIp)
    setupRoutes(devices.host, options, this.#remoteCidrs, this.config)
    this.#attachBase(options)
    this.syncHostAddresses()
    installRouting(this.kernel.initNet)
    return installRules(this.kernel.initNet, options, this.proxyPorts.list())
  }

  #attachBase({ uplinks }: BaseOptions): void {
    const context = this.#context
    const { host, net, overlay } = context.devices as NonNullable<ProgramContext["devices"]>
    const loader = this.#loader
    loader.attach(host, true, "cil_to_host", (skb, dev) => toHost(context, skb, dev))
    loader.attach(host, false, "cil_from_host", (skb, dev) => fromHost(context, skb, dev))
    loader.attach(net, true, "cil_to_host", (skb, dev) => toHost(context, skb, dev))
    loader.attach(overlay, true, "cil_from_overlay", (skb, dev) => fromOverlay(context, skb, dev))
    loader.attach(overlay, false, "cil_to_overlay", (skb, dev) => toOverlay(context, skb, dev))
    for (const name of uplinks) {
      const dev = this.kernel.initNet.device(name)
      if (dev !== undefined) loader.attach(dev, true, "cil_from_netdev", (skb, at) => fromNetdev(context, skb, at))
    }
  }

  /**
   * Enters the machine's own addresses as the host's, in cilium_lxc and the ipcache, and forgets those it no longer has. The agent calls it
   * once a minute and when addresses change. Models pkg/datapath/linux syncHostIPs.
   */
  syncHostAddresses(): void {
    const own = new Set<number>()
    for (const dev of this.kernel.initNet.devices)
      for (const { address } of dev.addresses) if (!isLoopback(address)) own.add(address)
    for (const info of [...this.endpoints.entries()])
      if (info.host && !own.has(info.address)) {
        this.endpoints.delete(info.address)
        this.ipcache.delete(info.address, 32)
      }
    for (const address of own) this.#enterHost(address)
  }

  #enterHost(address: number): void {
    if (this.endpoints.lookup(address)?.host === true) return
    this.endpoints.set({ address, id: 0, identity: Identity.HOST, ifindex: 0, mac: 0, nodeMac: 0, host: true })
    this.ipcache.set({ address, prefixLength: 32, identity: Identity.HOST, origin: this.kernel.hostname })
  }

  /** Routes to the pod ranges of other nodes: added and removed so that exactly these are there. Their ipcache entries are the agent's. */
  setRemoteCidrs(cidrs: readonly Prefix[]): void {
    this.#remoteCidrs = cidrs
    const { devices } = this.#context
    if (devices !== undefined && this.#base !== undefined) setupRoutes(devices.host, this.#base, cidrs, this.config)
  }

  /** Attaches an endpoint's program and enters it in the maps. Its device must be there. Until {@link setPolicy} nothing passes (drop 203). */
  attach(spec: EndpointSpec): BaseError | undefined {
    const dev = this.kernel.initNet.device(spec.hostInterface)
    if (dev === undefined)
      return { errno: "ENODEV", message: `retrieving device ${spec.hostInterface}: Link not found` }
    const known = this.#context.policies.get(spec.id)
    const endpoint = new Endpoint(spec.id, spec.identity, spec.address, spec.mac, dev, spec.name)
    endpoint.policy = known?.policy
    this.#context.policies.set(spec.id, endpoint)
    this.#enter(endpoint)
    this.#loader.attach(dev, true, "cil_from_container", (skb, at) => fromContainer(this.#context, endpoint, skb, at))
    return undefined
  }

  #enter({ address, id, identity, mac, dev }: Endpoint): void {
    this.endpoints.set({ address, id, identity, ifindex: dev.ifindex, mac, nodeMac: dev.address, host: false })
  }

  /** Takes an endpoint out of the maps; its connections are forgotten. */
  detach(id: number): void {
    const endpoint = this.#context.policies.get(id)
    if (endpoint === undefined) return
    const { address, dev } = endpoint
    this.#context.policies.delete(id)
    if (this.endpoints.lookup(address)?.id === id) this.endpoints.delete(address)
    this.#loader.detach(dev, true, "cil_from_container")
    this.ct.deleteWhere((entry) => entry.source === address || entry.destination === address)
  }

  /** Its labels changed. */
  setIdentity(id: number, identity: number): void {
    const endpoint = this.#context.policies.get(id)
    if (endpoint === undefined) return
    endpoint.identity = identity
    this.#enter(endpoint)
  }

  /** The endpoint's policy from now on, for live connections too: src/policy's ResolvedPolicy is one. */
  setPolicy(id: number, policy: EndpointPolicy): void {
    const endpoint = this.#context.policies.get(id)
    if (endpoint !== undefined) endpoint.policy = policy
  }

  /** What is attached, in order of attachment. */
  endpoint(id: number): Endpoint | undefined {
    return this.#context.policies.get(id)
  }

  /** Removes programs, devices, rules, routes and maps. Models cilium-dbg post-uninstall-cleanup. */
  cleanup(): void {
    for (const id of [...this.#context.policies.keys()]) this.detach(id)
    for (const dev of this.kernel.initNet.devices) this.#loader.detach(dev as NetDevice, true, "cil_from_netdev")
    removeDevices(this.kernel.initNet)
    removeRouting(this.kernel.initNet)
    removeRules(this.kernel.initNet)
    this.#context.devices = undefined
    this.#base = undefined
    this.#remoteCidrs = []
    for (const { address, prefixLength } of [...this.ipcache.entries()]) this.ipcache.delete(address, prefixLength)
    for (const { address } of [...this.endpoints.entries()]) this.endpoints.delete(address)
    for (const { address, port, protocol } of [...this.lb.services()]) this.lb.delete(address, port, protocol)
    this.ct.deleteWhere(() => true)
  }
}

const datapaths = new WeakMap<Kernel, CiliumDatapath>()

/** The machine's data path, made when first asked for. */
export function datapathOf(kernel: Kernel): CiliumDatapath {
  let datapath = datapaths.get(kernel)
  if (datapath === undefined) {
    datapath = new CiliumDatapath(kernel)
    datapaths.set(kernel, datapath)
  }
  return datapath
}
