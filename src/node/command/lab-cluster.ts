/** From options of the command line to a cluster. */
import { type Cluster, type ClusterOptions, cilium, createCluster } from "../../index.ts"
import { UsageError, wholeNumber } from "./arguments.ts"
import { type Lab, readLab } from "./lab.ts"

/** Options that say which cluster; `sh` and `run` have them. */
export const CLUSTER_OPTIONS = {
  lab: { type: "string" },
  cni: { type: "string" },
  nodes: { type: "string" },
  seed: { type: "string" },
} as const

export const CLUSTER_USAGE = `  --lab FILE          the cluster of a lab file: YAML with createCluster's options and manifests
  --nodes N           N machines: control-plane, worker-1, … (the article's four)
  --cni NAME          the network plugin: flannel, cilium or none (flannel)
  --seed N            everything random follows from it (1)
`

export type ClusterValues = { readonly [name in keyof typeof CLUSTER_OPTIONS]?: string | undefined }

/** Builds the cluster asked for, manifests applied and settled. `defaults` hold where neither the command line nor the lab file says anything. */
export async function openCluster(values: ClusterValues, defaults: ClusterOptions = {}): Promise<Cluster> {
  const lab = values.lab === undefined ? { options: {}, manifests: [] } : readLab(values.lab)
  const cluster = await create({ ...defaults, ...merge(lab, values) }, values.lab)
  // A namespace comes with its service account a moment later; pods need that.
  const isNamespace = (object: object): boolean => (object as { kind?: unknown }).kind === "Namespace"
  for (const part of [lab.manifests.filter(isNamespace), lab.manifests.filter((object) => !isNamespace(object))]) {
    if (part.length === 0) continue
    await refused(() => cluster.apply(part), values.lab)
    await cluster.settle()
  }
  return cluster
}

function merge(lab: Lab, values: ClusterValues): ClusterOptions {
  const options: ClusterOptions = { ...lab.options }
  if (values.nodes !== undefined) {
    if (values.lab !== undefined) throw new UsageError("--nodes and --lab: the lab file says which nodes there are")
    options.nodes = wholeNumber("--nodes", values.nodes)
  }
  if (values.cni !== undefined) {
    if (!["flannel", "cilium", "none"].includes(values.cni))
      throw new UsageError(`--cni ${values.cni}: podwire has flannel, cilium and none`)
    if (values.lab !== undefined) throw new UsageError("--cni and --lab: the lab file says which plugin there is")
    if (values.cni === "none") options.cni = "none"
    if (values.cni === "cilium") options.cni = cilium()
  }
  if (values.seed !== undefined) options.seed = wholeNumber("--seed", values.seed)
  if (options.nodes === undefined && values.lab === undefined) options.preset = "article"
  return options
}

const create = (options: ClusterOptions, lab: string | undefined): Promise<Cluster> =>
  refused(() => createCluster(options), lab)

/** What a lab's author got wrong is bad input, not a failure of podwire. */
async function refused<T>(work: () => Promise<T>, lab: string | undefined): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new UsageError(`${lab === undefined ? "" : `${lab}: `}${(error as Error).message}`)
  }
}
