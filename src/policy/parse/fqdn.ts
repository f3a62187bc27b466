/** Names in policies. Models pkg/policy/api/fqdn.go, dns.go. */
import type { FqdnSpec } from "./cilium-spec.ts"

export function fqdnSelectorError({ matchName = "", matchPattern = "" }: FqdnSpec): string | undefined {
  if (matchName !== "" && matchPattern !== "")
    return "only one of MatchName or MatchPattern is allowed in an FQDNSelector"
  if (matchName !== "" && !/^[-a-zA-Z0-9._]+$/.test(matchName))
    return `Invalid characters in MatchName: "${matchName}". Only 0-9, a-z, A-Z and ., -, _ characters are allowed`
  return patternError(matchPattern)
}

/** Models pkg/fqdn/matchpattern prevalidate. */
export function patternError(pattern: string): string | undefined {
  if (pattern.trim().length > 255)
    return `Invalid MatchPattern: ${JSON.stringify(pattern)}. Must be <= 255 characters long.`
  if (pattern !== "" && !/^[-a-zA-Z0-9_.*]+$/.test(pattern))
    return `Invalid characters in MatchPattern: "${pattern}". Only 0-9, a-z, A-Z and ., -, _ and * characters are allowed`
  return undefined
}

/** The same of a `rules.dns` entry, whose name check speaks of fewer characters than it allows. */
export function dnsRuleError({ matchName = "", matchPattern = "" }: FqdnSpec): string | undefined {
  if (matchName !== "" && matchPattern !== "")
    return "only one of MatchName or MatchPattern is allowed in an PortRuleDNS"
  if (matchName !== "" && !/^[-a-zA-Z0-9._]+$/.test(matchName))
    return `Invalid characters in MatchName: "${matchName}". Only 0-9, a-z, A-Z and . and - characters are allowed`
  return patternError(matchPattern)
}
