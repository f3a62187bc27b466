/** Virtual extensible LAN over IPv4 (RFC 7348). Models drivers/net/vxlan/vxlan_core.c. */

import { SECOND } from "../../sim/simulation.ts"
import { TraceKind } from "../../sim/trace.ts"
import { isMulticastMac } from "../../wire/address.ts"
import * as checksums from "../../wire/checksum.ts"
import * as ethernetHeader from "../../wire/ethernet.ts"
import * as ipv4Header from "../../wire/ipv4.ts"
import * as udpHeader from "../../wire/udp.ts"
import * as vxlanHeader from "../../wire/vxlan.ts"
import { DropReason, kfreeSkb } from "../drop-reason.ts"
import { skbFlowHash } from "../flow-hash.ts"
import { type IpOutputOptions, ipQueueXmit } from "../ip/output.ts"
import { countTx, type DeviceOps, ethTypeTrans, type NetDevice, netifReceiveSkb } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { NumberMap } from "../number-map.ts"
import { IpSummed, PacketType, type Skb } from "../skb.ts"
import { VxlanFdb, VxlanRemote } from "./vxlan-fdb.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const { csumFold, csumFold16, csumPartial, pseudoHeaderSum } = checksums
const ethernet = { ...ethernetHeader }
const ipv4 = { ...ipv4Header }
const udp = { ...udpHeader }
const vxlan = { ...vxlanHeader }
const { HOST } = PacketType
const { PARTIAL, PROMISED, UNNECESSARY } = IpSummed

export interface VxlanOptions {
  vni: number
  /** The outer source; 0 lets the route choose. */
  local: number
  /** The device outer packets leave by. */
  lower: NetDevice | undefined
  /** UDP destination port (8472, the kernel's default). */
  port?: number
  /** Learn from what is received (true). Flannel's devices do not. */
  learning?: boolean
  /** Outer TTL; 0 is `auto`: net.ipv4.ip_default_ttl. */
  ttl?: number
  tos?: number
  /** Seconds a learned row lives (300). */
  ageing?: number
  /** A default destination for addresses without a row (`remote`); 0 none. */
  remote?: number
  /** Sends outer UDP checksums (true). */
  udpChecksum?: boolean
  /** Collect-metadata mode (`external`): every packet says itself where it goes and with which VNI (false). */
  external?: boolean
}

/** The state of one vxlan device. Models struct vxlan_dev. */
export class Vxlan {
  dev!: NetDevice
  readonly vni: number
  readonly local: number
  readonly lower: NetDevice | undefined
  readonly port: number
  readonly learning: boolean
  readonly ttl: number
  readonly tos: number
  readonly ageing: number
  readonly remote: number
  readonly udpChecksum: boolean
  readonly external: boolean
  /** In collect-metadata mode: the ways to the remotes that packets named. */
  readonly remotes: NumberMap<VxlanRemote> = new NumberMap()
  readonly fdb: VxlanFdb = new VxlanFdb()

  constructor(options: VxlanOptions) {
    this.vni = options.vni
    this.local = options.local
    this.lower = options.lower
    this.port = options.port ?? vxlan.LINUX_PORT
    this.learning = options.learning ?? true
    this.ttl = options.ttl ?? 0
    this.tos = options.tos ?? 0
    this.ageing = options.ageing ?? 300
    this.remote = options.remote ?? 0
    this.udpChecksum = options.udpChecksum ?? true
    this.external = options.external ?? false
  }
}

/** The UDP socket that all devices of one port share. Models struct vxlan_sock. */
export class VxlanSock {
  readonly devices: NumberMap<Vxlan> = new NumberMap()
  /** All devices of a socket agree in it (VXLAN_F_RCV_FLAGS). */
  readonly external: boolean

  constructor(external = false) {
    this.external = external
  }

  /** Takes a datagram: `skb.data` at the UDP header. Models vxlan_rcv; always consumes. */
  encapRcv(net: NetNamespace, skb: Skb): boolean {
    const view = skb.view
    const at = skb.data + udp.LENGTH
    if (skb.length < udp.LENGTH + vxlan.LENGTH + ethernet.LENGTH || (vxlan.flags(view, at) & vxlan.FLAG_VNI) === 0) {
      kfreeSkb(net, skb, DropReason.VXLAN_INVALID_HDR)
      return true
    }
    const vni = vxlan.vni(view, at)
    const device = this.devices.get(this.external ? 0 : vni)
    if (device === undefined || !device.dev.up) {
      kfreeSkb(net, skb, DropReason.VXLAN_VNI_NOT_FOUND)
      return true
    }
    const outerSource = ipv4.source(view, skb.networkHeader)
    skb.pull(udp.LENGTH + vxlan.LENGTH)
    skb.tunnelId = vni
    skb.tunnelRemote = 0
    decapsulate(device, skb, outerSource)
    return true
  }
}

