/** What Flannel's release has on the web: two files of one name, with the same objects in different order. */
import type { Manifest } from "../../kube/api/types.ts"
import { VERSIONS } from "../../versions.ts"
import type { WebFile } from "../provider.ts"
import { flannelManifests } from "./manifest.ts"

const REPOSITORY = "flannel-io/flannel"
const TAG = `v${VERSIONS.flannel}`

/** The repository's file has the role and its binding before the account they are for. */
const DOCUMENTATION = ["Namespace", "ClusterRole", "ClusterRoleBinding", "ServiceAccount", "ConfigMap", "DaemonSet"]

const inOrder = (manifests: readonly Manifest[], kinds: readonly string[]): Manifest[] =>
  [...manifests].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))

export function flannelRelease(): WebFile[] {
  const manifests = flannelManifests({})
  const raw = `https://raw.githubusercontent.com/${REPOSITORY}`
  const documentation = inOrder(manifests, DOCUMENTATION)
  return [
    ...[TAG, "master"].map((ref) => ({ url: `${raw}/${ref}/Documentation/kube-flannel.yml`, content: documentation })),
    { url: `https://github.com/${REPOSITORY}/releases/download/${TAG}/kube-flannel.yml`, content: manifests },
  ]
}
