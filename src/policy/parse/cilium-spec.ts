/** CiliumNetworkPolicy's `spec` as JSON. Field names are the YAML's; pkg/policy/api holds the text of each. */

export interface LabelSelectorSpec {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

export interface CiliumRuleSpec {
  endpointSelector?: LabelSelectorSpec
  nodeSelector?: LabelSelectorSpec
  ingress?: DirectionSpec[]
  ingressDeny?: DirectionSpec[]
  egress?: DirectionSpec[]
  egressDeny?: DirectionSpec[]
  labels?: { key: string; source?: string; value?: string }[]
  enableDefaultDeny?: { ingress?: boolean; egress?: boolean }
  description?: string
}

/** An element of any of the four lists; each uses its own half of the fields. */
export interface DirectionSpec {
  fromEndpoints?: LabelSelectorSpec[]
  fromRequires?: LabelSelectorSpec[]
  fromCIDR?: string[]
  fromCIDRSet?: CidrRuleSpec[]
  fromEntities?: string[]
  fromGroups?: unknown[]
  fromNodes?: LabelSelectorSpec[]
  toEndpoints?: LabelSelectorSpec[]
  toRequires?: LabelSelectorSpec[]
  toCIDR?: string[]
  toCIDRSet?: CidrRuleSpec[]
  toEntities?: string[]
  toServices?: ServiceSpec[]
  toGroups?: unknown[]
  toNodes?: LabelSelectorSpec[]
  toFQDNs?: FqdnSpec[]
  toPorts?: PortRuleSpec[]
  icmps?: { fields?: { family?: string; type?: string | number }[] }[]
  authentication?: { mode?: string }
}

export interface CidrRuleSpec {
  cidr?: string
  cidrGroupRef?: string
  cidrGroupSelector?: LabelSelectorSpec
  except?: string[]
}

export interface ServiceSpec {
  k8sService?: { serviceName?: string; namespace?: string }
  k8sServiceSelector?: { selector?: LabelSelectorSpec; namespace?: string }
}

export interface FqdnSpec {
  matchName?: string
  matchPattern?: string
}

export interface PortRuleSpec {
  ports?: { port?: string; endPort?: number; protocol?: string }[]
  terminatingTLS?: unknown
  originatingTLS?: unknown
  serverNames?: string[]
  listener?: { name?: string; priority?: number }
  rules?: L7RulesSpec
}

export interface L7RulesSpec {
  http?: HttpRuleSpec[]
  dns?: FqdnSpec[]
}

export interface HttpRuleSpec {
  path?: string
  method?: string
  host?: string
  headers?: string[]
  headerMatches?: HeaderMatchSpec[]
}

export interface HeaderMatchSpec {
  name?: string
  value?: string
  mismatch?: string
  secret?: { namespace?: string; name?: string }
}