function decapsulate(device: Vxlan, skb: Skb, outerSource: number): void {
  const { dev } = device
  const trace = dev.net.trace
  if (trace.on !== 0) trace.emit(TraceKind.VXLAN_RCV, skb.id, dev.net.id, dev.ifindex, skb.tunnelId, device)
  const source = ethernet.source(skb.view, skb.data)
  ethTypeTrans(skb, dev)
  if (source === dev.address) {
    kfreeSkb(dev.net, skb, DropReason.LOCAL_MAC)
    return
  }
  // The outer checksum was verified and covers the inner packet.
  if (skb.ipSummed !== PROMISED) skb.ipSummed = UNNECESSARY
  skb.hash = 0
  skb.scrub(false)
  if (device.learning && !device.external) learn(device, source, outerSource)
  netifReceiveSkb(dev, skb)
}

/** Models vxlan_snoop: the inner source is behind the outer source. */
function learn(device: Vxlan, mac: number, ip: number): void {
  const now = device.dev.net.kernel.sim.now
  const row = device.fdb.lookup(mac)
  if (row !== undefined && (row.permanent || row.isStatic)) return
  if (row !== undefined && row.remotes[0]?.ip === ip) {
    row.used = now
    return
  }
  device.fdb.set({
    mac,
    remotes: [new VxlanRemote(ip, 0, 0)],
    permanent: false,
    isStatic: false,
    updated: now,
    used: now,
    origin: undefined,
  })
}

export const vxlanOps: DeviceOps = {
  kind: "vxlan",
  startXmit: vxlanXmit,
  open(dev) {
    const device = dev.priv as Vxlan
    const socket = dev.net.kernel.vxlanSocket(dev.net, device.port, device.external)
    if (socket === undefined) return "EADDRINUSE"
    socket.devices.set(device.vni, device)
    return undefined
  },
  stop(dev) {
    const device = dev.priv as Vxlan
    const socket = dev.net.vxlanSockets.get(device.port)
    socket?.devices.delete(device.vni)
    if (socket?.devices.size === 0) dev.net.kernel.releaseVxlanSocket(dev.net, device.port)
    for (const row of device.fdb.rows()) if (!row.permanent && !row.isStatic) device.fdb.remove(row.mac)
  },
  uninit(dev) {
    ;(dev.priv as Vxlan).fdb.clear()
  },
}

/** Models vxlan_xmit: the inner destination's row says where to; several remotes get a copy each. */
function vxlanXmit(dev: NetDevice, skb: Skb): void {
  const device = dev.priv as Vxlan
  if (device.external) {
    xmitExternal(device, skb)
    return
  }
  const to = ethernet.destination(skb.view, skb.data)
  let row = device.fdb.lookup(to)
  if (
    row !== undefined &&
    !row.permanent &&
    !row.isStatic &&
    dev.net.kernel.sim.now - row.used > device.ageing * SECOND
  ) {
    device.fdb.remove(to)
    row = undefined
  } else if (row !== undefined) row.used = dev.net.kernel.sim.now
  // Unknown and group addresses go to the all-zero row's destinations (vxlan_xmit's default entry).
  row ??= device.fdb.lookup(0)
  const remotes = row?.remotes
  if (remotes === undefined) {
    dev.stats.txDropped++
    kfreeSkb(dev.net, skb, DropReason.VXLAN_NO_REMOTE, isMulticastMac(to) ? undefined : device)
    return
  }
  const trace = dev.net.trace
  if (trace.on !== 0) trace.emit(TraceKind.VXLAN_XMIT, skb.id, dev.net.id, dev.ifindex, device.vni, row)
  for (let i = 1; i < remotes.length; i++) vxlanXmitOne(device, skb.clone(), remotes[i] as VxlanRemote)
  vxlanXmitOne(device, skb, remotes[0] as VxlanRemote)
}

