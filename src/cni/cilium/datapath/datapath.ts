/**
 * The kernel side of Cilium on one node: maps, devices and programs. It belongs to the machine, not to the agent: programs go on deciding
 * while no agent runs, as pinned maps and attached programs do.
 */
import type { Kernel } from "../../../linux/kernel.ts"
import type { PolicyMap } from "../../../policy/api.ts"
import type { Prefix } from "../../../wire/address.ts"
import { MonitorRing } from "../monitor/ring.ts"
import { type BaseError, type BaseOptions, type DatapathConfig, DEFAULT_CONFIG, type EndpointSpec } from "./config.ts"
import { CtMap } from "./maps/ct-map.ts"
import { EndpointMap } from "./maps/endpoint-map.ts"
import { IpcacheMap } from "./maps/ipcache-map.ts"
import { LbMap } from "./maps/lb-map.ts"
import { ProxyPorts } from "./proxy-ports.ts"

export class CiliumDatapath {
  readonly kernel: Kernel
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

  constructor(kernel: Kernel, config: Partial<DatapathConfig> = {}) {
    this.kernel = kernel
    this.config = { ...DEFAULT_CONFIG, ...config }
    this.proxyPorts = new ProxyPorts(kernel.prng.fork("cilium/proxy-ports"), this.config.proxyPorts)
  }

  /** cilium_net, cilium_host and cilium_vxlan with their addresses, sysctls, routes, rules and programs. Called again, it repairs. */
  base(_options: BaseOptions): BaseError | undefined {
    throw new Error("being built")
  }

  /** Routes to the pod ranges of other nodes: added and removed so that exactly these are there. Their ipcache entries are the agent's. */
  setRemoteCidrs(_cidrs: readonly Prefix[]): void {
    throw new Error("being built")
  }

  /** Attaches an endpoint's program and enters it in the maps. Its device must be there. */
  attach(_endpoint: EndpointSpec): BaseError | undefined {
    throw new Error("being built")
  }

  /** Takes an endpoint out of the maps; its connections are forgotten. */
  detach(_id: number): void {
    throw new Error("being built")
  }

  /** Its labels changed. */
  setIdentity(_id: number, _identity: number): void {
    throw new Error("being built")
  }

  /** The endpoint's policy from now on, for live connections too. */
  setPolicy(_id: number, _policy: PolicyMap): void {
    throw new Error("being built")
  }

  /** Removes devices, rules, routes and maps. Models cilium-dbg post-uninstall-cleanup. */
  cleanup(): void {
    throw new Error("being built")
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
