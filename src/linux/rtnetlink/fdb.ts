/** FDB rows: RTM_NEWNEIGH, RTM_DELNEIGH for AF_BRIDGE. Models net/core/rtnetlink.c rtnl_fdb_add, vxlan_fdb_add and br_fdb_add. */
import { Vxlan } from "../link/vxlan.ts"
import { VxlanRemote } from "../link/vxlan-fdb.ts"
import type { NetDevice } from "../netdev.ts"
import { type NetlinkError, refuse } from "./error.ts"

export interface FdbSpec {
  mac: number
  /** The remote VTEP (NDA_DST), for a vxlan device. */
  destination?: number
  /** 0: the device's own. */
  port?: number
  vni?: number
  /** NUD_PERMANENT (true) or NUD_REACHABLE/NOARP. */
  permanent?: boolean
  /** NTF_MASTER: the row belongs to the bridge that `dev` is a port of. NTF_SELF otherwise. */
  master?: boolean
  origin?: string
}

export type FdbMode = "add" | "replace" | "append"

/** One line to copy: `fdbAdd(flannel1, { mac: mac("5e:83:73:4b:98:06"), destination: ipv4("192.168.80.105") }, "replace")`. */
export function fdbAdd(dev: NetDevice, spec: FdbSpec, mode: FdbMode = "add"): NetlinkError | undefined {
  if (spec.master === true) return bridgeFdbAdd(dev, spec, mode)
  return dev.priv instanceof Vxlan
    ? vxlanFdbAdd(dev, dev.priv, spec, mode)
    : refuse("EOPNOTSUPP", "Operation not supported on this device")
}

function vxlanFdbAdd(dev: NetDevice, vxlan: Vxlan, spec: FdbSpec, mode: FdbMode): NetlinkError | undefined {
  if (spec.destination === undefined) return refuse("EINVAL")
  const remote = new VxlanRemote(spec.destination, spec.port ?? 0, spec.vni ?? 0)
  const known = vxlan.fdb.lookup(spec.mac)
  if (known !== undefined && mode === "add") return refuse("EEXIST")
  const kept = mode === "append" ? (known?.remotes ?? []) : []
  vxlan.fdb.set({
    mac: spec.mac,
    remotes: [...kept, remote],
    permanent: spec.permanent ?? true,
    isStatic: true,
    updated: dev.net.kernel.sim.now,
    origin: spec.origin,
  })
  dev.net.kernel.notify(dev.net, "neigh")
  return undefined
}

function bridgeFdbAdd(dev: NetDevice, spec: FdbSpec, mode: FdbMode): NetlinkError | undefined {
  if (dev.port === undefined) return refuse("EINVAL")
  const { fdb } = dev.port.bridge
  if (mode === "add" && fdb.lookup(spec.mac) !== undefined) return refuse("EEXIST")
  if (spec.permanent === false) fdb.addStatic(spec.mac, dev.port, spec.origin)
  else fdb.addLocal(spec.mac, dev.port)
  dev.net.kernel.notify(dev.net, "neigh")
  return undefined
}

export function fdbDel(dev: NetDevice, mac: number, master = false): NetlinkError | undefined {
  const table = master ? dev.port?.bridge.fdb : dev.priv instanceof Vxlan ? dev.priv.fdb : undefined
  if (table === undefined) return refuse("EOPNOTSUPP", "Operation not supported on this device")
  if (!table.remove(mac)) return refuse("ENOENT")
  dev.net.kernel.notify(dev.net, "neigh")
  return undefined
}
