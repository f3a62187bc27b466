/** What Flannel's release has on the web: two files of one name, with the same objects in different order. */
import { VERSIONS } from "../../versions.ts"
import type { WebFile } from "../provider.ts"
import { documentationText } from "./documentation.ts"
import { flannelManifests } from "./manifest.ts"

const REPOSITORY = "flannel-io/flannel"
const TAG = `v${VERSIONS.flannel}`

export function flannelRelease(): WebFile[] {
  const manifests = flannelManifests({})
  const raw = `https://raw.githubusercontent.com/${REPOSITORY}`
  const documentation = documentationText(manifests)
  return [
    ...[TAG, "master"].map((ref) => ({ url: `${raw}/${ref}/Documentation/kube-flannel.yml`, content: documentation })),
    { url: `https://github.com/${REPOSITORY}/releases/download/${TAG}/kube-flannel.yml`, content: manifests },
  ]
}
