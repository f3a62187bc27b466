import type { Cluster } from "./cluster.ts"
import type { ClusterOptions } from "./options.ts"

/**
 * Builds a cluster and waits, in virtual time, until its nodes are ready. The kernel and the control plane are loaded by the first call.
 *
 * @param options how many machines, which CNI plugin, which seed; see {@link ClusterOptions}
 * @returns the cluster; nothing half-built escapes
 * @throws TypeError for options that do not exist or contradict each other
 * @example const cluster = await createCluster({ preset: "article" })
 */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const core = await import("./create-cluster.ts")
  return core.createCluster(options)
}
