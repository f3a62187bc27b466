/** One machine: what its namespaces share, and the glue between the parts of its network stack. */

import type { Prng } from "../sim/prng.ts"
import type { Simulation } from "../sim/simulation.ts"
import { EtherType } from "../wire/ethernet.ts"
import { IcmpType, UnreachCode } from "../wire/icmp.ts"
import { DropReason, kfreeSkb } from "./drop-reason.ts"
import { icmpSend } from "./ip/icmp.ts"
import { IcmpRateLimit } from "./ip/icmp-rate-limit.ts"
import { IdentCounters } from "./ip/ident.ts"
import { ipRcv } from "./ip/input.ts"
import { VxlanSock } from "./link/vxlan.ts"
import { arpRcv } from "./neigh/arp.ts"
import { Nud } from "./neigh/table.ts"
import type { NetDevice } from "./netdev.ts"
import { NetNamespace } from "./netns.ts"
import { type Arena, PacketType, type Skb } from "./skb.ts"
import { Backlog } from "./softirq.ts"
import { ProcessTable } from "./task/process-table.ts"
import type { SystemService } from "./task/services.ts"
import { Vfs } from "./task/vfs.ts"

export interface KernelOptions {
  hostname: string
  /** All packets of a world live in one arena; machines that exchange frames share it. */
  arena: Arena
  /** `uname -r` (src/versions.ts). */
  release?: string
}

/** One line of dmesg. */
export interface KernelMessage {
  /** Virtual ns. */
  time: number
  level: number
  text: string
}

const LOG_LINES = 4096

export class Kernel {
  readonly sim: Simulation
  readonly arena: Arena
  readonly prng: Prng
  hostname: string
  readonly release: string
  readonly initNet: NetNamespace
  /** Every namespace of the machine, the first one included, in order of creation. */
  readonly namespaces: NetNamespace[] = []
  /** The machine's own root file system. */
  readonly root: Vfs
  readonly processes: ProcessTable
  /** What `systemctl` knows, by name. */
  readonly services: Map<string, SystemService> = new Map()
  readonly idents: IdentCounters
  readonly icmpRateLimit: IcmpRateLimit = new IcmpRateLimit()
  /** The key of flow hashes, drawn at boot. */
  readonly flowHashKey: number
  /** Called whenever links, addresses, routes, neighbours or FDB rows change: `ip monitor`, flow caches. */
  readonly netlinkListeners: ((net: NetNamespace, event: string) => void)[] = []
  /** The kernel's log: the newest lines of it. */
  readonly log: KernelMessage[] = []
  readonly #backlog: Backlog

  constructor(sim: Simulation, options: KernelOptions) {
    this.sim = sim
    this.arena = options.arena
    this.hostname = options.hostname
    this.release = options.release ?? "6.18.0"
    this.prng = sim.prng.fork(`kernel/${options.hostname}`)
    this.flowHashKey = this.prng.fork("hashrnd").uint32()
    this.idents = new IdentCounters(this)
    this.#backlog = new Backlog(sim)
    this.root = new Vfs(sim)
    this.processes = new ProcessTable(this)
    this.initNet = this.createNamespace("")
  }

  /** A new network namespace with a loopback device that is down. Models copy_net_ns. */
  createNamespace(name: string): NetNamespace {
    const net = new NetNamespace(this, this.sim.newId(), name)
    this.namespaces.push(net)
    return net
  }

  /** Deletes a namespace: virtual devices vanish with it, physical ones would go home. Models cleanup_net. */
  deleteNamespace(net: NetNamespace): void {
    const at = this.namespaces.indexOf(net)
    if (at <= 0) throw new Error(`${net.name || "the first namespace"} of ${this.hostname} cannot be deleted`)
    for (const dev of [...net.devices]) if (dev !== net.loopback) this.unregister(dev)
    for (const neigh of [...net.neigh.entries()]) net.neigh.remove(neigh)
    this.namespaces.splice(at, 1)
  }

  /** Receives a frame a little later, in softirq context. Models netif_rx. */
  netifRx(dev: NetDevice, skb: Skb): void {
    this.#backlog.enqueue(dev, skb)
  }

  /** Writes a line to the kernel's log; 4 is a warning, 6 for information. */
  printk(level: number, text: string): void {
    this.log.push({ time: this.sim.now, level, text })
    if (this.log.length > LOG_LINES) this.log.shift()
  }

  /** Hands a frame to its protocol (ptype_base). */
  deliver(dev: NetDevice, skb: Skb): void {
    if (skb.protocol === EtherType.IPV4) ipRcv(dev, skb)
    else if (skb.protocol === EtherType.ARP) arpRcv(dev, skb)
    else {
      const reason = skb.packetType === PacketType.OTHERHOST ? DropReason.OTHERHOST : DropReason.NETIF_RX_UNHANDLED
      kfreeSkb(dev.net, skb, reason)
    }
  }

  /** The neighbour did not answer: tells the sender, here or elsewhere. Models ipv4_link_failure. */
  linkFailure(net: NetNamespace, skb: Skb): void {
    icmpSend(net, skb, IcmpType.DEST_UNREACH, UnreachCode.HOST, 0)
  }

  /** ip/icmp's icmpSend, for the parts that it is built on. */
  icmpSend(net: NetNamespace, skb: Skb, type: number, code: number, info: number): void {
    icmpSend(net, skb, type, code, info)
  }

  /** The link below came or went. Models netif_carrier_on and _off. */
  setCarrier(dev: NetDevice, carrier: boolean): void {
    if (dev.carrier === carrier) return
    dev.carrier = carrier
    dev.carrierChanges++
    // Models neigh_carrier_down: what was learned through the link is forgotten, what was said stays.
    if (!carrier) dev.net.neigh.flush(dev, Nud.PERMANENT)
    dev.net.fib.touch()
    dev.port?.bridge.refresh()
    this.notify(dev.net, "link")
  }

  /** Removes a device and everything that hangs on it. Models unregister_netdevice. */
  unregister(dev: NetDevice): void {
    const net = dev.net
    dev.flags &= ~1
    dev.ops.stop?.(dev)
    dev.port?.bridge.removePort(dev)
    dev.addresses.length = 0
    net.fib.removeWhere((route) => route.dev === dev)
    net.neigh.flush(dev)
    dev.ops.uninit?.(dev)
    net.removeDevice(dev)
    // A vxlan goes with the device it stands on.
    for (const other of [...net.devices]) if (other.link === dev && other.kind === "vxlan") this.unregister(other)
    this.notify(net, "link")
  }

  notify(net: NetNamespace, event: string): void {
    for (const listener of this.netlinkListeners) listener(net, event)
  }

  /**
   * The socket of all vxlan devices of a port, opened by the first. `undefined` when the port is taken, also by devices of the other mode: a
   * socket either has a device a VNI or one for all of them (`external`). Models vxlan_sock_add.
   */
  vxlanSocket(net: NetNamespace, port: number, external = false): VxlanSock | undefined {
    const found = net.vxlanSockets.get(port)
    if (found !== undefined) return found.external === external ? found : undefined
    const socket = new VxlanSock(external)
    if (net.udp.bindKernel(port, socket) !== undefined) return undefined
    net.vxlanSockets.set(port, socket)
    return socket
  }

  releaseVxlanSocket(net: NetNamespace, port: number): void {
    net.vxlanSockets.delete(port)
    net.udp.unbindKernel(port)
  }
}
