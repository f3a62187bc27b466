/** Rules that select an endpoint -> its merged filters. Models pkg/policy/rule.go and repository.go resolvePolicyLocked. */
import type { EnforcementMode } from "./api.ts"
import { ANY_DNS, ANY_HTTP, ANY_PORT, L4PolicyMap, LISTENER_PRIORITY, type PerSelector } from "./l4-filter.ts"
import type { L7Parser } from "./l7/rules.ts"
import { LabelSet } from "./labels.ts"
import {
  DERIVED_FROM,
  type Direction,
  IPPROTO,
  type PortRule,
  type PortSpec,
  type Rule,
  type RuleEntry,
  type RuleRef,
} from "./rule.ts"
import { both, reservedSelector, type Selector, WILDCARD } from "./selector.ts"
import type { TierPolicy } from "./tiers.ts"

export interface ResolveOptions {
  readonly enforcement: EnforcementMode
  /** Whether the local host may always reach its pods (allow-localhost: always in Kubernetes). */
  readonly allowLocalhost: boolean
  /** In mode always, only pods that a rule of ingress selects (false). */
  readonly localhostNeedsRules?: boolean
}

export interface ResolvedFilters {
  readonly filters: L4PolicyMap
  readonly enforced: Readonly<Record<Direction, boolean>>
  /** Directions in which what no rule allows is denied. */
  readonly isolated: Readonly<Record<Direction, boolean>>
  /** The rules that made it so. */
  readonly isolating: Readonly<Record<Direction, readonly RuleRef[]>>
  readonly tiers: readonly TierPolicy[]
}

const HOST = reservedSelector("host")
const HOST_LABELS = new LabelSet(["reserved:host"])

export function resolveFilters(
  rules: readonly Rule[],
  tiers: readonly TierPolicy[],
  labels: LabelSet,
  options: ResolveOptions,
): ResolvedFilters {
  const filters = new L4PolicyMap()
  const selected = options.enforcement === "never" ? [] : rules
  const enforced = { ingress: false, egress: false }
  const isolated = { ingress: false, egress: false }
  for (const direction of ["ingress", "egress"] as const) {
    const posture = enforcement(selected, labels, direction, options.enforcement)
    enforced[direction] =
      posture !== "off" || tiers.some(({ entries }) => entries.some((entry) => entry.direction === direction))
    isolated[direction] = posture === "deny"
    if (posture !== "deny") addDerived(filters, direction, WILDCARD, `allow-any-${direction}`)
    if (posture !== "off") addRules(filters, selected, direction, options.allowLocalhost)
  }
  if (options.allowLocalhost && localhostAllowed(selected, options))
    addDerived(filters, "ingress", HOST, "allow-localhost-ingress")
  const isolating = {
    ingress: isolated.ingress ? isolatingRules(selected, "ingress") : [],
    egress: isolated.egress ? isolatingRules(selected, "egress") : [],
  }
  return { filters, enforced, isolated, isolating, tiers: options.enforcement === "never" ? [] : tiers }
}

function localhostAllowed(rules: readonly Rule[], { enforcement: mode, localhostNeedsRules }: ResolveOptions): boolean {
  if (localhostNeedsRules !== true || mode !== "always") return true
  return rules.some(({ entries }) => entries.some(({ direction }) => direction === "ingress"))
}

function isolatingRules(rules: readonly Rule[], direction: Direction): RuleRef[] {
  return rules.filter((rule) => isolates(rule, direction)).map(({ ref }) => ref)
}

/** A NetworkPolicy of this type isolates even without any rule. */
function isolates({ enableDefaultDeny, entries, ref }: Rule, direction: Direction): boolean {
  if (!enableDefaultDeny[direction]) return false
  return ref.origin.kind === "NetworkPolicy" || entries.some((entry) => entry.direction === direction)
}

/** `allow`: rules apply, over an allow-all that lies underneath. */
type Posture = "off" | "allow" | "deny"

function enforcement(rules: readonly Rule[], labels: LabelSet, direction: Direction, mode: EnforcementMode): Posture {
  if (mode === "never") return "off"
  if (mode === "always" || labels.has("reserved", "init")) return "deny"
  const about = rules.filter((rule) => rule.entries.some((entry) => entry.direction === direction))
  if (rules.some((rule) => isolates(rule, direction))) return "deny"
  return about.length > 0 ? "allow" : "off"
}

