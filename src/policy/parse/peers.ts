/** Who an element is about: selectors, addresses, names, entities, services, nodes. */
import { formatPrefix, type Prefix, parsePrefix, prefixCovers } from "../cidr.ts"
import { entitySelectors } from "../entities.ts"
import { LabelSet } from "../labels.ts"
import { cidrSelector, equality, fqdnSelector, labelSelector, NAMESPACE_KEY, type Selector } from "../selector.ts"
import type { CidrRuleSpec, DirectionSpec, ServiceSpec } from "./cilium-spec.ts"
import type { EntryContext } from "./entries.ts"
import type { ParseOptions, ServiceBackends } from "./options.ts"
import { peerSelector, plainSelector } from "./scope.ts"

const LISTS = ["Endpoints", "CIDR", "CIDRSet", "Entities", "Groups", "Nodes", "Services", "FQDNs"] as const

/** Undefined when no list is there: every peer. A list that is there but empty selects nobody. */
export function peers(context: EntryContext): readonly Selector[] | undefined {
  const { entry, subject, scope, options, warnings, path } = context
  if (LISTS.every((list) => field(entry, `from${list}`) == null && field(entry, `to${list}`) == null)) return undefined
  const groups = [...(entry.fromGroups ?? []), ...(entry.toGroups ?? [])]
  if (groups.length > 0) warnings.push(`${path}: groups of a cloud provider are not simulated: they select nobody`)
  const selectors = [
    ...[...(entry.fromEndpoints ?? []), ...(entry.toEndpoints ?? [])].map((peer) => peerSelector(peer, subject, scope)),
    ...[...(entry.fromCIDR ?? []), ...(entry.toCIDR ?? [])].flatMap((cidr) => addresses(cidr, [])),
    ...[...(entry.fromCIDRSet ?? []), ...(entry.toCIDRSet ?? [])].flatMap((rule) => cidrRule(rule, options)),
    ...[...(entry.fromEntities ?? []), ...(entry.toEntities ?? [])].flatMap((entity) =>
      entitySelectors(entity, options.clusterName ?? "default"),
    ),
    ...[...(entry.fromNodes ?? []), ...(entry.toNodes ?? [])].map(plainSelector),
    ...(entry.toServices ?? []).flatMap((service) => serviceBackends(service, context)),
    ...(entry.toFQDNs ?? []).map(fqdnSelector),
  ]
  return unique(selectors)
}

function field(entry: DirectionSpec, name: string): unknown {
  return (entry as Record<string, unknown>)[name]
}

function unique(selectors: readonly Selector[]): Selector[] {
  return [...new Map(selectors.map((selector) => [selector.text, selector])).values()]
}

function addresses(cidr: string, except: readonly Prefix[]): Selector[] {
  const prefix = parsePrefix(cidr)
  return prefix === undefined ? [] : [cidrSelector(prefix, except)]
}

function cidrRule(rule: CidrRuleSpec, options: ParseOptions): Selector[] {
  const cuts = (rule.except ?? []).flatMap((text) => parsePrefix(text) ?? [])
  if (rule.cidr !== undefined && rule.cidr !== "") return addresses(rule.cidr, cuts)
  const members = (options.cidrGroups ?? []).filter(({ name, labels }) =>
    rule.cidrGroupSelector == null
      ? name === rule.cidrGroupRef
      : plainSelector(rule.cidrGroupSelector).matches(
          new LabelSet(Object.entries(labels).map(([k, v]) => `k8s:${k}=${v}`)),
        ),
  )
  return members.flatMap(({ externalCIDRs }) => externalCIDRs.flatMap((cidr) => groupMember(cidr, cuts)))
}

/** A group's exceptions may lie outside of one of its prefixes, or swallow it. */
function groupMember(cidr: string, cuts: readonly Prefix[]): Selector[] {
  const prefix = parsePrefix(cidr)
  if (prefix === undefined || cuts.some((cut) => prefixCovers(cut, prefix))) return []
  return [
    cidrSelector(
      prefix,
      cuts.filter((cut) => prefixCovers(prefix, cut)),
    ),
  ]
}

/** Pods behind a Service by its selector; without one, the addresses of its endpoints. Models pkg/policy/k8s/service.go. */
function serviceBackends(wanted: ServiceSpec, { options, warnings, path }: EntryContext): Selector[] {
  const found = (options.services ?? []).filter((service) => serviceMatches(wanted, service))
  if (found.length === 0) warnings.push(`${path}.toServices: no such service`)
  return found.flatMap(({ selector, namespace, backends }) => {
    if (selector === undefined) return backends.flatMap((address) => addresses(hostPrefix(address), []))
    const labels = Object.entries(selector).map(([key, value]) => equality(`k8s:${key}`, value))
    return [labelSelector([...labels, equality(`k8s:${NAMESPACE_KEY}`, namespace)], [])]
  })
}

/** A selector goes before a name; without a namespace, any. */
function serviceMatches({ k8sService, k8sServiceSelector }: ServiceSpec, service: ServiceBackends): boolean {
  const wanted = k8sServiceSelector ?? k8sService
  if (wanted == null || ((wanted.namespace ?? "") !== "" && wanted.namespace !== service.namespace)) return false
  if (k8sServiceSelector == null) return k8sService?.serviceName === service.name
  const labels = new LabelSet(Object.entries(service.labels).map(([key, value]) => `k8s:${key}=${value}`))
  return plainSelector(k8sServiceSelector.selector ?? {}).matches(labels)
}

function hostPrefix(address: string): string {
  const prefix = parsePrefix(address)
  return prefix === undefined ? address : formatPrefix(prefix)
}
