/** The corpus of names and of proxy policies, against the matchers the proxies use. */
import { describe, expect, test } from "vitest"
import { dnsAllowed, fqdnMatches, fqdnRegex } from "../../src/policy/l7/dns.ts"
import { httpVerdict } from "../../src/policy/l7/http.ts"
import type { DnsRule, HeaderMatch, HttpRule } from "../../src/policy/l7/rules.ts"
import { sniMatches } from "../../src/policy/l7/sni.ts"
import { patternError } from "../../src/policy/parse/fqdn.ts"
import { corpusLines } from "../support/corpus.ts"

interface FqdnCase {
  id: string
  selector: DnsRule
  expect: { valid: boolean; error?: string; regex?: string; matches?: string[]; rejects?: string[] }
}

describe("cilium-fqdn-match", () => {
  const cases = corpusLines<FqdnCase>("cilium-fqdn-match/cases.jsonl")

  test("holds 26 selectors and 925 names", () => {
    expect(cases).toHaveLength(26)
    expect(cases.flatMap(({ expect: { matches = [], rejects = [] } }) => [...matches, ...rejects])).toHaveLength(925)
  })

  test.each(cases.map((one): [string, FqdnCase] => [one.id, one]))("%s", (_, { selector, expect: wanted }) => {
    // The matcher checks the pattern with the final dot it is given.
    expect(patternError(`${selector.matchPattern ?? ""}.`)).toBe(wanted.error)
    if (!wanted.valid) return
    expect(fqdnRegex(selector)).toBe(wanted.regex)
    const names = [...(wanted.matches ?? []), ...(wanted.rejects ?? [])]
    expect(names.filter((name) => fqdnMatches(selector, name)).sort()).toEqual([...(wanted.matches ?? [])].sort())
  })
})

test("a DNS query passes when any rule names it", () => {
  const rules = [{ matchName: "cilium.io" }, { matchPattern: "*.example.com" }]
  const names = ["cilium.io.", "CILIUM.io", "a.example.com", "a.b.example.com", "example.com", "io"]
  expect(names.filter((name) => dnsAllowed(rules, name))).toEqual(["cilium.io.", "CILIUM.io", "a.example.com"])
  expect(dnsAllowed([{ matchPattern: "*" }], "any.thing")).toBe(true)
  expect(dnsAllowed([], "any.thing")).toBe(false)
})

interface NpdsHttpRule {
  headers?: { name: string; exact_match?: string; safe_regex_match?: { regex: string } }[]
  header_matches?: { name: string; value?: string; value_sds_secret?: string; mismatch_action?: string }[]
}

interface NpdsRule {
  remote_policies?: number[]
  deny?: boolean
  proxy_id?: number
  precedence?: number
  pass_precedence?: number
  http_rules?: { http_rules: NpdsHttpRule[] }
  server_names?: string[]
  downstream_tls_context?: object
  upstream_tls_context?: object
}

interface NpdsPorts {
  port?: number
  end_port?: number
  rules?: NpdsRule[]
}

interface ProxyCheck {
  direction: "ingress" | "egress"
  endpointIP: string
  remoteIdentity: number
  port: number
  headers?: [string, string][]
  sni?: string
  allowed: boolean
  tlsSocketRequired?: boolean
  rawSocketAllowed?: boolean
}

interface ProxyCase {
  id: string
  npds?: {
    resources: {
      endpoint_ips: string[]
      ingress_per_port_policies?: NpdsPorts[]
      egress_per_port_policies?: NpdsPorts[]
    }[]
  }
  checks?: ProxyCheck[]
  sniPattern?: string
  expect?: { matches: string[]; rejects: string[] }
}

describe("cilium-proxy", () => {
  const cases = corpusLines<ProxyCase>("cilium-proxy/cases.jsonl")

  test("holds 49 cases and 295 checks", () => {
    expect(cases).toHaveLength(49)
    const checks = cases.flatMap(({ checks: list = [], expect: sni }) => [
      ...list,
      ...(sni?.matches ?? []),
      ...(sni?.rejects ?? []),
    ])
    expect(checks).toHaveLength(295)
  })

  test.each(cases.map((one): [string, ProxyCase] => [one.id, one]))("%s", (_, one) => {
    const { sniPattern, expect: sni } = one
    if (sniPattern !== undefined && sni !== undefined) {
      const names = [...sni.matches, ...sni.rejects]
      expect(names.filter((name) => sniMatches(sniPattern, name))).toEqual(sni.matches)
    }
    for (const check of one.checks ?? []) {
      const rule = deciding(one, check)
      expect(rule !== undefined, JSON.stringify(check)).toBe(check.allowed)
      const tls = rule?.downstream_tls_context !== undefined || rule?.upstream_tls_context !== undefined
      if (check.tlsSocketRequired !== undefined) expect(tls).toBe(check.tlsSocketRequired)
      if (check.rawSocketAllowed !== undefined) expect(rule !== undefined && !tls).toBe(check.rawSocketAllowed)
    }
  })
})

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

/** The listener the upstream test runs behind. */
const PROXY_ID = 42

function accepts({ http_rules, server_names = [] }: NpdsRule, { headers, sni }: ProxyCheck): boolean {
  if (server_names.length > 0 && !server_names.some((pattern) => sniMatches(pattern, sni ?? ""))) return false
  if (http_rules === undefined) return true
  const pseudo = new Map(headers)
  const request = {
    method: pseudo.get(":method") ?? "",
    path: pseudo.get(":path") ?? "",
    headers: Object.fromEntries((headers ?? []).filter(([name]) => !name.startsWith(":"))),
  }
  const secret = ({ name }: { name: string }) => (name === "header-secret" ? "header-value" : undefined)
  return httpVerdict(http_rules.http_rules.map(httpRule), request, secret).allowed
}

/** Envoy's form of a rule back into the policy's. */
function httpRule({ headers = [], header_matches = [] }: NpdsHttpRule): HttpRule {
  const regex = (wanted: string): string | undefined => {
    const header = headers.find(({ name }) => name === wanted)
    return header?.safe_regex_match?.regex ?? header?.exact_match?.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
  }
  const path = regex(":path")
  const method = regex(":method")
  return {
    ...(path === undefined ? {} : { path }),
    ...(method === undefined ? {} : { method }),
    headerMatches: header_matches.map(({ name, value_sds_secret, mismatch_action }): HeaderMatch => {
      const secret = value_sds_secret === undefined ? {} : { secret: { name: value_sds_secret } }
      return { name, ...secret, ...(mismatch_action === "REPLACE_ON_MISMATCH" ? { mismatch: "REPLACE" } : {}) }
    }),
  }
}
