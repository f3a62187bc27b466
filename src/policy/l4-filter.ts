/**
 * The rules of one endpoint, merged by port and, within a port, by selector. Models pkg/policy/l4.go L4Filter and rule.go mergePortProto.
 */
import type { DnsRule, HttpRule, L7Parser } from "./l7/rules.ts"
import { type AuthMode, type Direction, IPPROTO, type PortSpec, type RuleRef } from "./rule.ts"
import type { Selector } from "./selector.ts"

/** What applies to the peers of one selector on one port. */
export interface PerSelector {
  readonly selector: Selector
  readonly deny: boolean
  /** Undefined: no proxy. */
  readonly parser: L7Parser | undefined
  /** Of the listener: the lower number wins. 0 without proxy. */
  readonly priority: number
  readonly listener: string | undefined
  readonly http: readonly HttpRule[]
  readonly dns: readonly DnsRule[]
  readonly serverNames: readonly string[]
  /** Undefined: no rule says anything of authentication. */
  readonly auth: AuthMode | undefined
  readonly rules: readonly RuleRef[]
  readonly labels: readonly string[]
}

export interface L4Filter {
  readonly direction: Direction
  readonly spec: PortSpec
  readonly perSelector: Map<string, PerSelector>
}

/** Rules that cannot both hold: the endpoint keeps its old policy and its status says so. */
export class PolicyConflict extends Error {
  override readonly name = "PolicyConflict"
}

/** Listener priorities (pkg/policy/types): the lower number wins. */
export const LISTENER_PRIORITY: Readonly<Record<L7Parser, number>> = { http: 101, tls: 116, dns: 121, crd: 126 }

/** In a policy map the higher number wins, and 0 is no proxy. */
export function proxyPriority({ priority }: PerSelector): number {
  return priority === 0 ? 0 : 127 - priority
}

export class L4PolicyMap {
  readonly #filters = new Map<string, L4Filter>()

  get filters(): Iterable<L4Filter> {
    return this.#filters.values()
  }

  add(direction: Direction, spec: PortSpec, policy: PerSelector): void {
    const key = `${direction} ${spec.protocol} ${spec.name ?? spec.port}-${spec.endPort}`
    let filter = this.#filters.get(key)
    if (filter === undefined) {
      filter = { direction, spec, perSelector: new Map() }
      this.#filters.set(key, filter)
    }
    const existing = filter.perSelector.get(policy.selector.text)
    filter.perSelector.set(policy.selector.text, existing === undefined ? policy : merge(existing, policy))
  }
}

function merge(a: PerSelector, b: PerSelector): PerSelector {
  if (a.deny !== b.deny) return a.deny ? a : b
  const rules = [...a.rules, ...b.rules.filter((rule) => !a.rules.some((known) => same(known, rule)))]
  const labels = [...new Set([...a.labels, ...b.labels])]
  if (a.deny) return { ...a, rules, labels }
  const first = stronger(a, b)
  return {
    selector: a.selector,
    deny: false,
    parser: mergeParsers(a.parser, b.parser),
    priority: first.priority,
    listener: first.listener,
    ...mergeL7(a, b),
    serverNames: [...new Set([...a.serverNames, ...b.serverNames])],
    auth: strongerAuth(a.auth, b.auth),
    rules,
    labels,
  }
}

function same(a: RuleRef, b: RuleRef): boolean {
  return a.path === b.path && a.origin === b.origin
}

/** Whose proxy: any before none, then the lower priority number. */
function stronger(a: PerSelector, b: PerSelector): PerSelector {
  if (a.priority === 0 || b.priority === 0) return a.priority === 0 ? b : a
  return b.priority < a.priority ? b : a
}

/** TLS and CRD listeners can be taken over by a parser of what is inside; http and dns cannot both parse one port. */
function mergeParsers(a: L7Parser | undefined, b: L7Parser | undefined): L7Parser | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b
  if (a === "tls" || (a === "crd" && b !== "tls")) return b
  if (b === "tls" || b === "crd") return a
  throw new PolicyConflict(`cannot merge conflicting L7 parsers (${b}/${a})`)
}

/** Rules of both are alternatives; a side without any gets one that allows everything. */
function mergeL7(a: PerSelector, b: PerSelector): Pick<PerSelector, "http" | "dns"> {
  const http = a.http.length + b.http.length > 0
  const dns = a.dns.length + b.dns.length > 0
  return {
    http: http ? distinct([...orAll(a.http, ANY_HTTP), ...orAll(b.http, ANY_HTTP)]) : [],
    dns: dns ? distinct([...orAll(a.dns, ANY_DNS), ...orAll(b.dns, ANY_DNS)]) : [],
  }
}

/** How a rule that allows everything is written down for the proxy. */
export const ANY_HTTP: HttpRule = {}
export const ANY_DNS: DnsRule = { matchPattern: "*" }

function orAll<T>(rules: readonly T[], all: T): readonly T[] {
  return rules.length === 0 ? [all] : rules
}

function distinct<T>(rules: readonly T[]): T[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()]
}

const AUTH_ORDER: readonly (AuthMode | undefined)[] = [undefined, "disabled", "required", "test-always-fail"]

function strongerAuth(a: AuthMode | undefined, b: AuthMode | undefined): AuthMode | undefined {
  return AUTH_ORDER.indexOf(b) > AUTH_ORDER.indexOf(a) ? b : a
}

/** Every port of every protocol. */
export const ANY_PORT: PortSpec = { protocol: IPPROTO.ANY, port: 0, endPort: 0 }