const DERIVED: Readonly<Record<string, string>> = {
  "allow-any-ingress": DERIVED_FROM.allowAnyIngress,
  "allow-any-egress": DERIVED_FROM.allowAnyEgress,
  "allow-localhost-ingress": DERIVED_FROM.allowLocalhostIngress,
}

function addDerived(filters: L4PolicyMap, direction: Direction, selector: Selector, from: string): void {
  const label = DERIVED[from]
  filters.add(direction, ANY_PORT, { ...PLAIN, selector, labels: label === undefined ? [] : [label] })
}

const PLAIN: Omit<PerSelector, "selector"> = {
  deny: false,
  parser: undefined,
  priority: 0,
  listener: undefined,
  http: [],
  dns: [],
  serverNames: [],
  auth: undefined,
  rules: [],
  labels: [],
}

function addRules(filters: L4PolicyMap, rules: readonly Rule[], direction: Direction, allowLocalhost: boolean): void {
  const requires = rules.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.direction === direction ? entry.requires : [])),
  )
  for (const rule of rules)
    for (const entry of rule.entries) {
      if (entry.direction !== direction) continue
      const wildcardL7 = !rule.enableDefaultDeny[direction]
      for (const selector of peersOf(entry, requires))
        addEntry(filters, {
          rule,
          entry,
          selector,
          wildcardL7,
          hostWildcard: allowLocalhost && direction === "ingress",
        })
    }
}

/** Requirements are for endpoints: entities, addresses and names go as they are. */
function peersOf(entry: RuleEntry, requires: readonly Selector[]): readonly Selector[] {
  const peers = entry.peers ?? [WILDCARD]
  if (requires.length === 0 || !entry.byEndpoints) return peers
  return peers.map((peer) => (peer.cidr === undefined ? requires.reduce(both, peer) : peer))
}

interface Addition {
  readonly rule: Rule
  readonly entry: RuleEntry
  readonly selector: Selector
  /** The rule does not switch default deny on: what its L7 rules do not name still passes (since 1.18). */
  readonly wildcardL7: boolean
  readonly hostWildcard: boolean
}

function addEntry(filters: L4PolicyMap, addition: Addition): void {
  const { rule, entry, selector } = addition
  const plain: PerSelector = { ...PLAIN, selector, deny: entry.deny, auth: entry.authentication, labels: rule.labels }
  if (entry.ports === undefined) {
    filters.add(entry.direction, ANY_PORT, { ...plain, rules: [{ origin: rule.ref.origin, path: entry.path }] })
    return
  }
  for (const portRule of entry.ports)
    for (const spec of portRule.ports) {
      const rules = [{ origin: rule.ref.origin, path: portRule.path }]
      const policy: PerSelector = {
        ...plain,
        rules,
        ...(entry.deny ? {} : l7Part(portRule, spec, addition.wildcardL7)),
      }
      filters.add(entry.direction, spec, policy)
      // The host's traffic goes through the proxy as everybody's, which lets all of it pass.
      if (addition.hostWildcard && policy.parser !== undefined && selector.matches(HOST_LABELS))
        filters.add(entry.direction, spec, { ...policy, selector: HOST, http: [], dns: [], serverNames: [] })
    }
}

function l7Part(
  { l7, serverNames = [], listener, tls }: PortRule,
  spec: PortSpec,
  wildcard: boolean,
): Partial<PerSelector> {
  const http = spec.protocol === IPPROTO.TCP ? (l7?.http ?? []) : []
  const dns = l7?.dns ?? []
  const parser: L7Parser | undefined =
    http.length > 0
      ? "http"
      : dns.length > 0
        ? "dns"
        : listener !== undefined
          ? "crd"
          : serverNames.length > 0 || tls === true
            ? "tls"
            : undefined
  if (parser === undefined) return {}
  return {
    parser,
    priority: listener?.priority ?? LISTENER_PRIORITY[parser],
    listener: listener?.name,
    http: wildcard && http.length > 0 ? [...http, ANY_HTTP] : http,
    dns: wildcard && dns.length > 0 ? [...dns, ANY_DNS] : dns,
    serverNames,
  }
}
