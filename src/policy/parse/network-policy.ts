/** NetworkPolicy (networking.k8s.io/v1) -> one Rule. Models pkg/k8s/network_policy.go ParseNetworkPolicy. */
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from "kubernetes-types/networking/v1.js"
import { parsePrefix } from "../cidr.ts"
import {
  type Direction,
  IPPROTO,
  type Origin,
  type PortRule,
  type PortSpec,
  type Rule,
  type RuleEntry,
} from "../rule.ts"
import { cidrSelector, type Selector } from "../selector.ts"
import { type PolicyObject, policyLabels } from "./cilium-policy.ts"
import type { LabelSelectorSpec } from "./cilium-spec.ts"
import { isPortName } from "./port.ts"
import { podSelector } from "./scope.ts"

export function parseNetworkPolicy(object: PolicyObject): Rule {
  const { name = "", namespace = "default", uid = "" } = object.metadata
  const origin: Origin = { kind: "NetworkPolicy", namespace, name, uid }
  const spec = (object.spec ?? {}) as NetworkPolicySpec
  const has = directions(spec)
  const entries: RuleEntry[] = []
  if (has.ingress)
    for (const [index, { from, ports }] of (spec.ingress ?? []).entries())
      entries.push(entry("ingress", `spec.ingress[${index}]`, from, ports, namespace))
  if (has.egress)
    for (const [index, { to, ports }] of (spec.egress ?? []).entries())
      entries.push(entry("egress", `spec.egress[${index}]`, to, ports, namespace))
  return {
    ref: { origin, path: "spec" },
    subject: podSelector(spec.podSelector as LabelSelectorSpec, undefined, namespace),
    node: false,
    entries,
    enableDefaultDeny: has,
    labels: policyLabels(origin).sort(),
  }
}

/** The API server's defaulting, for objects that did not go through it: Ingress always, Egress when there are egress rules. */
function directions({ policyTypes, egress }: NetworkPolicySpec): Record<Direction, boolean> {
  if (policyTypes === undefined || policyTypes.length === 0) return { ingress: true, egress: (egress ?? []).length > 0 }
  return { ingress: policyTypes.includes("Ingress"), egress: policyTypes.includes("Egress") }
}

function entry(
  direction: Direction,
  path: string,
  peers: readonly NetworkPolicyPeer[] | undefined,
  ports: readonly NetworkPolicyPort[] | undefined,
  namespace: string,
): RuleEntry {
  return {
    path,
    direction,
    deny: false,
    peers: peers == null || peers.length === 0 ? undefined : peers.flatMap((peer) => peerSelectors(peer, namespace)),
    byEndpoints: true,
    requires: [],
    ports:
      ports == null || ports.length === 0
        ? undefined
        : ports.map((port, index) => portRule(port, `${path}.ports[${index}]`)),
  }
}

function peerSelectors(
  { podSelector: pods, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  namespace: string,
): Selector[] {
  if (ipBlock == null)
    return [
      podSelector(pods as LabelSelectorSpec | undefined, namespaceSelector as LabelSelectorSpec | undefined, namespace),
    ]
  const prefix = parsePrefix(ipBlock.cidr)
  const except = (ipBlock.except ?? []).flatMap((text) => parsePrefix(text) ?? [])
  return prefix === undefined ? [] : [cidrSelector(prefix, except)]
}

const PROTOCOLS: Readonly<Record<string, number>> = { TCP: IPPROTO.TCP, UDP: IPPROTO.UDP, SCTP: IPPROTO.SCTP }

/** Without a protocol TCP; without a port all of the protocol's. */
function portRule({ port, endPort, protocol = "TCP" }: NetworkPolicyPort, path: string): PortRule {
  const spec = { protocol: PROTOCOLS[protocol] ?? IPPROTO.TCP }
  return { path, ports: [{ ...spec, ...portRange(port, endPort) }] }
}

function portRange(port: number | string | undefined, endPort: number | undefined): Omit<PortSpec, "protocol"> {
  if (port === undefined || port === null) return { port: 0, endPort: 0 }
  if (typeof port === "string" && isPortName(port)) return { port: 0, endPort: 0, name: port.toLowerCase() }
  const first = Number(port)
  return { port: first, endPort: Math.max(first, endPort ?? 0) }
}
