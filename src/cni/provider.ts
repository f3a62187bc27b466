/** What a CNI design brings to a cluster. */

import type { ApiServer } from "../kube/api/server.ts"
import type { Manifest } from "../kube/api/types.ts"
import type { ContainerImage } from "../kube/cri/image.ts"
import type { Tool } from "../linux/task/tool.ts"

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
  readonly manifests: readonly Manifest[]
  /** The images its pods run; their programs talk to this API server. */
  images(api: ApiServer): readonly ProvidedImage[]
  /** What every node has in /opt/cni/bin from the start: the standard plugins. */
  readonly plugins: readonly Tool[]
}
