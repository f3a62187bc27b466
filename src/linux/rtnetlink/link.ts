/** Links: RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK. Models net/core/rtnetlink.c. */
import { isMulticastMac } from "../../wire/address.ts"
import type { Errno } from "../errno.ts"
import { Bridge, type BridgeOptions, bridgeOps } from "../link/bridge.ts"
import { dummyOps } from "../link/dummy.ts"
import { ethernetOps, type Segment } from "../link/segment.ts"
import { noteLowerLayer, vethCreate } from "../link/veth.ts"
import { Vxlan, type VxlanOptions, vxlanOps } from "../link/vxlan.ts"
import { VxlanRemote } from "../link/vxlan-fdb.ts"
import { arpAnnounce } from "../neigh/arp-send.ts"
import { IFF, type NetDevice } from "../netdev.ts"
import type { NetNamespace } from "../netns.ts"
import { type NetlinkError, refuse } from "./error.ts"
import { fibAddInterfaceAddress, fibDisableIp } from "./fib-frontend.ts"

/** IFNAMSIZ without the terminating zero. */
const NAME_MAX = 15
/** Outer IPv4, UDP, VXLAN and the inner Ethernet header. Models include/net/vxlan.h vxlan_headroom. */
const VXLAN_HEADROOM = 50

interface LinkCommon {
  name: string
  /** MAC address; drawn at random when absent. */
  address?: number
  mtu?: number
  txQueueLength?: number
  origin?: string
}

export interface VethPeer {
  name: string
  net?: NetNamespace
  address?: number
  mtu?: number
  txQueueLength?: number
}

export type LinkSpec =
  | (LinkCommon & { kind: "bridge"; bridge?: BridgeOptions })
  | (LinkCommon & { kind: "veth"; peer: VethPeer })
  | (LinkCommon & { kind: "vxlan"; vxlan: VxlanOptions })
  | (LinkCommon & { kind: "dummy" })
  | (LinkCommon & { kind: "ethernet"; segment: Segment; qdisc?: string })

/** Creates a device, down. One line to copy: `linkAdd(net, { kind: "bridge", name: "cni0" })`. */
export function linkAdd(net: NetNamespace, spec: LinkSpec): NetDevice | NetlinkError {
  const refused = refuseName(net, spec.name)
  if (refused !== undefined) return refused
  const dev = create(net, spec, spec.address ?? net.prng.fork(`mac/${spec.name}/${net.devices.length}`).mac())
  if (!("errno" in dev)) net.kernel.notify(net, "link")
  return dev
}

function refuseName(net: NetNamespace, name: string): NetlinkError | undefined {
  if (name.length > NAME_MAX) return refuse("ERANGE", "Attribute failed policy validation")
  if (name === "" || /[/\s:]/.test(name) || name === "." || name === "..") return refuse("EINVAL")
  return net.device(name) === undefined ? undefined : refuse("EEXIST")
}

function create(net: NetNamespace, spec: LinkSpec, address: number): NetDevice | NetlinkError {
  switch (spec.kind) {
    case "bridge":
      return createBridge(net, spec, address)
    case "veth":
      return createVeth(net, spec, address)
    case "vxlan":
      return createVxlan(net, spec, address)
    case "dummy":
      return createDummy(net, spec, address)
    case "ethernet":
      return createEthernet(net, spec, address)
  }
}

function createBridge(net: NetNamespace, spec: LinkSpec & { kind: "bridge" }, address: number): NetDevice {
  const bridge = new Bridge(net.kernel.sim, spec.bridge)
  const dev = net.addDevice(bridgeOps, { ...spec, address }, bridge)
  bridge.dev = dev
  bridge.addressPinned = spec.address !== undefined
  dev.carrier = false
  dev.countsHeader = false
  bridge.fdb.addLocal(address, undefined)
  return dev
}

