/** Cilium as a cluster takes it: what `cilium install` would have created, images, plugins. */
import { bridgePlugin, hostLocal, loopback, portmap } from "../plugins.ts"
import type { CniProvider } from "../provider.ts"
import { agentOf } from "./agent/registry.ts"
import { ciliumCommand, hubbleCommand } from "./cli/tool.ts"
import { ciliumImages } from "./images.ts"
import type { CiliumOptions } from "./options.ts"

/**
 * The Cilium CNI, 1.18: an agent on every node decides by identity, between pods, and by HTTP request where a policy asks for it. Values
 * that the chart or podwire does not have are refused when the cluster is made.
 *
 * @example createCluster({ cni: cilium({ values: { policyEnforcementMode: "always" } }) })
 */
export function cilium(options: CiliumOptions = {}): CniProvider {
  return {
    name: "cilium",
    manifests: async () => (await import("./install.ts")).ciliumManifests(options),
    images: ciliumImages,
    plugins: [bridgePlugin(), hostLocal, loopback, portmap],
    tools: (api) => [ciliumCommand(api), hubbleCommand()],
    ready: (kernels) => kernels.every((kernel) => agentOf(kernel) !== undefined),
  }
}
