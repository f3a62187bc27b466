/** Neighbours: RTM_NEWNEIGH, RTM_DELNEIGH for AF_INET. Models net/core/neighbour.c neigh_add. */
import { neighFor, neighUpdate } from "../neigh/nud.ts"
import { NUD_VALID, Nud } from "../neigh/table.ts"
import type { NetDevice } from "../netdev.ts"
import { type NetlinkError, refuse } from "./error.ts"

export interface NeighSpec {
  address: number
  lladdr?: number
  /** A Nud state (PERMANENT). */
  state?: number
  origin?: string
}

export type NeighMode = "add" | "replace" | "change"

/** One line to copy: `neighAdd(dev, { address: ipv4("10.244.2.0"), lladdr: mac("5e:83:73:4b:98:06") }, "replace")`. */
export function neighAdd(dev: NetDevice, spec: NeighSpec, mode: NeighMode = "add"): NetlinkError | undefined {
  const known = dev.net.neigh.lookup(dev, spec.address)
  if (known !== undefined && mode === "add") return refuse("EEXIST")
  if (known === undefined && mode === "change") return refuse("ENOENT")
  const state = spec.state ?? Nud.PERMANENT
  const neigh = known ?? neighFor(dev.net, dev, spec.address)
  // The entry is there by now, and stays: a quirk of neigh_add.
  if ((state & NUD_VALID) !== 0 && spec.lladdr === undefined && !neigh.valid)
    return refuse("EINVAL", "No link layer address given")
  neighUpdate(neigh, spec.lladdr ?? neigh.lladdr, state, true)
  neigh.origin = spec.origin
  dev.net.kernel.notify(dev.net, "neigh")
  return undefined
}

export function neighDel(dev: NetDevice, address: number): NetlinkError | undefined {
  const neigh = dev.net.neigh.lookup(dev, address)
  if (neigh === undefined) return refuse("ENOENT")
  dev.net.neigh.remove(neigh)
  dev.net.kernel.notify(dev.net, "neigh")
  return undefined
}
