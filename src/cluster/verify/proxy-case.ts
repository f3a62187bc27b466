/** Policies as the proxy is given them (NPDS), and the connections and requests it lets pass (schema/proxy.schema.json of the conformance corpus). */
import { httpVerdict } from "../../policy/l7/http.ts"
import { regexMatches } from "../../policy/l7/regex.ts"
import type { HeaderMatch, MismatchAction } from "../../policy/l7/rules.ts"
import { sniMatches } from "../../policy/l7/sni.ts"
import type { CaseReport, TestCase } from "./answer.ts"
import { Checks } from "./checks.ts"

/** Envoy's route.v3.HeaderMatcher, as far as agents and tests write it. */
interface HeaderMatcher {
  readonly name: string
  readonly exact_match?: string
  readonly prefix_match?: string
  readonly suffix_match?: string
  readonly contains_match?: string
  readonly safe_regex_match?: { readonly regex: string }
  readonly present_match?: boolean
  readonly invert_match?: boolean
}

interface NpdsHttpRule {
  readonly headers?: readonly HeaderMatcher[]
  /** cilium.HeaderMatch: with what becomes of a header that differs. */
  readonly header_matches?: readonly {
    readonly name: string
    readonly value?: string
    readonly value_sds_secret?: string
    readonly mismatch_action?: string
  }[]
}

interface NpdsRule {
  readonly remote_policies?: readonly number[]
  readonly deny?: boolean
  readonly proxy_id?: number
  readonly precedence?: number
  readonly pass_precedence?: number
  readonly http_rules?: { readonly http_rules: readonly NpdsHttpRule[] }
  readonly server_names?: readonly string[]
  readonly downstream_tls_context?: object
  readonly upstream_tls_context?: object
}

interface NpdsPorts {
  readonly port?: number
  readonly end_port?: number
  readonly rules?: readonly NpdsRule[]
}

interface NpdsPolicy {
  readonly endpoint_ips: readonly string[]
  readonly ingress_per_port_policies?: readonly NpdsPorts[]
  readonly egress_per_port_policies?: readonly NpdsPorts[]
}

interface ProxyCheck {
  readonly direction: "ingress" | "egress"
  readonly endpointIP: string
  readonly remoteIdentity: number
  readonly port: number
  readonly headers?: readonly (readonly [string, string])[]
  readonly sni?: string
  readonly allowed: boolean
  readonly tlsSocketRequired?: boolean
  readonly rawSocketAllowed?: boolean
}

export interface ProxyCase extends TestCase {
  readonly npds?: { readonly resources: readonly NpdsPolicy[] }
  readonly checks?: readonly ProxyCheck[]
  readonly sniPattern?: string
  readonly expect?: { readonly matches: readonly string[]; readonly rejects: readonly string[] }
}

/** By the matchers that the simulated Envoy uses. */
export function verifyProxy(test: ProxyCase): CaseReport {
  const checks = new Checks(test, "verdict")
  const { sniPattern, expect } = test
  if (sniPattern !== undefined) {
    const check = (name: string, wanted: string): void =>
      checks.check(`server name ${name}`, wanted, word(sniMatches(sniPattern, name)))
    for (const name of expect?.matches ?? []) check(name, word(true))
    for (const name of expect?.rejects ?? []) check(name, word(false))
  }
  for (const check of test.checks ?? []) verifyCheck(test, check, checks)
  return checks.report()
}

const word = (passes: boolean): string => (passes ? "passes" : "refused")

function verifyCheck(test: ProxyCase, check: ProxyCheck, checks: Checks): void {
  const { direction, endpointIP, remoteIdentity, port, headers = [], sni } = check
  const request = headers.map(([name, value]) => `${name}=${value}`).join(" ")
  const name = sni === undefined ? "" : ` server name ${sni}`
  const what = `${direction} of ${endpointIP}, identity ${remoteIdentity}, port ${port}${request === "" ? "" : ` ${request}`}${name}`
  const rule = deciding(test, check)
  checks.check(what, word(check.allowed), word(rule !== undefined))
  const tls = rule?.downstream_tls_context !== undefined || rule?.upstream_tls_context !== undefined
  const { tlsSocketRequired, rawSocketAllowed } = check
  if (tlsSocketRequired !== undefined) checks.check(`${what}: over TLS`, String(tlsSocketRequired), String(tls))
  if (rawSocketAllowed !== undefined)
    checks.check(`${what}: in the clear`, String(rawSocketAllowed), String(rule !== undefined && !tls))
}

