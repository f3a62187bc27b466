/** One element of ingress, ingressDeny, egress or egressDeny. Models pkg/policy/api/ingress.go and egress.go. */
import type { AuthMode, Direction, PortRule, RuleEntry } from "../rule.ts"
import type { Selector } from "../selector.ts"
import type { DirectionSpec, LabelSelectorSpec } from "./cilium-spec.ts"
import type { ParseOptions } from "./options.ts"
import { peers } from "./peers.ts"
import { icmpRules, portRules } from "./port-rules.ts"
import { peerSelector, type Scope } from "./scope.ts"

export interface EntryContext {
  readonly entry: DirectionSpec
  readonly path: string
  readonly direction: Direction
  readonly deny: boolean
  readonly subject: LabelSelectorSpec
  readonly scope: Scope
  readonly options: ParseOptions
  readonly warnings: string[]
}

export function directionEntries(context: EntryContext): RuleEntry {
  const { entry, path, direction, deny, subject, scope } = context
  const ports = entryPorts(context)
  const mode = deny ? undefined : (entry.authentication?.mode as AuthMode | undefined)
  return {
    path,
    direction,
    deny,
    peers: peersOrNone(peers(context), ports),
    byEndpoints: (entry.fromEndpoints ?? entry.toEndpoints) != null,
    requires: [...(entry.fromRequires ?? []), ...(entry.toRequires ?? [])].map((selector) =>
      peerSelector(selector, subject, scope, false),
    ),
    ports,
    ...(mode === undefined ? {} : { authentication: mode }),
  }
}

/** An element with neither peers nor ports selects nothing: all it does is switch default deny on. */
function peersOrNone(
  found: readonly Selector[] | undefined,
  ports: readonly PortRule[] | undefined,
): readonly Selector[] | undefined {
  return found === undefined && ports === undefined ? [] : found
}

function entryPorts({ entry, path, warnings }: EntryContext): readonly PortRule[] | undefined {
  const { toPorts = [], icmps = [] } = entry
  if (toPorts.length > 0) return portRules(toPorts, path, warnings)
  return icmps.length > 0 ? icmpRules(icmps, path) : undefined
}
