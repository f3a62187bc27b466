/** A network namespace: its devices, tables and sockets. Models struct net. */

import type { Prng } from "../sim/prng.ts"
import type { Trace } from "../sim/trace.ts"
import { isLoopback } from "../wire/address.ts"
import { covers, Fib } from "./fib/fib.ts"
import { type Route, RouteTable, RouteType } from "./fib/route.ts"
import { RawTable } from "./inet/raw.ts"
import { TcpTable } from "./inet/tcp-table.ts"
import { UdpTable } from "./inet/udp-table.ts"
import { FragmentQueues } from "./ip/fragment.ts"
import { PmtuCache } from "./ip/pmtu.ts"
import type { Kernel } from "./kernel.ts"
import { loopbackOps } from "./link/loopback.ts"
import type { VxlanSock } from "./link/vxlan.ts"
import { NeighTable } from "./neigh/table.ts"
import { type DeviceOps, IFF, NetDevice, type NetDeviceOptions, type PacketTap } from "./netdev.ts"
import type { ConntrackSettings } from "./netfilter/conntrack/settings.ts"
import { NfHooks } from "./netfilter/hook.ts"
import type { Netfilter } from "./netfilter/netfilter.ts"
import { NumberMap } from "./number-map.ts"
import { SnmpCounters } from "./snmp.ts"
import { defaultSysctl, type Sysctl } from "./sysctl.ts"

export class NetNamespace {
  readonly kernel: Kernel
  /** Unique in the simulation: what trace records name. */
  readonly id: number
  /** As under /run/netns (`cni-…`); empty for a machine's first namespace. */
  readonly name: string
  readonly prng: Prng
  /** The simulation's, one step away: every stage of every packet asks whether it is on. */
  readonly trace: Trace
  readonly sysctl: Sysctl = defaultSysctl()
  readonly fib: Fib = new Fib()
  readonly neigh: NeighTable
  readonly hooks: NfHooks = new NfHooks()
  /** Tables, connections and mappings, once somebody asked for them (netfilter/netfilter.ts). */
  netfilter: Netfilter | undefined = undefined
  /** /proc/sys/net/netfilter, once somebody looked there. */
  conntrackSettings: ConntrackSettings | undefined = undefined
  readonly udp: UdpTable
  readonly tcp: TcpTable
  readonly raw: RawTable
  readonly fragments: FragmentQueues
  readonly pmtu: PmtuCache
  /** The shared sockets of vxlan devices, by port. */
  readonly vxlanSockets: Map<number, VxlanSock> = new Map()
  readonly snmp: SnmpCounters = new SnmpCounters()
  /** Packet sockets bound to no device (`tcpdump -i any`). */
  readonly taps: PacketTap[] = []
  readonly loopback: NetDevice
  #devices: NetDevice[] = []
  #nextIfindex = 1
  #localRoutes = -1
  #local = new NumberMap<Route>()
  /** `ip route add local 10.11.0.0/16`: whole networks that are this machine's. */
  #localNetworks: Route[] = []
  readonly #netIds: NetNamespace[] = []

  constructor(kernel: Kernel, id: number, name: string) {
    this.kernel = kernel
    this.id = id
    this.name = name
    this.trace = kernel.sim.trace
    this.prng = kernel.prng.fork(name === "" ? "init_net" : name)
    this.neigh = new NeighTable(this)
    this.udp = new UdpTable(this)
    this.tcp = new TcpTable(this)
    this.raw = new RawTable()
    this.fragments = new FragmentQueues(this)
    this.pmtu = new PmtuCache(kernel.sim)
    this.loopback = this.addDevice(
      loopbackOps,
      { name: "lo", address: 0, mtu: 65536, flags: IFF.LOOPBACK, txQueueLength: 1000, qdisc: "noqueue" },
      undefined,
    )
    this.loopback.reportsOperstate = false
    this.loopback.countsHeader = false
  }

  /** In order of ifindex. */
  get devices(): readonly NetDevice[] {
    return this.#devices
  }

  /** The device with this name, or `undefined`. */
  device(name: string): NetDevice | undefined {
    return this.#devices.find((dev) => dev.name === name)
  }

  deviceByIndex(ifindex: number): NetDevice | undefined {
    return this.#devices.find((dev) => dev.ifindex === ifindex)
  }

  /** Takes the next ifindex without a device, as one that came and went does. */
  burnIfindex(): number {
    return this.#nextIfindex++
  }

  /** Adds a device of a kind; `priv` is the kind's state. Use rtnetlink's linkAdd unless you write a kind. */
  addDevice(ops: DeviceOps, options: NetDeviceOptions, priv: unknown): NetDevice {
    const dev = new NetDevice(this, ops, this.#nextIfindex++, options, priv)
    this.#devices.push(dev)
    return dev
  }

  /** The number by which this namespace knows another, given when first asked for. Models peernet2id. */
  netIdOf(other: NetNamespace): number {
    const at = this.#netIds.indexOf(other)
    return at >= 0 ? at : this.#netIds.push(other) - 1
  }

  removeDevice(dev: NetDevice): void {
    this.#devices = this.#devices.filter((other) => other !== dev)
  }

  /** Takes in a device from another namespace; it keeps its ifindex unless that is taken. Models dev_change_net_namespace. */
  adoptDevice(dev: NetDevice): void {
    dev.net.removeDevice(dev)
    if (this.deviceByIndex(dev.ifindex) !== undefined) dev.ifindex = this.#nextIfindex++
    this.#nextIfindex = Math.max(this.#nextIfindex, dev.ifindex + 1)
    dev.net = this
    this.#devices.push(dev)
    this.#devices.sort((a, b) => a.ifindex - b.ifindex)
  }

  /** True when `address` is one of this namespace's own. Models inet_addr_type == RTN_LOCAL. */
  isLocal(address: number): boolean {
    if (this.#localRoutes !== this.fib.generation) this.#indexLocal()
    return (
      this.#local.get(address) !== undefined ||
      isLoopback(address) ||
      (this.#localNetworks.length > 0 && this.#localNetworks.some((route) => covers(route, address)))
    )
  }

  #indexLocal(): void {
    this.#localRoutes = this.fib.generation
    this.#local = new NumberMap()
    this.#localNetworks = []
    for (const route of this.fib.routes) {
      // Only the local table says what is ours: policy routing may deliver other addresses here without that.
      if (route.type !== RouteType.LOCAL || route.table !== RouteTable.LOCAL) continue
      if (route.prefixLength === 32) this.#local.set(route.destination, route)
      else if (!isLoopback(route.destination)) this.#localNetworks.push(route)
    }
  }
}
