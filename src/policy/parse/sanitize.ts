/**
 * What operator and agent refuse of a rule the API server accepted: the text of the Valid condition, in the agent's order of checks.
 * Models pkg/policy/api/rule_validation.go. Undefined means valid.
 */
import type { CiliumRuleSpec, DirectionSpec } from "./cilium-spec.ts"
import { firstError } from "./first-error.ts"
import { fqdnSelectorError } from "./fqdn.ts"
import type { ParseOptions } from "./options.ts"
import { peersError } from "./sanitize-peers.ts"
import { icmpsError, isL7Empty, portRuleError } from "./sanitize-ports.ts"
import { selectorError } from "./sanitize-selector.ts"

const LISTS = ["ingress", "ingressDeny", "egress", "egressDeny"] as const
type List = (typeof LISTS)[number]

export function sanitizeError(rule: CiliumRuleSpec, options: ParseOptions): string | undefined {
  if (LISTS.every((list) => (rule[list] ?? []).length === 0))
    return "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny"
  const { endpointSelector, nodeSelector } = rule
  if (endpointSelector == null && nodeSelector == null) return "rule must have one of EndpointSelector or NodeSelector"
  if (endpointSelector != null && nodeSelector != null) return "rule cannot have both EndpointSelector and NodeSelector"
  const host = nodeSelector != null
  return (
    selectorError(endpointSelector ?? nodeSelector ?? {}) ??
    firstError(LISTS, (list) => firstError(rule[list] ?? [], (entry) => entryError(entry, list, host, options)))
  )
}

function entryError(entry: DirectionSpec, list: List, host: boolean, options: ParseOptions): string | undefined {
  const ingress = list.startsWith("ingress")
  const deny = list.endsWith("Deny")
  const toPorts = entry.toPorts ?? []
  return (
    peersError(entry, options) ??
    (deny ? undefined : l7Error(entry, ingress, host, options)) ??
    ((entry.icmps ?? []).length > 0 && toPorts.length > 0
      ? "the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts"
      : undefined) ??
    firstError(toPorts, (rule) => portRuleError(rule, ingress, deny, options)) ??
    icmpsError(entry) ??
    (deny ? undefined : firstError(entry.toFQDNs ?? [], fqdnSelectorError))
  )
}

/** L7 rules where no proxy can apply them. */
function l7Error(entry: DirectionSpec, ingress: boolean, host: boolean, options: ParseOptions): string | undefined {
  const blocks = (entry.toPorts ?? []).map((rule) => rule.rules).filter((rules) => !isL7Empty(rules))
  if (blocks.length === 0) return undefined
  if (ingress && host) return "L7 policy is not supported on host ingress yet"
  if (options.l7Proxy === false) return "L7 policy is not supported since L7 proxy is not enabled"
  if (ingress && blocks.some((rules) => (rules?.dns ?? []).length > 0))
    return "L7 protocol DNS is not supported on ingress yet"
  if (!ingress && host && blocks.some((rules) => (rules?.http ?? []).length > 0))
    return "L7 protocol HTTP is not supported on host egress yet"
  return undefined
}
