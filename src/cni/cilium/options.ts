/** What `cilium()` takes. */
import type { ValueTree } from "./chart/values.ts"

/** How {@link cilium} is installed. */
export interface CiliumOptions {
  /** Values of the Helm chart, as a tree: `{ policyEnforcementMode: "always" }`. */
  values?: ValueTree
  /** The same as `--set` writes them: `["hubble.relay.enabled=true"]`. */
  set?: readonly string[]
}
