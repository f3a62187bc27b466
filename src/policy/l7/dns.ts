/** Names against matchName and matchPattern. Models pkg/fqdn/matchpattern and pkg/policy/api/fqdn.go ToRegex. */
import { regexMatches } from "./regex.ts"
import type { DnsRule } from "./rules.ts"

const LABEL = "[-a-zA-Z0-9_]"

/** Whether a DNS proxy lets a query for the name pass. The name may end in a dot or not. */
export function dnsAllowed(rules: readonly DnsRule[], name: string): boolean {
  return rules.some((rule) => fqdnMatches(rule, name))
}

/** Names are compared in lower case, with their final dot. */
export function fqdnMatches(rule: DnsRule, name: string): boolean {
  const regex = fqdnRegex(rule)
  return regex !== undefined && regexMatches(regex, fqdn(name).toLowerCase())
}

/** The anchored expression of a selector, over names that end in a dot; undefined selects nothing. */
export function fqdnRegex({ matchName, matchPattern }: DnsRule): string | undefined {
  if (matchName !== undefined && matchName !== "") return patternRegex(fqdn(matchName))
  if (matchPattern === undefined || matchPattern === "") return undefined
  return patternRegex(isWildcard(matchPattern) ? matchPattern : fqdn(matchPattern))
}

function isWildcard(pattern: string): boolean {
  return /^[*]+[.]?$/.test(pattern)
}

function fqdn(name: string): string {
  return name.endsWith(".") ? name : `${name}.`
}

/** `*` is any run of characters within a label, a leading `**.` one label or more. */
function patternRegex(text: string): string {
  const pattern = text.trim().toLowerCase()
  if (isWildcard(pattern)) return `(^(${LABEL}+[.])+$)|(^[.]$)`
  const prefix = /^[*]{2,}[.]/.exec(pattern)?.[0] ?? ""
  const rest = pattern.slice(prefix.length).replaceAll(/[.]|[*]+/g, (part) => (part === "." ? "[.]" : `${LABEL}*`))
  return `^${prefix === "" ? "" : `(${LABEL}+([.]${LABEL}+){0,})[.]`}${rest}$`
}
