/** What a cluster can be asked to be. */

import type { CniProvider } from "../cni/provider.ts"
import type { Image } from "../images/image.ts"
import type { Tool } from "../linux/task/tool.ts"

/** One machine. */
export interface NodeOptions {
  name: string
  /** Fixed MAC addresses by device name; the others follow from the seed. */
  macs?: Readonly<Record<string, string>>
  /** Its address on the shared network, `192.168.80.103`; counted up when absent. */
  ip?: string
}

/** What {@link createCluster} builds; plain data, plugins apart. */
export interface ClusterOptions {
  /** `article`: the cluster of the article: k8s-master and three workers on 192.168.80.0/24, with the article's VTEP addresses. */
  preset?: "article"
  /** How many machines, their names, or more about them (2). The first one is the control plane. */
  nodes?: number | readonly (string | NodeOptions)[]
  /** The range pods get addresses from (10.244.0.0/16). */
  podCIDR?: string
  /** The network plugin (`flannel()`, `cilium()`), or `"none"`: nodes stay NotReady. */
  cni?: CniProvider | "none"
  /** Everything random follows from it (1). */
  seed?: number
  /** Virtual time zero, in seconds since 1970 (2025-10-18T06:17:00Z, the day of the article). */
  epoch?: number
  /** Images beside nginx and busybox that pods may name. */
  images?: readonly Image[]
  /** Programs for every node, in /usr/local/bin. */
  tools?: readonly Tool[]
}

export const OPTION_NAMES: readonly (keyof ClusterOptions)[] = [
  "preset",
  "nodes",
  "podCIDR",
  "cni",
  "seed",
  "epoch",
  "images",
  "tools",
]

export const NODE_OPTION_NAMES: readonly (keyof NodeOptions)[] = ["name", "ip", "macs"]
