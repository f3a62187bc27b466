/**
 * Whether a request passes HTTP rules. Models pkg/envoy/policy/envoy_l7_rules_translator.go and, of the proxy,
 * cilium/network_policy.cc HttpNetworkPolicyRule.
 */
import { regexMatches } from "./regex.ts"
import type { HeaderMatch, HttpRule } from "./rules.ts"

/** Header names are compared in lower case; several of one name are joined by a comma, as Envoy does. */
export interface HttpRequest {
  readonly method: string
  /** With the query string, which is part of what `path` is matched against. */
  readonly path: string
  /** The Host header, with its port if the client sent one. */
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What the proxy does to a header on the way to the server. */
export interface HeaderChange {
  readonly action: "add" | "remove" | "replace"
  readonly name: string
  readonly value: string
}

export interface HttpVerdict {
  readonly allowed: boolean
  /** The rule that let the request pass. */
  readonly rule?: HttpRule
  readonly changes: readonly HeaderChange[]
  /** Headers that differ from what a rule with an action of its own expects: written to the access log. */
  readonly mismatches: readonly HeaderMatch[]
}

/** Value of a Secret, or undefined while the proxy has not got it: then nothing matches it. */
export type SecretValue = (secret: { readonly namespace?: string; readonly name: string }) => string | undefined

const DENIED: HttpVerdict = { allowed: false, changes: [], mismatches: [] }

/** Rules are alternatives: the first that takes the request decides what happens to its headers. */
export function httpVerdict(
  rules: readonly HttpRule[],
  request: HttpRequest,
  secret: SecretValue = noSecret,
): HttpVerdict {
  const headers = lowerCased(request)
  for (const rule of rules) {
    const verdict = ruleVerdict(rule, request, headers, secret)
    if (verdict.allowed) return verdict
  }
  return DENIED
}

function noSecret(): undefined {
  return undefined
}

function ruleVerdict(
  rule: HttpRule,
  request: HttpRequest,
  headers: ReadonlyMap<string, string>,
  secret: SecretValue,
): HttpVerdict {
  const { path, method, host, headers: wanted = [], headerMatches = [] } = rule
  if (path !== undefined && !regexMatches(path, request.path)) return DENIED
  if (method !== undefined && !regexMatches(method, request.method)) return DENIED
  if (host !== undefined && !regexMatches(host, request.host ?? headers.get("host") ?? "")) return DENIED
  if (!wanted.every((text) => hasHeader(text, headers))) return DENIED
  const changes: HeaderChange[] = []
  const mismatches: HeaderMatch[] = []
  for (const match of headerMatches) {
    const value = match.secret === undefined ? match.value : secret(match.secret)
    // A Secret nobody has delivered yet: the proxy cannot tell, so it refuses.
    if (match.secret !== undefined && value === undefined) return DENIED
    if (headerHolds(match, value, headers)) continue
    if (match.mismatch === undefined) return DENIED
    mismatches.push(match)
    changes.push(...changesFor(match, value ?? "", headers))
  }
  return { allowed: true, rule, changes, mismatches }
}

function headerHolds({ name }: HeaderMatch, value: string | undefined, headers: ReadonlyMap<string, string>): boolean {
  const present = headers.get(name.toLowerCase())
  return present !== undefined && (value === undefined || value === "" || present === value)
}

function changesFor(
  { name, mismatch }: HeaderMatch,
  value: string,
  headers: ReadonlyMap<string, string>,
): HeaderChange[] {
  switch (mismatch) {
    case "ADD":
      return [{ action: "add", name, value }]
    case "REPLACE":
      return [{ action: "replace", name, value }]
    case "DELETE":
      return headers.has(name.toLowerCase()) ? [{ action: "remove", name, value: "" }] : []
    default:
      return []
  }
}

/** `Name: value` is an equality; without a space after the name only presence is asked for. */
function hasHeader(text: string, headers: ReadonlyMap<string, string>): boolean {
  const space = text.indexOf(" ")
  if (space < 0) return headers.has(text.toLowerCase())
  return headers.get(text.slice(0, space).replace(/:+$/, "").toLowerCase()) === text.slice(space + 1)
}

function lowerCased({ headers = {} }: HttpRequest): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** The headers the server sees after the proxy's changes. */
export function changedHeaders(
  headers: Readonly<Record<string, string>>,
  changes: readonly HeaderChange[],
): Record<string, string> {
  const result = new Map(Object.entries(headers))
  for (const { action, name, value } of changes) {
    const known = [...result.keys()].find((key) => key.toLowerCase() === name.toLowerCase())
    const old = known === undefined ? undefined : result.get(known)
    if (action === "remove") result.delete(known ?? name)
    else result.set(known ?? name, action === "add" && old !== undefined ? `${old},${value}` : value)
  }
  return Object.fromEntries(result)
}
