/** What a CNI design brings to a cluster. */

import type { ApiServer } from "../kube/api/server.ts"
import type { Manifest } from "../kube/api/types.ts"
import type { ContainerImage } from "../kube/cri/image.ts"
import type { Kernel } from "../linux/kernel.ts"
import type { Tool } from "../linux/task/tool.ts"
import type { Vfs } from "../linux/task/vfs.ts"

export interface ProvidedImage {
  /** Without tag: `ghcr.io/flannel-io/flannel`. */
  readonly repository: string
  readonly tag: string
  readonly image: ContainerImage
}

/** A file of a release, as the simulated web serves it. */
export interface WebFile {
  readonly url: string
  /** Text as it is, or objects to print as YAML. */
  readonly content: string | readonly Manifest[]
}

/** A value to pass as `cni`; made by `flannel()`. */
export interface CniProvider {
  readonly name: string
  /** What `kubectl apply -f` of its release manifest creates, in order. */
  readonly manifests: readonly Manifest[] | (() => Promise<readonly Manifest[]>)
  /** The images its pods run; their programs talk to this API server. `base` fills a root with the programs of a Debian-like image. */
  images(api: ApiServer, base: (fs: Vfs) => void): readonly ProvidedImage[]
  /** What every node has in /opt/cni/bin from the start: the standard plugins. */
  readonly plugins: readonly Tool[]
  /** Its command line, on the control plane. */
  tools?(api: ApiServer): readonly Tool[]
  /** Every machine of the cluster is on the network (each has a route to every other's pods). */
  ready?(kernels: readonly Kernel[]): boolean
}
