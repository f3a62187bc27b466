/** What remains of all L7 rules for one peer and port. Models Envoy's PortPolicy: any rule that allows is enough. */
import type { PerSelector } from "../l4-filter.ts"
import type { RuleRef } from "../rule.ts"
import type { DnsRule, HttpRule } from "./rules.ts"

export interface L7Verdict {
  /** Some rule asks nothing of L7: every request passes, whatever the lists say. */
  readonly wildcard: boolean
  readonly http: readonly HttpRule[]
  readonly dns: readonly DnsRule[]
  readonly serverNames: readonly string[]
  /** Some rule asks for no server name: any will do. */
  readonly anyServerName: boolean
  /** Where the rules stand: of those without restriction if there are any, else of all. */
  readonly rules: readonly RuleRef[]
}

export function mergedRules(policies: Iterable<PerSelector>, matches: (policy: PerSelector) => boolean): L7Verdict {
  const found = [...policies].filter((policy) => !policy.deny && matches(policy))
  const open = found.filter(unrestricted)
  return {
    wildcard: open.length > 0,
    http: distinct(found.flatMap(({ http }) => http)),
    dns: distinct(found.flatMap(({ dns }) => dns)),
    serverNames: [...new Set(found.flatMap(({ serverNames }) => serverNames))],
    anyServerName: found.some(({ serverNames }) => serverNames.length === 0),
    rules: (open.length > 0 ? open : found).flatMap(({ rules }) => rules),
  }
}

/** Names of TLS servers are asked for before any request is seen, and apart. */
function unrestricted({ http, dns }: PerSelector): boolean {
  return http.length === 0 && dns.length === 0
}

function distinct<T>(rules: readonly T[]): T[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()]
}