/** In collect-metadata mode the packet's own tunnel key decides; without one it goes nowhere. */
function xmitExternal(device: Vxlan, skb: Skb): void {
  const { dev } = device
  const ip = skb.tunnelRemote
  if (ip === 0) {
    dev.stats.txDropped++
    kfreeSkb(dev.net, skb, DropReason.TUNNEL_TXINFO, device)
    return
  }
  let remote = device.remotes.get(ip)
  if (remote === undefined) {
    remote = new VxlanRemote(ip, 0, 0)
    device.remotes.set(ip, remote)
  }
  const trace = dev.net.trace
  if (trace.on !== 0) trace.emit(TraceKind.VXLAN_XMIT, skb.id, dev.net.id, dev.ifindex, skb.tunnelId, remote)
  skb.tunnelRemote = 0
  vxlanXmitOne(device, skb, remote)
}

/** Puts VXLAN, UDP and IPv4 in front of the frame and sends it. Models vxlan_xmit_one. */
function vxlanXmitOne(device: Vxlan, skb: Skb, remote: VxlanRemote): void {
  const { dev } = device
  const net = dev.net
  const way = remote.dst.lookup(net, remote.ip, device.local, remote.via)
  if (typeof way === "string" || way.dev === dev) {
    dev.stats.txErrors++
    if (typeof way === "string") dev.stats.txCarrierErrors++
    kfreeSkb(net, skb, DropReason.IP_OUTNOROUTES, remote)
    return
  }
  skb.cow()
  const sourcePort = udpFlowSourcePort(net, skb)
  // iptunnel_xmit counts what is inside the inner Ethernet header.
  countTx(dev, skb.length - ethernet.LENGTH)
  const at = skb.push(vxlan.LENGTH)
  vxlan.emit(skb.view, at, device.external ? skb.tunnelId : remote.vni || device.vni)
  pushUdp(skb, device, sourcePort, remote.port || device.port, way.source, remote.ip)
  skb.packetType = HOST
  skb.scrub(false)
  let { header } = remote
  if (header === undefined || header.source !== way.source)
    remote.header = header = outerHeader(device, way.source, remote.ip)
  ipQueueXmit(net, skb, way, header)
}

const KEY_TTL = 64

function outerHeader(device: Vxlan, source: number, destination: number): IpOutputOptions {
  const protocol = ipv4.IpProtocol.UDP
  // A tunnel key says the TTL; Cilium's programs say 64 (IPDEFTTL).
  const ttl = device.external ? KEY_TTL : device.ttl
  return { source, destination, protocol, ttl, tos: device.tos, df: false, id: undefined, ignoreDf: true }
}

function pushUdp(skb: Skb, device: Vxlan, sourcePort: number, port: number, source: number, destination: number): void {
  const at = skb.push(udp.LENGTH)
  const length = skb.length
  udp.emit(skb.view, at, sourcePort, port, length, 0)
  // A tunnel key asks for none (BPF_F_ZERO_CSUM_TX).
  if (!device.udpChecksum || device.external) return
  const pseudo = pseudoHeaderSum(source, destination, ipv4.IpProtocol.UDP, length)
  const check =
    skb.ipSummed === PARTIAL || skb.ipSummed === PROMISED
      ? lcoChecksum(skb, at, pseudo)
      : csumFold(csumPartial(skb.view, at, length, pseudo))
  skb.view.setUint16(at + udp.CHECKSUM_OFFSET, check === 0 ? 0xffff : check)
}

/**
 * Local checksum offload: once the inner checksum is finished, everything it covers sums to the complement of the pseudo-header sum that now
 * stands in its field, so the payload need not be read. Models include/linux/skbuff.h lco_csum.
 */
function lcoChecksum(skb: Skb, at: number, pseudo: number): number {
  const seed = skb.view.getUint16(skb.csumStart + skb.csumOffset)
  const sum = csumPartial(skb.view, at, skb.csumStart - at, pseudo) + (~seed & 0xffff)
  return ~csumFold16(sum) & 0xffff
}

/** The outer source port: from the inner flow, so that one flow takes one path. Models include/net/udp.h udp_flow_src_port. */
function udpFlowSourcePort(net: NetNamespace, skb: Skb): number {
  const low = net.sysctl.localPortRange[0]
  const high = net.sysctl.localPortRange[1]
  const hash = skbFlowHash(net.kernel, skb)
  const spread = (hash ^ (hash << 16)) >>> 0
  return Math.floor((spread * (high - low)) / 0x1_0000_0000) + low
}
