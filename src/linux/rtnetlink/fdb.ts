/** FDB rows: RTM_NEWNEIGH, RTM_DELNEIGH for AF_BRIDGE. Models net/core/rtnetlink.c rtnl_fdb_add, vxlan_fdb_add and br_fdb_add. */
import { isMulticastMac } from "../../wire/address.ts"
import { Bridge, type BridgePort } from "../link/bridge.ts"
import { Vxlan } from "../link/vxlan.ts"
import { VxlanRemote } from "../link/vxlan-fdb.ts"
import type { NetDevice } from "../netdev.ts"
import { type NetlinkError, refuse } from "./error.ts"

/** Permanent: an address of this machine, or a row that nothing changes. Static: not aged. Dynamic: as if learned. */
export type FdbState = "permanent" | "static" | "dynamic"

export interface FdbSpec {
  mac: number
  /** The remote VTEP (NDA_DST), for a vxlan device. */
  destination?: number
  /** 0: the device's own. */
  port?: number
  vni?: number
  /** The device outer packets to this remote leave by. */
  via?: NetDevice | undefined
  /** `permanent` when absent, as the tool has it. */
  state?: FdbState
  sticky?: boolean
  /** NTF_MASTER: the row belongs to the bridge that `dev` is a port of. NTF_SELF otherwise. */
  master?: boolean
  origin?: string
}

export type FdbMode = "add" | "replace" | "append"

/** One line to copy: `fdbAdd(flannel1, { mac: mac("5e:83:73:4b:98:06"), destination: ipv4("192.168.80.105") }, "replace")`. */
export function fdbAdd(dev: NetDevice, spec: FdbSpec, mode: FdbMode = "add"): NetlinkError | undefined {
  if (dev.kind === "loopback") return refuse("EINVAL", "FDB add only supported for Ethernet devices")
  const refused = add(dev, spec, mode)
  if (refused === undefined) dev.net.kernel.notify(dev.net, "neigh")
  return refused
}

function add(dev: NetDevice, spec: FdbSpec, mode: FdbMode): NetlinkError | undefined {
  if (spec.master === true)
    return dev.port === undefined ? refuse("EOPNOTSUPP") : bridgeFdbAdd(dev.port.bridge, dev.port, spec, mode)
  if (dev.priv instanceof Vxlan) return vxlanFdbAdd(dev, dev.priv, spec, mode)
  if (dev.priv instanceof Bridge) return bridgeFdbAdd(dev.priv, undefined, spec, mode)
  return deviceFdbAdd(dev, spec)
}

/** Any other device listens to the address too. Models ndo_dflt_fdb_add. */
function deviceFdbAdd(dev: NetDevice, spec: FdbSpec): NetlinkError | undefined {
  if ((spec.state ?? "permanent") !== "permanent") return refuse("EINVAL")
  if (dev.extraAddresses.has(spec.mac)) return refuse("EEXIST")
  dev.extraAddresses.add(spec.mac)
  return undefined
}

function vxlanFdbAdd(dev: NetDevice, vxlan: Vxlan, spec: FdbSpec, mode: FdbMode): NetlinkError | undefined {
  if (spec.destination === undefined) return refuse("EINVAL")
  const remote = new VxlanRemote(spec.destination, spec.port ?? 0, spec.vni ?? 0, spec.via)
  const known = vxlan.fdb.lookup(spec.mac)
  if (known !== undefined && mode === "add") return refuse("EEXIST")
  // Only unicast rows are replaced, only group and default rows have several remotes.
  const many = spec.mac === 0 || isMulticastMac(spec.mac)
  if (many && mode === "replace") return refuse("EOPNOTSUPP")
  const state = spec.state ?? "permanent"
  const now = dev.net.kernel.sim.now
  vxlan.fdb.set({
    mac: spec.mac,
    remotes:
      known === undefined || mode === "replace" ? [remote] : many ? joined(known.remotes, remote) : known.remotes,
    permanent: state === "permanent",
    isStatic: state !== "dynamic",
    updated: now,
    used: now,
    origin: spec.origin,
  })
  return undefined
}

const sameRemote = (a: VxlanRemote, b: VxlanRemote): boolean =>
  a.ip === b.ip && a.port === b.port && a.vni === b.vni && a.via === b.via

const joined = (remotes: readonly VxlanRemote[], remote: VxlanRemote): VxlanRemote[] =>
  remotes.some((other) => sameRemote(other, remote)) ? [...remotes] : [...remotes, remote]

function bridgeFdbAdd(
  bridge: Bridge,
  port: BridgePort | undefined,
  spec: FdbSpec,
  mode: FdbMode,
): NetlinkError | undefined {
  const state = spec.state ?? "permanent"
  if (spec.mac === 0 || (port === undefined && state !== "permanent")) return refuse("EINVAL")
  if (mode === "add" && bridge.fdb.lookup(spec.mac) !== undefined) return refuse("EEXIST")
  bridge.fdb.put({
    mac: spec.mac,
    port,
    local: state === "permanent",
    isStatic: state !== "dynamic",
    sticky: spec.sticky ?? false,
    origin: spec.origin,
  })
  return undefined
}

export interface FdbKey {
  mac: number
  master?: boolean
  /** One remote of a vxlan row; the last one takes the row along. */
  destination?: number
}

export function fdbDel(dev: NetDevice, key: FdbKey): NetlinkError | undefined {
  const refused = remove(dev, key)
  if (refused === undefined) dev.net.kernel.notify(dev.net, "neigh")
  return refused
}

function remove(dev: NetDevice, { mac, master, destination }: FdbKey): NetlinkError | undefined {
  if (master === true) {
    if (dev.port === undefined) return refuse("EOPNOTSUPP")
    return bridgeFdbDel(dev.port.bridge, dev.port, mac)
  }
  if (dev.priv instanceof Vxlan) return vxlanFdbDel(dev.priv, mac, destination)
  if (dev.priv instanceof Bridge) return bridgeFdbDel(dev.priv, undefined, mac)
  return dev.extraAddresses.delete(mac) ? undefined : refuse("ENOENT")
}

function bridgeFdbDel(bridge: Bridge, port: BridgePort | undefined, mac: number): NetlinkError | undefined {
  const row = bridge.fdb.lookup(mac)
  if (row === undefined || row.port !== port) return refuse("ENOENT")
  bridge.fdb.remove(mac)
  return undefined
}

function vxlanFdbDel(vxlan: Vxlan, mac: number, destination: number | undefined): NetlinkError | undefined {
  const row = vxlan.fdb.lookup(mac)
  if (row === undefined) return refuse("ENOENT")
  if (destination !== undefined) {
    const left = row.remotes.filter((remote) => remote.ip !== destination)
    // A remote that is not there is no error, only nothing to do.
    if (left.length === row.remotes.length) return undefined
    if (left.length > 0) {
      vxlan.fdb.set({ ...row, remotes: left })
      return undefined
    }
  }
  vxlan.fdb.remove(mac)
  return undefined
}

/** `bridge fdb flush`. Models rtnl_fdb_del with NLM_F_BULK: everything goes, a bridge's own addresses too. */
export function fdbFlush(dev: NetDevice): NetlinkError | undefined {
  if (dev.priv instanceof Vxlan || dev.priv instanceof Bridge) dev.priv.fdb.clear()
  else return refuse("EOPNOTSUPP")
  dev.net.kernel.notify(dev.net, "neigh")
  return undefined
}
