/** A network device. Models struct net_device and net/core/dev.c. */

import { TraceKind } from "../sim/trace.ts"
import { MAC_BROADCAST } from "../wire/address.ts"
import * as checksums from "../wire/checksum.ts"
import * as ethernetHeader from "../wire/ethernet.ts"
import { DropReason, kfreeSkb } from "./drop-reason.ts"
import type { Errno } from "./errno.ts"
import type { BridgePort } from "./link/bridge.ts"
import type { NetNamespace } from "./netns.ts"
import { IpSummed, PacketType, type Skb } from "./skb.ts"
import type { TcHook } from "./tc/hook.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold, csumPartial } = checksums
const ethernet = { ...ethernetHeader }
const { BROADCAST, HOST, MULTICAST, OTHERHOST } = PacketType
const { NONE, PARTIAL, PROMISED } = IpSummed

/** Models include/uapi/linux/if.h IFF_*. */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MULTICAST: 0x1000,
  LOWER_UP: 0x10000,
} as const

const { UP } = IFF

/** An IPv4 address on a device. Models struct in_ifaddr. */
export interface InterfaceAddress {
  readonly address: number
  readonly prefixLength: number
  /** 0: none. */
  readonly broadcast: number
  readonly scope: number
  readonly label: string
  readonly secondary: boolean
  /** The peer of a point-to-point address; equal to `address` otherwise. */
  readonly peer: number
  /** IFA_F_NOPREFIXROUTE: no connected route was made. */
  readonly noPrefixRoute: boolean
  /** Of its connected route. */
  readonly metric: number
  readonly origin: string | undefined
}

/** Counters of `ip -s link`. */
export class DeviceStats {
  rxBytes = 0
  rxPackets = 0
  rxErrors = 0
  rxDropped = 0
  rxMulticast = 0
  txBytes = 0
  txPackets = 0
  txErrors = 0
  txDropped = 0
  txCarrierErrors = 0
}

/** Sees every frame of a device, both ways, as a packet socket does (AF_PACKET, ETH_P_ALL). */
export interface PacketTap {
  /** `skb.data` stands at the link-layer header. The bytes may only be read, and only during the call. */
  deliver(dev: NetDevice, skb: Skb, outgoing: boolean): void
}

/** What a kind of device does. One object a kind; the functions are copied into each device. */
export interface DeviceOps {
  /** `ip -d link`'s word: "veth", "bridge", "vxlan"; empty for a physical device. */
  readonly kind: string
  startXmit(dev: NetDevice, skb: Skb): void
  /** The device goes up; an errno name refuses. */
  open?(dev: NetDevice): Errno | undefined
  stop?(dev: NetDevice): void
  /** The device is about to vanish. */
  uninit?(dev: NetDevice): void
}

export interface NetDeviceOptions {
  name: string
  address: number
  mtu?: number
  flags?: number
  /** Transmit queue length in packets; 0 prints no `qlen` (1000). */
  txQueueLength?: number
  /** `noqueue`, `fq_codel`, … (`noqueue`). */
  qdisc?: string
  origin?: string | undefined
}