/** Rules of every range that holds the port, by precedence; a pass skips down, a deny ends it, one rule that accepts is enough. */
function deciding({ npds }: ProxyCase, check: ProxyCheck): NpdsRule | undefined {
  const policy = npds?.resources.find(({ endpoint_ips }) => endpoint_ips.includes(check.endpointIP))
  const ports = policy?.[`${check.direction}_per_port_policies`] ?? []
  const rules = ports
    .filter(
      ({ port = 0, end_port = 0 }) => port === 0 || (check.port >= port && check.port <= Math.max(port, end_port)),
    )
    .flatMap(({ rules: list }) => list ?? [{}])
    .filter(
      ({ remote_policies = [] }) => remote_policies.length === 0 || remote_policies.includes(check.remoteIdentity),
    )
    .filter(({ proxy_id }) => proxy_id === undefined || proxy_id === PROXY_ID)
  const order = [...rules].sort(
    (a, b) => (b.precedence ?? 0) - (a.precedence ?? 0) || Number(b.deny ?? false) - Number(a.deny ?? false),
  )
  let limit = Number.POSITIVE_INFINITY
  for (const rule of order) {
    if ((rule.precedence ?? 0) > limit) continue
    if (rule.pass_precedence !== undefined) limit = rule.pass_precedence
    else if (rule.deny === true) return undefined
    else if (accepts(rule, check)) return rule
  }
  return undefined
}

/** The listener that the upstream tests run behind. */
const PROXY_ID = 42
/** The one secret their proxies have. */
const SECRETS: Readonly<Record<string, string>> = { "header-secret": "header-value" }

function accepts({ http_rules, server_names = [] }: NpdsRule, { headers = [], sni }: ProxyCheck): boolean {
  if (server_names.length > 0 && !server_names.some((pattern) => sniMatches(pattern, sni ?? ""))) return false
  if (http_rules === undefined) return true
  const byName = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
  const request = { method: "", path: "", headers: Object.fromEntries(byName) }
  return http_rules.http_rules.some(
    ({ headers: wanted = [], header_matches = [] }) =>
      wanted.every((matcher) => matcherHolds(matcher, byName)) &&
      httpVerdict([{ headerMatches: header_matches.map(headerMatch) }], request, ({ name }) => SECRETS[name]).allowed,
  )
}

function matcherHolds(matcher: HeaderMatcher, headers: ReadonlyMap<string, string>): boolean {
  const value = headers.get(matcher.name.toLowerCase())
  // Whatever a header should be, one that is not there is not it; and inverting turns nothing into something (Envoy's HeaderUtility).
  const holds = value === undefined ? matcher.present_match === false : valueHolds(matcher, value)
  return holds !== (matcher.invert_match ?? false)
}

function valueHolds(matcher: HeaderMatcher, value: string): boolean {
  const { exact_match, prefix_match, suffix_match, contains_match, safe_regex_match, present_match } = matcher
  if (exact_match !== undefined) return value === exact_match
  if (prefix_match !== undefined) return value.startsWith(prefix_match)
  if (suffix_match !== undefined) return value.endsWith(suffix_match)
  if (contains_match !== undefined) return value.includes(contains_match)
  if (safe_regex_match !== undefined) return regexMatches(safe_regex_match.regex, value)
  return present_match ?? true
}

const MISMATCH: Readonly<Record<string, MismatchAction>> = {
  CONTINUE_ON_MISMATCH: "LOG",
  ADD_ON_MISMATCH: "ADD",
  DELETE_ON_MISMATCH: "DELETE",
  REPLACE_ON_MISMATCH: "REPLACE",
}

function headerMatch({
  name,
  value,
  value_sds_secret,
  mismatch_action = "",
}: NonNullable<NpdsHttpRule["header_matches"]>[number]): HeaderMatch {
  const mismatch = MISMATCH[mismatch_action]
  return {
    name,
    ...(value === undefined ? {} : { value }),
    ...(value_sds_secret === undefined ? {} : { secret: { name: value_sds_secret } }),
    ...(mismatch === undefined ? {} : { mismatch }),
  }
}