function createVeth(net: NetNamespace, spec: LinkSpec & { kind: "veth" }, address: number): NetDevice | NetlinkError {
  const peerNet = spec.peer.net ?? net
  const refused = refuseName(peerNet, spec.peer.name)
  if (refused !== undefined) return refused
  const peerAddress = spec.peer.address ?? peerNet.prng.fork(`mac/${spec.peer.name}/${peerNet.devices.length}`).mac()
  return vethCreate(
    { ...spec, net, address },
    { ...spec.peer, net: peerNet, address: peerAddress, origin: spec.origin },
  )
}

function createVxlan(net: NetNamespace, spec: LinkSpec & { kind: "vxlan" }, address: number): NetDevice | NetlinkError {
  const vxlan = new Vxlan(spec.vxlan)
  const clash = net.devices.some((dev) => {
    const other = dev.priv
    return (
      other instanceof Vxlan &&
      other.vni === vxlan.vni &&
      other.port === vxlan.port &&
      other.external === vxlan.external
    )
  })
  if (clash) return refuse("EEXIST", "A VXLAN device with the specified VNI already exists")
  // Without a lower device nothing is known of what the tunnel costs.
  const mtu = vxlan.lower === undefined ? 1500 : vxlan.lower.mtu - VXLAN_HEADROOM
  const dev = net.addDevice(vxlanOps, { ...spec, mtu: spec.mtu ?? mtu, address }, vxlan)
  vxlan.dev = dev
  // The default destination is a row like any other.
  if (vxlan.remote !== 0) {
    const now = net.kernel.sim.now
    const remotes = [new VxlanRemote(vxlan.remote, 0, 0, vxlan.lower)]
    vxlan.fdb.set({ mac: 0, remotes, permanent: true, isStatic: false, updated: now, used: now, origin: spec.origin })
  }
  dev.link = vxlan.lower
  dev.reportsOperstate = false
  dev.countsHeader = false
  return dev
}

function createDummy(net: NetNamespace, spec: LinkSpec & { kind: "dummy" }, address: number): NetDevice {
  const dev = net.addDevice(dummyOps, { ...spec, address, flags: IFF.BROADCAST | IFF.NOARP }, undefined)
  dev.reportsOperstate = false
  return dev
}

function createEthernet(net: NetNamespace, spec: LinkSpec & { kind: "ethernet" }, address: number): NetDevice {
  const dev = net.addDevice(ethernetOps, { ...spec, address, qdisc: spec.qdisc ?? "fq_codel" }, spec.segment)
  // The wire shows finished checksums, as with `ethtool -K … tx off`.
  dev.checksumOffload = false
  spec.segment.attach(dev)
  return dev
}

/** Deletes a device; for a veth the peer goes too. Physical devices and lo cannot be deleted. */
export function linkDel(dev: NetDevice): NetlinkError | undefined {
  if (dev.kind === "" || dev.kind === "loopback") return refuse("EOPNOTSUPP")
  dev.net.kernel.unregister(dev)
  return undefined
}

/** `ip link set … up`. Models dev_open and inetdev_event NETDEV_UP. */
export function linkUp(dev: NetDevice): NetlinkError | undefined {
  if (dev.up) return undefined
  dev.flags |= IFF.UP
  const errno = dev.ops.open?.(dev) as Errno | undefined
  if (errno !== undefined) {
    dev.flags &= ~IFF.UP
    return refuse(errno)
  }
  dev.activated = true
  if (dev === dev.net.loopback && dev.addresses.length === 0) addLoopbackAddress(dev)
  else for (const ifa of dev.addresses) fibAddInterfaceAddress(dev, ifa)
  dev.port?.bridge.refresh()
  if (dev.arpNotify) for (const ifa of dev.addresses) arpAnnounce(dev, ifa.address)
  dev.net.kernel.notify(dev.net, "link")
  return undefined
}

/** 127.0.0.1/8 appears when lo first goes up. */
function addLoopbackAddress(dev: NetDevice): void {
  const address = 0x7f000001
  const ifa = {
    address,
    peer: address,
    prefixLength: 8,
    broadcast: 0,
    scope: 254,
    label: "lo",
    secondary: false,
    noPrefixRoute: false,
    metric: 0,
    origin: undefined,
  }
  dev.addresses.push(ifa)
  fibAddInterfaceAddress(dev, ifa)
}