export class NetDevice {
  net: NetNamespace
  ifindex: number
  name: string
  readonly ops: DeviceOps
  /** MAC address. */
  address: number
  broadcast: number = MAC_BROADCAST
  mtu: number
  /** IFF.* as set by the user and the driver; RUNNING and LOWER_UP follow from {@link carrier}. */
  flags: number
  /** The link below works. */
  carrier = true
  /** Devices whose driver does not report a state (lo, vxlan, tap) stay UNKNOWN. */
  reportsOperstate = true
  txQueueLength: number
  qdisc: string
  promiscuity = 0
  allmulti = 0
  /** `ip link set … group`: 0 is `default`. */
  group = 0
  /** It was up once in this namespace: before that it has no queueing discipline (`noop`). */
  activated = false
  /** How often the carrier came or went. */
  carrierChanges = 0
  /** What was found below when the carrier went. */
  lowerLayerDown = false
  /** Addresses the device listens to besides its own (`bridge fdb add … self`). */
  readonly extraAddresses: Set<number> = new Set()
  readonly addresses: InterfaceAddress[] = []
  readonly stats: DeviceStats = new DeviceStats()
  /** The bridge port this device is, when it has a master. */
  port: BridgePort | undefined = undefined
  /** The other end of a veth pair, the lower device of a vxlan: what `@` names. */
  link: NetDevice | undefined = undefined
  /** The kind's own state: a Bridge, a Vxlan, a Segment's port. */
  readonly priv: unknown
  /** Counts received bytes with the Ethernet header, as NIC and veth drivers do; bridge, vxlan and lo count without. */
  countsHeader = true
  /** True when the device finishes transport checksums itself: CHECKSUM_PARTIAL may pass through it. */
  checksumOffload = true
  /** Set by `ip link set alias`. */
  alias = ""
  readonly origin: string | undefined
  readonly startXmit: (dev: NetDevice, skb: Skb) => void
  readonly #taps: PacketTap[] = []
  /** Device-level sysctls under net.ipv4.conf.<name>. */
  forwarding: boolean
  arpNotify = false
  /** Takes packets from outside whose source is an address of this machine. */
  acceptLocal = false
  /** Programs on what arrives and on what leaves: see tc/hook.ts. Absent without any. */
  tcIngress: TcHook | undefined = undefined
  tcEgress: TcHook | undefined = undefined

  constructor(net: NetNamespace, ops: DeviceOps, ifindex: number, options: NetDeviceOptions, priv: unknown) {
    this.net = net
    this.ops = ops
    this.ifindex = ifindex
    this.name = options.name
    this.address = options.address
    this.mtu = options.mtu ?? 1500
    this.flags = options.flags ?? IFF.BROADCAST | IFF.MULTICAST
    this.txQueueLength = options.txQueueLength ?? 1000
    this.qdisc = options.qdisc ?? "noqueue"
    this.origin = options.origin
    this.priv = priv
    this.startXmit = ops.startXmit
    this.forwarding = net.sysctl.ipForward
  }

  get kind(): string {
    return this.ops.kind
  }

  get up(): boolean {
    return (this.flags & UP) !== 0
  }

  /** Up and with carrier: traffic can flow. */
  get running(): boolean {
    return (this.flags & UP) !== 0 && this.carrier
  }

  /** RFC 2863 state as `ip link` prints it. Models net/core/link_watch.c. */
  get operstate(): "UNKNOWN" | "UP" | "DOWN" | "LOWERLAYERDOWN" {
    if (!this.up) return "DOWN"
    if (!this.carrier) return this.lowerLayerDown ? "LOWERLAYERDOWN" : "DOWN"
    return this.reportsOperstate ? "UP" : "UNKNOWN"
  }

  addTap(tap: PacketTap): void {
    this.#taps.push(tap)
  }

  removeTap(tap: PacketTap): void {
    const at = this.#taps.indexOf(tap)
    if (at >= 0) this.#taps.splice(at, 1)
  }

