/**
 * What selects identities. A selector is pure, compiled once, and known by its canonical text: two selectors with one text are one.
 * Models pkg/policy/api/selector.go EndpointSelector and pkg/policy/selectorcache_selector.go.
 */
import { formatPrefix, type Prefix, parsePrefix } from "./cidr.ts"
import type { DnsRule } from "./l7/rules.ts"
import { compareBytes, type LabelSet } from "./labels.ts"

export interface Selector {
  /** As `cilium-dbg policy selectors` prints it. */
  readonly text: string
  matches(labels: LabelSet): boolean
  /** Matches every identity. */
  readonly wildcard: boolean
  /** Set when only pods of one namespace can match: what an index goes by. */
  readonly namespace?: string
  /** All of these must hold; absent where `matches` asks for something else. */
  readonly requirements?: readonly Requirement[]
  /** Set for address selectors: their prefix, and the prefixes cut out of it. */
  readonly cidr?: CidrRange
  /** Set for name selectors: they match the identities of addresses the DNS proxy has learned for it. */
  readonly fqdn?: DnsRule
}

export interface CidrRange {
  readonly prefix: Prefix
  readonly except: readonly Prefix[]
}

export type SelectorOperator = "In" | "NotIn" | "Exists" | "DoesNotExist"

export interface Requirement {
  readonly source: string
  readonly key: string
  readonly operator: SelectorOperator
  readonly values: readonly string[]
}

/** The label that every pod's identity has. */
export const NAMESPACE_KEY = "io.kubernetes.pod.namespace"

/** The selector of an empty `{}` that no namespace was added to. */
export const WILDCARD: Selector = labelSelector([], [])

/** `matchLabels` as equalities, `matchExpressions` as requirements. */
export function labelSelector(equalities: readonly Requirement[], expressions: readonly Requirement[]): Selector {
  const tests = [...equalities, ...expressions].map(compile)
  const namespace = equalities.find(({ source, key }) => source === "k8s" && key === NAMESPACE_KEY)?.values[0]
  return {
    text: selectorText(equalities, expressions),
    wildcard: tests.length === 0,
    requirements: [...equalities, ...expressions],
    ...(namespace === undefined ? {} : { namespace }),
    matches: (labels) => {
      for (const test of tests) if (!test(labels)) return false
      return true
    },
  }
}

export function equality(name: string, value: string): Requirement {
  return { ...selectorKey(name), operator: "In", values: [value] }
}

/** `source:key`; without a source, any. */
export function selectorKey(name: string): { source: string; key: string } {
  const colon = name.indexOf(":")
  return colon < 0 ? { source: "any", key: name } : { source: name.slice(0, colon), key: name.slice(colon + 1) }
}

export function reservedSelector(name: string): Selector {
  return labelSelector([equality(`reserved:${name}`, "")], [])
}

/** Addresses. A prefix of no bits is the world by meaning (spec 5.2), so its exceptions stay label tests. */
export function cidrSelector(prefix: Prefix, except: readonly Prefix[]): Selector {
  const first = prefix.bits === 0 ? equality("reserved:world", "") : equality(`cidr:${formatPrefix(prefix)}`, "")
  const cuts = except.map(
    (cut): Requirement => ({
      source: "cidr",
      key: formatPrefix(cut),
      operator: "DoesNotExist",
      values: [],
    }),
  )
  return { ...labelSelector([first], cuts), cidr: { prefix, except } }
}

/** Identities that carry `fqdn:<selector>`: the agent adds that label to every address it learns for the name. */
export function fqdnSelector(rule: DnsRule): Selector {
  const label = fqdnLabel(rule)
  const key = label.slice("fqdn:".length)
  return {
    text: `MatchName: ${rule.matchName ?? ""}, MatchPattern: ${rule.matchPattern ?? ""}`,
    wildcard: false,
    matches: (labels) => labels.has("fqdn", key),
    fqdn: rule,
  }
}

/** The label an identity gets for a toFQDNs selector. */
export function fqdnLabel(rule: DnsRule): string {
  return `fqdn:${rule.matchName ?? rule.matchPattern ?? ""}`
}

/** Both must match (fromRequires, toRequires). */
export function both(first: Selector, second: Selector): Selector {
  const { requirements, ...rest } = first
  return {
    ...rest,
    text: `${first.text}&&${second.text}`,
    wildcard: first.wildcard && second.wildcard,
    ...(requirements === undefined || second.requirements === undefined
      ? {}
      : { requirements: [...requirements, ...second.requirements] }),
    matches: (labels) => first.matches(labels) && second.matches(labels),
  }
}

function compile({ source, key, operator, values }: Requirement): (labels: LabelSet) => boolean {
  const prefix = source === "cidr" ? parsePrefix(key) : undefined
  const get =
    prefix === undefined
      ? (labels: LabelSet) => labels.get(source, key)
      : (labels: LabelSet) => (labels.within(prefix) ? "" : undefined)
  switch (operator) {
    case "Exists":
      return (labels) => get(labels) !== undefined
    case "DoesNotExist":
      return (labels) => get(labels) === undefined
    case "In":
      return (labels) => {
        const value = get(labels)
        return value !== undefined && values.includes(value)
      }
    case "NotIn":
      return (labels) => {
        const value = get(labels)
        return value === undefined || !values.includes(value)
      }
  }
}

/** Go's printing of metav1.LabelSelector, with the sources in Cilium's dotted form. */
function selectorText(equalities: readonly Requirement[], expressions: readonly Requirement[]): string {
  const labels = equalities
    .map(({ source, key, values }) => `${source}.${key}: ${values[0]},`)
    .sort(compareBytes)
    .join("")
  const list = expressions.map(
    ({ source, key, operator, values }) =>
      `LabelSelectorRequirement{Key:${source}.${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  )
  const map = equalities.length === 0 ? "{}" : `map[string]string{${labels}}`
  return `&LabelSelector{MatchLabels:${map === "{}" ? "map[string]string{}" : map},MatchExpressions:[]LabelSelectorRequirement{${list.join("")}},}`
}
