/** AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2) -> TierPolicy. */
import { parsePrefix } from "../cidr.ts"
import { type Direction, IPPROTO, type Origin, type PortSpec } from "../rule.ts"
import {
  cidrSelector,
  fqdnSelector,
  labelSelector,
  type Requirement,
  type Selector,
  type SelectorOperator,
} from "../selector.ts"
import type { TierAction, TierEntry, TierPeer, TierPolicy } from "../tiers.ts"
import type { PolicyObject } from "./cilium-policy.ts"
import type { LabelSelectorSpec } from "./cilium-spec.ts"
import { podSelector } from "./scope.ts"

interface Subject {
  namespaces?: LabelSelectorSpec
  pods?: { namespaceSelector?: LabelSelectorSpec; podSelector?: LabelSelectorSpec }
}

interface NamespaceChoice extends LabelSelectorSpec {
  namespaceSelector?: LabelSelectorSpec
  sameLabels?: string[]
  notSameLabels?: string[]
}

interface PeerSpec {
  namespaces?: NamespaceChoice
  pods?: { namespaceSelector?: LabelSelectorSpec; podSelector?: LabelSelectorSpec; namespaces?: NamespaceChoice }
  nodes?: LabelSelectorSpec
  networks?: string[]
  domainNames?: string[]
}

interface EntrySpec {
  action: string
  from?: PeerSpec[]
  to?: PeerSpec[]
  ports?: PortV1Alpha1[] | null
  protocols?: ProtocolV1Alpha2[] | null
}

interface PortV1Alpha1 {
  portNumber?: { protocol?: string; port: number }
  portRange?: { protocol?: string; start: number; end: number }
  namedPort?: string
}

type ProtocolV1Alpha2 = {
  destinationNamedPort?: string
} & Partial<
  Record<
    "tcp" | "udp" | "sctp",
    { destinationPort?: { number?: number; range?: { start: number; end: number } } } | null
  >
>

interface AdminSpec {
  tier?: "Admin" | "Baseline"
  priority?: number
  subject: Subject
  ingress?: EntrySpec[]
  egress?: EntrySpec[]
}

export const ADMIN_KINDS = ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"] as const

export function parseAdminPolicy(object: PolicyObject): TierPolicy {
  const spec = object.spec as AdminSpec
  const origin: Origin = { kind: object.kind, name: object.metadata.name ?? "", uid: object.metadata.uid ?? "" }
  const baseline = object.kind === "BaselineAdminNetworkPolicy" || spec.tier === "Baseline"
  const entries = (direction: Direction): TierEntry[] =>
    (spec[direction] ?? []).map((entry, index) => tierEntry(entry, direction, `spec.${direction}[${index}]`))
  return {
    ref: { origin, path: "spec" },
    tier: baseline ? "baseline" : "admin",
    priority: spec.priority ?? 0,
    subject: subjectOf(spec.subject),
    entries: [...entries("ingress"), ...entries("egress")],
  }
}

function subjectOf({ namespaces, pods }: Subject): Selector {
  return podSelector(pods?.podSelector, pods?.namespaceSelector ?? namespaces ?? {}, "")
}

const ACTIONS: Readonly<Record<string, TierAction>> = { Accept: "accept", Allow: "accept", Deny: "deny", Pass: "pass" }

function tierEntry({ action, from, to, ports, protocols }: EntrySpec, direction: Direction, path: string): TierEntry {
  const listed = [...(ports ?? []).flatMap(portV1Alpha1), ...(protocols ?? []).flatMap(protocolV1Alpha2)]
  return {
    path,
    direction,
    action: ACTIONS[action] ?? "deny",
    peers: (from ?? to ?? []).flatMap(tierPeers),
    ports: listed.length === 0 ? undefined : listed,
  }
}

function tierPeers({ namespaces, pods, nodes, networks, domainNames }: PeerSpec): TierPeer[] {
  if (domainNames !== undefined)
    return domainNames.map((name) => ({ selector: fqdnSelector({ matchPattern: name }), domainNames: [name] }))
  if (networks !== undefined)
    return networks.flatMap((text) => {
      const prefix = parsePrefix(text)
      return prefix === undefined ? [] : [{ selector: cidrSelector(prefix, []) }]
    })
  if (pods !== undefined) return [namespacePeer(pods.namespaces ?? pods.namespaceSelector ?? {}, pods.podSelector)]
  if (namespaces !== undefined) return [namespacePeer(namespaces, undefined)]
  return nodes === undefined ? [] : [{ selector: nodeLabels(nodes), nodes: true }]
}

/** v1alpha1 had the choice in an object of its own before namespaces became a plain selector. */
function namespacePeer(choice: NamespaceChoice, pods: LabelSelectorSpec | undefined): TierPeer {
  const { namespaceSelector, sameLabels, notSameLabels, ...plain } = choice
  return {
    selector: podSelector(pods, namespaceSelector ?? plain, ""),
    ...(sameLabels === undefined ? {} : { same: sameLabels }),
    ...(notSameLabels === undefined ? {} : { notSame: notSameLabels }),
  }
}

function nodeLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelectorSpec): Selector {
  const key = (name: string): Pick<Requirement, "source" | "key"> => ({ source: "node", key: name })
  return labelSelector(
    Object.entries(matchLabels).map(([name, value]) => ({ ...key(name), operator: "In", values: [value] })),
    matchExpressions.map(({ key: name, operator, values = [] }) => ({
      ...key(name),
      operator: operator as SelectorOperator,
      values,
    })),
  )
}

const PROTOCOLS: Readonly<Record<string, number>> = { TCP: IPPROTO.TCP, UDP: IPPROTO.UDP, SCTP: IPPROTO.SCTP }
const ALL = [IPPROTO.TCP, IPPROTO.UDP, IPPROTO.SCTP]

function portV1Alpha1({ portNumber, portRange, namedPort }: PortV1Alpha1): PortSpec[] {
  if (namedPort !== undefined) return ALL.map((protocol) => ({ protocol, port: 0, endPort: 0, name: namedPort }))
  const protocol = PROTOCOLS[portNumber?.protocol || portRange?.protocol || "TCP"] ?? IPPROTO.TCP
  if (portRange !== undefined) return [{ protocol, port: portRange.start, endPort: portRange.end }]
  return portNumber === undefined ? [] : [{ protocol, port: portNumber.port, endPort: portNumber.port }]
}

function protocolV1Alpha2(entry: ProtocolV1Alpha2): PortSpec[] {
  const { destinationNamedPort: name } = entry
  if (name !== undefined) return ALL.map((protocol) => ({ protocol, port: 0, endPort: 0, name }))
  return (["tcp", "udp", "sctp"] as const).flatMap((key) => {
    const ports = entry[key]
    if (ports === undefined) return []
    const protocol = PROTOCOLS[key.toUpperCase()] ?? IPPROTO.TCP
    const { number, range } = ports?.destinationPort ?? {}
    if (range !== undefined) return [{ protocol, port: range.start, endPort: range.end }]
    return [{ protocol, port: number ?? 0, endPort: number ?? 0 }]
  })
}