  /** Shows a frame to the packet sockets of the device and of its namespace. */
  tap(skb: Skb, outgoing: boolean): void {
    if (skb.ipSummed === PROMISED) checksumHelp(skb)
    for (const tap of this.#taps) tap.deliver(this, skb, outgoing)
    for (const tap of this.net.taps) tap.deliver(this, skb, outgoing)
  }

  get tapped(): boolean {
    return this.#taps.length > 0 || this.net.taps.length > 0
  }
}

/**
 * Sends a frame: `skb.data` stands at the Ethernet header. Models net/core/dev.c __dev_queue_xmit. Queueing disciplines take no time here;
 * what takes time is a {@link Segment}.
 */
export function devQueueXmit(dev: NetDevice, skb: Skb): void {
  skb.dev = dev
  // Models sch_handle_egress: before the device is asked whether it is up, and before the taps.
  if (dev.tcEgress !== undefined && !dev.tcEgress.run(dev, skb, false)) return
  if (!dev.up) {
    dev.stats.txDropped++
    kfreeSkb(dev.net, skb, DropReason.DEV_READY)
    return
  }
  if (!dev.checksumOffload && skb.ipSummed === PARTIAL) skb.ipSummed = PROMISED
  if (dev.net.trace.on !== 0) traceFrame(TraceKind.NET_DEV_XMIT, dev, skb)
  if (dev.tapped) dev.tap(skb, true)
  dev.startXmit(dev, skb)
}

/** Apart, as all that packets rarely do: the compiler makes one piece of a packet's common way only while the pieces are small. */
function traceFrame(kind: TraceKind, dev: NetDevice, skb: Skb): void {
  dev.net.trace.emit(kind, skb.id, dev.net.id, dev.ifindex, skb.length)
}

/** For who takes a packet's bytes elsewhere: whatever is left of its checksum is done now. */
export function checksumFinish(skb: Skb): void {
  if (skb.ipSummed === PARTIAL || skb.ipSummed === PROMISED) checksumHelp(skb)
}

/** Finishes a partial checksum in software. Models net/core/dev.c skb_checksum_help. */
export function checksumHelp(skb: Skb): void {
  skb.cow()
  const view = skb.view
  const field = skb.csumStart + skb.csumOffset
  // The field holds the folded pseudo-header sum: summing over it completes the checksum.
  const sum = csumFold(csumPartial(view, skb.csumStart, skb.tail - skb.csumStart, 0))
  view.setUint16(field, sum === 0 ? 0xffff : sum)
  skb.ipSummed = NONE
}

/** Strips the Ethernet header and classifies the frame. Models net/ethernet/eth.c eth_type_trans. */
export function ethTypeTrans(skb: Skb, dev: NetDevice): void {
  skb.dev = dev
  skb.macHeader = skb.data
  const view = skb.view
  const to = ethernet.destination(view, skb.data)
  skb.protocol = ethernet.etherType(view, skb.data)
  if (to === dev.address) skb.packetType = HOST
  else if (!ethernet.isGroup(view, skb.data)) skb.packetType = OTHERHOST
  else skb.packetType = to === MAC_BROADCAST ? BROADCAST : MULTICAST
  skb.pull(ethernet.LENGTH)
  skb.networkHeader = skb.data
}

/**
 * Takes in a frame whose Ethernet header has been pulled by {@link ethTypeTrans}: packet sockets, then the bridge, then the protocol.
 * Models net/core/dev.c __netif_receive_skb_core.
 */
export function netifReceiveSkb(dev: NetDevice, skb: Skb): void {
  if (!dev.up) {
    dev.stats.rxDropped++
    kfreeSkb(dev.net, skb, DropReason.DEV_READY)
    return
  }
  dev.stats.rxPackets++
  dev.stats.rxBytes += skb.tail - (dev.countsHeader ? skb.macHeader : skb.data)
  if (skb.packetType === MULTICAST) dev.stats.rxMulticast++
  if (dev.net.trace.on !== 0) traceFrame(TraceKind.NETIF_RECEIVE_SKB, dev, skb)
  if (dev.tapped) tapReceived(dev, skb)
  if (dev.tcIngress !== undefined && !handleIngress(dev, skb, dev.tcIngress)) return
  if (dev.port !== undefined) {
    dev.port.handleFrame(skb)
    return
  }
  dev.net.kernel.deliver(dev, skb)
}

function tapReceived(dev: NetDevice, skb: Skb): void {
  skb.push(ethernet.LENGTH)
  dev.tap(skb, false)
  skb.pull(ethernet.LENGTH)
}

/** Models sch_handle_ingress: programs see the Ethernet header. */
function handleIngress(dev: NetDevice, skb: Skb, hook: TcHook): boolean {
  skb.push(ethernet.LENGTH)
  if (!hook.run(dev, skb, true)) return false
  skb.pull(ethernet.LENGTH)
  return true
}

/** Counts a frame as sent. */
export function countTx(dev: NetDevice, bytes: number): void {
  dev.stats.txPackets++
  dev.stats.txBytes += bytes
}
