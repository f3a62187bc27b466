/** Models pkg/policy/api/rule_validation.go IngressCommonRule, EgressCommonRule, CIDR, CIDRRule. */
import { parsePrefix, prefixCovers } from "../cidr.ts"
import { isEntity } from "../entities.ts"
import type { CidrRuleSpec, DirectionSpec } from "./cilium-spec.ts"
import { firstError } from "./first-error.ts"
import { addrError, prefixError } from "./netip.ts"
import type { ParseOptions } from "./options.ts"
import { selectorError } from "./sanitize-selector.ts"

/** Peer kinds in the order of the Go structs; any two of them in one element are refused (Go's map order names a random pair). */
const KINDS = [
  "fromEndpoints",
  "fromCIDR",
  "fromCIDRSet",
  "fromEntities",
  "fromGroups",
  "fromNodes",
  "toEndpoints",
  "toCIDR",
  "toCIDRSet",
  "toEntities",
  "toServices",
  "toGroups",
  "toNodes",
  "toFQDNs",
] as const

export function peersError(entry: DirectionSpec, options: ParseOptions): string | undefined {
  const used = KINDS.filter((kind) => (entry[kind] ?? []).length > 0)
  if (used.length > 1) return `combining ${goName(used[0])} and ${goName(used[1])} is not supported yet`
  const nodes = [...(entry.fromNodes ?? []), ...(entry.toNodes ?? [])]
  const needsOption =
    nodes.length > 0 && options.nodeSelectorLabels !== true
      ? 'FromNodes/ToNodes rules can only be applied when the "enable-node-selector-labels" flag is set'
      : undefined
  const error =
    firstError([...(entry.fromEndpoints ?? []), ...(entry.toEndpoints ?? []), ...nodes], selectorError) ??
    firstError([...(entry.fromRequires ?? []), ...(entry.toRequires ?? [])], selectorError) ??
    firstError([...(entry.fromCIDR ?? []), ...(entry.toCIDR ?? [])], cidrError) ??
    firstError([...(entry.fromCIDRSet ?? []), ...(entry.toCIDRSet ?? [])], cidrRuleError) ??
    firstError([...(entry.fromEntities ?? []), ...(entry.toEntities ?? [])], (entity) =>
      isEntity(entity) ? undefined : `unsupported entity: ${entity}`,
    )
  // errors.Join puts one error a line.
  return error !== undefined && needsOption !== undefined ? `${error}\n${needsOption}` : (error ?? needsOption)
}

function goName(kind: string | undefined): string {
  const text = kind ?? ""
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function cidrError(text: string): string | undefined {
  if (text === "") return "IP must be specified"
  if (prefixError(text) === undefined) return undefined
  const error = addrError(text)
  return error === undefined ? undefined : `unable to parse CIDR: ${error}`
}

function cidrRuleError(rule: CidrRuleSpec): string | undefined {
  const { cidr = "", cidrGroupRef = "", cidrGroupSelector, except = [] } = rule
  const count = Number(cidr !== "") + Number(cidrGroupRef !== "") + Number(cidrGroupSelector != null)
  const selector = cidrGroupSelector == null ? undefined : selectorError(cidrGroupSelector)
  if (selector !== undefined) return `failed to sanitize cidrGroupSelector: ${selector}`
  if (count === 0) return "one of cidr, cidrGroupRef, or cidrGroupSelector is required"
  if (count > 1) return "more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set"
  if (cidr === "") return undefined
  const error = prefixError(cidr)
  if (error !== undefined) return `unable to parse CIDRRule ${JSON.stringify(cidr)}: ${error}`
  return firstError(except, (inner) => exceptError(cidr, inner))
}

function exceptError(cidr: string, except: string): string | undefined {
  const error = prefixError(except)
  if (error !== undefined) return error
  const outer = parsePrefix(cidr)
  const inner = parsePrefix(except)
  if (outer !== undefined && inner !== undefined && prefixCovers(outer, inner)) return undefined
  return `allow CIDR prefix ${cidr} does not contain exclude CIDR prefix ${except}`
}