/** `ip link set … down`: routes through it and neighbours on it are gone, even permanent ones; addresses and FDB rows stay. */
export function linkDown(dev: NetDevice): NetlinkError | undefined {
  if (!dev.up) return undefined
  dev.flags &= ~IFF.UP
  dev.ops.stop?.(dev)
  fibDisableIp(dev)
  dev.net.neigh.flush(dev)
  dev.port?.bridge.refresh()
  dev.net.kernel.notify(dev.net, "link")
  return undefined
}

/** `ip link set … master BRIDGE`; `undefined` frees the port (`nomaster`). */
export function linkSetMaster(dev: NetDevice, master: NetDevice | undefined): NetlinkError | undefined {
  if (master !== undefined && !(master.priv instanceof Bridge)) return refuse("EOPNOTSUPP")
  // Models br_if.c br_add_if.
  if (master !== undefined && dev.kind === "loopback") return refuse("EINVAL")
  if (master !== undefined && dev.priv instanceof Bridge) return refuse("ELOOP", "Can not enslave a bridge to a bridge")
  dev.port?.bridge.removePort(dev)
  if (master !== undefined) (master.priv as Bridge).addPort(dev)
  dev.net.kernel.notify(dev.net, "link")
  return undefined
}

export function linkSetMtu(dev: NetDevice, mtu: number): NetlinkError | undefined {
  if (mtu < 68) return refuse("EINVAL", "mtu less than device minimum")
  if (mtu > 65535 && dev.kind !== "loopback") return refuse("EINVAL", "mtu greater than device maximum")
  if (dev.priv instanceof Vxlan && dev.priv.lower !== undefined && mtu > dev.priv.lower.mtu - VXLAN_HEADROOM)
    return refuse("EINVAL")
  if (dev.priv instanceof Bridge) dev.priv.mtuPinned = true
  dev.mtu = mtu
  dev.port?.bridge.adjustMtu()
  dev.net.kernel.notify(dev.net, "link")
  return undefined
}

export function linkSetAddress(dev: NetDevice, address: number): NetlinkError | undefined {
  if (address === 0 || isMulticastMac(address)) return refuse("EADDRNOTAVAIL")
  const { port } = dev
  port?.bridge.fdb.removeLocal(dev.address, port)
  const bridge = dev.priv instanceof Bridge ? dev.priv : undefined
  bridge?.fdb.removeLocal(dev.address, undefined)
  dev.address = address
  if (bridge !== undefined) {
    bridge.addressPinned = true
    bridge.fdb.addLocal(address, undefined)
  }
  port?.bridge.fdb.addLocal(address, port)
  port?.bridge.refresh()
  dev.net.kernel.notify(dev.net, "link")
  return undefined
}

/** `ip link set … name NEW`. */
export function linkSetName(dev: NetDevice, name: string): NetlinkError | undefined {
  if (name === dev.name) return undefined
  const refused = refuseName(dev.net, name)
  if (refused !== undefined) return refused
  dev.name = name
  dev.net.kernel.notify(dev.net, "link")
  return undefined
}

/** `ip link set … netns …`: the device goes down, loses its addresses and moves. */
export function linkSetNamespace(dev: NetDevice, net: NetNamespace): NetlinkError | undefined {
  if (dev.kind === "loopback" || dev.kind === "bridge") return refuse("EINVAL", "The interface netns is immutable")
  if (net.device(dev.name) !== undefined) return refuse("EEXIST")
  const wasUp = dev.up
  linkDown(dev)
  linkSetMaster(dev, undefined)
  dev.net.fib.removeWhere((route) => route.dev === dev)
  dev.addresses.length = 0
  dev.activated = false
  net.adoptDevice(dev)
  // The other end's state is worked out a little after the carrier went, when this one is elsewhere already.
  if (wasUp && dev.kind === "veth" && dev.link !== undefined) noteLowerLayer(dev.link)
  net.kernel.notify(net, "link")
  return undefined
}
