/** Who an element is about: selectors, addresses, names, entities, services, nodes. */
import { formatPrefix, type Prefix, parsePrefix, prefixCovers } from "../cidr.ts"
import { entitySelectors } from "../entities.ts"
import { LabelSet } from "../labels.ts"
import { cidrSelector, equality, fqdnSelector, labelSelector, type Selector } from "../selector.ts"
import type { CidrRuleSpec, DirectionSpec, ServiceSpec } from "./cilium-spec.ts"
import type { EntryContext } from "./entries.ts"
import type { ParseOptions, ServiceBackends } from "./options.ts"
import { NAMESPACE_KEY, peerSelector, plainSelector } from "./scope.ts"

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
    ...[...(entry.fromNodes ?? []), ...(entry.toNodes ?? [])].map(nodeSelector),
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

/** Nodes carry their labels with source `node`, beside reserved:remote-node. */
function nodeSelector(selector: Parameters<typeof plainSelector>[0]): Selector {
  return plainSelector(selector)
}

/** Pods behind a Service by its selector; without one, the addresses of its endpoints. */
function serviceBackends({ k8sService, k8sServiceSelector }: ServiceSpec, context: EntryContext): Selector[] {
  const { options, scope, warnings, path } = context
  const services = options.services ?? []
  const namespace = (own: string | undefined): string | undefined =>
    own === undefined || own === "" ? scope.namespace : own
  const byName = (service: ServiceBackends): boolean =>
    k8sService != null &&
    service.name === k8sService.serviceName &&
    service.namespace === namespace(k8sService.namespace)
  const byLabel = (service: ServiceBackends): boolean => {
    if (k8sServiceSelector == null) return false
    const wanted = namespace(k8sServiceSelector.namespace)
    const labels = new LabelSet(Object.entries(service.labels).map(([key, value]) => `k8s:${key}=${value}`))
    return (
      (wanted === undefined || service.namespace === wanted) &&
      plainSelector(k8sServiceSelector.selector ?? {}).matches(labels)
    )
  }
  const found = services.filter((service) => byName(service) || byLabel(service))
  if (found.length === 0) warnings.push(`${path}.toServices: no such service`)
  return found.flatMap(({ selector, namespace: of, backends }) => {
    if (selector === undefined) return backends.flatMap((address) => addresses(hostPrefix(address), []))
    const labels = Object.entries(selector).map(([key, value]) => equality(`k8s:${key}`, value))
    return [labelSelector([...labels, equality(`k8s:${NAMESPACE_KEY}`, of)], [])]
  })
}

function hostPrefix(address: string): string {
  const prefix = parsePrefix(address)
  return prefix === undefined ? address : formatPrefix(prefix)
}
