/** Where the release's images are. */
export const IMAGE = "ghcr.io/flannel-io/flannel"
export const PLUGIN_IMAGE = "ghcr.io/flannel-io/flannel-cni-plugin"
